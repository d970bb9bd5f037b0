"""How a comparison looks: a chart of the sizes, a table by groups, and what the numbers rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.comparison import Comparison
from stagelab.metrics import GROUPS
from stagelab.show.chart import Bar, bar_chart, text_chart
from stagelab.show.fixes import scanner_line
from stagelab.show.layers import breakable, paragraph
from stagelab.show.meanings import meanings_html, meanings_text
from stagelab.show.style import (
    GROUND,
    LINE,
    Html,
    badge,
    card,
    clip,
    escape,
    humane_bytes,
    humane_count,
    humane_factor,
    muted,
    text_badge,
    text_table,
)
from stagelab.show.untrusted import register_untrusted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.metrics import Group, Row

_SIGNS = "✓ marks the best of a row; the factor is the largest value over the smallest."
_TOLD_ALWAYS = ("secrets", "size", "layers", "files")
_WON = "background:rgba(0,158,115,.16);font-weight:700"
_NAME = 26
_CELL = "padding:.2em .7em;vertical-align:top;font-variant-numeric:tabular-nums;"
_TURNS = {True: "text-align:right;white-space:nowrap;", False: "text-align:right;"}


def comparison_html(found: Comparison) -> Html:
    """Show images side by side, the best of each row marked by a sign and by weight."""
    notes = (f"<div>{escape(note)}</div>" for note in _notes(found))
    return card(
        _title(found),
        escape(_verdict(found)),
        bar_chart("Size of the images", _bars(found)),
        _table(found),
        *_rest_html(found),
        muted(Html("".join(notes))),
        meanings_html(group for group, _ in _groups(found)),
    )


def comparison_text(found: Comparison) -> str:
    """Show the same as plain text."""
    rows: list[tuple[str, ...]] = []
    for group, members in _groups(found):
        rows.append((group, *("",) * (len(found.names) + 1)))
        rows += [(f"  {row.title}", *_cells_text(row), _factor(row)) for row in members]
    align = "l" + "r" * (len(found.names) + 1)
    parts = (
        _title(found),
        paragraph(_verdict(found)),
        text_chart(_bars(found)),
        text_table(("", *(clip(name, _NAME) for name in found.names), "Factor"), rows, align=align),
        "\n".join(map(paragraph, _rest(found))),
        "\n".join(map(paragraph, _notes(found))),
        meanings_text(group for group, _ in _groups(found)),
    )
    return "\n\n".join(filter(None, parts))


def _title(found: Comparison) -> str:
    *most, last = found.names
    return (f"{', '.join(most)} and {last}" if most else last) + " side by side"


def _verdict(found: Comparison) -> str:
    """Say in a sentence how the sizes compare, and what will not start."""
    sizes = [seen.size_bytes for seen in found.xrays]
    least, most = sizes.index(min(sizes)), sizes.index(max(sizes))
    said = []
    if sizes[least] == sizes[most]:
        said.append("All are of the same size." if len(sizes) > 1 else "")
    elif sizes[least]:
        factor = humane_factor(sizes[most] / sizes[least])
        said.append(f"{found.names[least]} is the smallest, {found.names[most]} {factor} as large.")
    else:
        said.append(f"{found.names[least]} has no files at all.")
    said += [
        f"{name} cannot start: {seen.start.why}"
        for name, seen in zip(found.names, found.xrays, strict=True)
        if seen.start.argv and seen.start.verdict == "fails"
    ]
    return " ".join(filter(None, said))


def _groups(found: Comparison) -> Iterator[tuple[Group, list[Row]]]:
    """Give the rows that are worth a line, group by group."""
    for group in GROUPS:
        members = [row for row in found.rows if row.group == group and _counts(row)]
        if members:
            yield group, members


def _counts(row: Row) -> bool:
    """Tell whether a row has a line: nothing is known, or there is none in any, has none."""
    if all(value is None for value in row.values):
        return False
    return row.metric in _TOLD_ALWAYS or row.unit == "words" or any(row.values)


def _rest(found: Comparison) -> list[str]:
    """Say what has no line of its own, and why."""
    none = [row.title.lower() for row in found.rows if not _counts(row) and 0 in row.values]
    said = [f"Also compared: {', '.join(none)}: none in any."] if none else []
    said += [
        f"{row.title}: {', '.join(dict.fromkeys(row.unknown))}{_HOW.get(row.metric, '')}."
        for row in found.rows
        if all(value is None for value in row.values)
    ]
    if found.scans and not any(row.title.startswith("Findings of") for row in found.rows):
        said.append("None of trivy, grype and docker scout is on PATH.")
    said += [
        f"{name}: {scanner_line(told)}."
        for name, scans in zip(found.names, found.scans, strict=False)
        for told in scans
        if told.status != "not installed"
    ]
    return said


_HOW = {
    "transfer": "; only a registry's or an OCI archive's compressed layers tell",
    "fixes": "; compare(…, fixes=True) asks the distribution",
}


def _rest_html(found: Comparison) -> list[Html]:
    said = _rest(found)
    return [Html("".join(f"<div>{escape(line)}</div>" for line in said))] if said else []


def _table(found: Comparison) -> Html:
    names = (
        f'<th scope="col" style="{_CELL}text-align:right;font-weight:600;'
        f'border-bottom:1px solid {LINE}">{breakable(name)}</th>'
        for name in ("", *found.names, "Factor")
    )
    body = "".join(
        _group_html(group, len(found.names) + 2) + "".join(_row_html(row) for row in members)
        for group, members in _groups(found)
    )
    return Html(
        '<table style="border-collapse:collapse;color:inherit;font-size:inherit;margin:.3em 0">'
        f"<thead><tr style='background:none'>{''.join(names)}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _group_html(group: Group, width: int) -> str:
    return (
        f'<tr style="background:{GROUND}"><th scope="rowgroup" colspan="{width}" '
        f'title="{escape(GROUPS[group])}" style="{_CELL}text-align:left;font-weight:600;'
        f'border-bottom:1px solid {LINE}">{escape(group)}</th></tr>'
    )


def _row_html(row: Row) -> str:
    cells = "".join(
        f'<td style="{_CELL}{_TURNS[row.unit != "words"]}border-bottom:1px solid {LINE};'
        f'{_WON if at in row.best else ""}">{_cell(row, at)}</td>'
        for at in range(len(row.values))
    )
    return (
        f'<tr style=\'background:none\'><th scope="row" style="{_CELL}text-align:left;'
        f'font-weight:400;border-bottom:1px solid {LINE}">{escape(row.title)}</th>{cells}'
        f'<td style="{_CELL}{_TURNS[True]}border-bottom:1px solid {LINE}">'
        f"{escape(_factor(row))}</td></tr>"
    )


def _cell(row: Row, at: int) -> Html:
    if row.metric == "start" and row.values[at] == "cannot start":
        return badge("cannot start", "bad")
    said = breakable(_said(row, at))
    if row.values[at] is None:
        return muted(said)
    return Html(f"✓&nbsp;{said}") if at in row.best else said


def _cells_text(row: Row) -> list[str]:
    said = [_said(row, at) for at in range(len(row.values))]
    return [
        text_badge(text, "bad")
        if row.metric == "start" and text == "cannot start"
        else text_badge(text, "ok")
        if at in row.best
        else text
        for at, text in enumerate(said)
    ]


def _said(row: Row, at: int) -> str:
    value = row.values[at]
    if value is None:
        return row.unknown[at]
    if isinstance(value, str):
        return value
    if not value and row.metric != "size":
        return "none"
    return humane_bytes(value) if row.unit == "bytes" else humane_count(value)


def _factor(row: Row) -> str:
    if row.factor is not None:
        return humane_factor(row.factor) if row.factor != 1 else ""
    if row.best and row.unit != "words":  # some against none
        return "none left" if row.values[0] and not row.values[-1] else "at best none"
    return ""


def _bars(found: Comparison) -> list[Bar]:
    sizes = [seen.size_bytes for seen in found.xrays]
    return [
        Bar(name, size, humane_bytes(size)) for name, size in zip(found.names, sizes, strict=True)
    ]


def _notes(found: Comparison) -> list[str]:
    return [_SIGNS, *(f"Base of {note}" for note in found.bases)]


register_untrusted(Comparison, html=comparison_html, text=comparison_text)
