"""How a comparison looks: a table, a chart of the sizes, and what the numbers rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab._render import register
from stagelab.comparison import Comparison
from stagelab.show.chart import Bar, bar_chart, text_chart
from stagelab.show.image import SIZE
from stagelab.show.style import (
    Html,
    badge,
    card,
    escape,
    humane_bytes,
    humane_count,
    humane_factor,
    muted,
    table,
    text_badge,
    text_table,
)

if TYPE_CHECKING:
    from stagelab.comparison import Row


def comparison_html(found: Comparison) -> Html:
    """Show images side by side, the best of each row marked by a sign."""
    rows = [
        (
            row.title,
            *(
                badge(text, "ok") if at in row.best else text
                for at, text in enumerate(_values(row))
            ),
            _factor(row),
        )
        for row in found.rows
    ]
    notes = Html("<br>".join(map(escape, _notes(found))))
    return card(
        _title(found),
        table(_header(found), rows, align=_align(found)),
        bar_chart("Size of the images", _bars(found)),
        muted(notes),
    )


def comparison_text(found: Comparison) -> str:
    """Show the same as plain text."""
    rows = [
        (
            row.title,
            *(
                text_badge(text, "ok") if at in row.best else text
                for at, text in enumerate(_values(row))
            ),
            _factor(row),
        )
        for row in found.rows
    ]
    return "\n\n".join(
        (
            _title(found),
            text_table(_header(found), rows, align=_align(found)),
            text_chart(_bars(found)),
            "\n".join(_notes(found)),
        )
    )


def _title(found: Comparison) -> str:
    return " and ".join(found.names) + " side by side"


def _header(found: Comparison) -> tuple[str, ...]:
    return ("", *found.names, "Factor")


def _align(found: Comparison) -> str:
    return "l" + "r" * (len(found.names) + 1)


def _values(row: Row) -> list[str]:
    if row.unit == "bytes":
        return [humane_bytes(int(value)) for value in row.values]
    if row.unit == "count":
        return [humane_count(int(value)) if value else "none" for value in row.values]
    return [str(value) for value in row.values]


def _factor(row: Row) -> str:
    return humane_factor(row.factor) if row.factor is not None and row.factor != 1 else ""


def _bars(found: Comparison) -> list[Bar]:
    sizes = [seen.size_bytes for seen in found.xrays]
    return [
        Bar(name, size, humane_bytes(size)) for name, size in zip(found.names, sizes, strict=True)
    ]


def _notes(found: Comparison) -> list[str]:
    return [
        "✓ marks the best of a row; the factor is the largest value over the smallest.",
        SIZE,
        *(f"Base of {note}" for note in found.bases),
    ]


register(Comparison, html=comparison_html, text=comparison_text)
