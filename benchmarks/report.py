"""What a benchmark found: a table for people, the raw samples for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.measuring import Row, Unit
from stagelab.show.style import count, humane_bytes, humane_seconds, text_badge, text_table

_HEADER = ("case", "ours", "median", "against", "median", "figure", "goal", "")


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of one benchmark, measured in one go.

    Args:
        title: What was measured.
        rows: The comparisons.
        environment: What it ran on: name to a phrase.
        notes: How the cases were made, and what else one must know; a sentence each.
    """

    title: str
    rows: tuple[Row, ...]
    environment: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def missed(self) -> tuple[Row, ...]:
        """The rows whose goal is not met."""
        return tuple(row for row in self.rows if row.met is False)

    def text(self) -> str:
        """Lay it out as plain text."""
        table = text_table(_HEADER, map(_cells, self.rows), align="llrlrrrl")
        lines = [self.title, "", table, "", self._summary()]
        lines += [f"· {note}" for note in self.notes]
        lines += ["", *(f"{name:<8} {phrase}" for name, phrase in self.environment.items())]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Give everything with the raw samples, in bytes and seconds."""
        rows = [{**asdict(row), "value": row.value, "met": row.met} for row in self.rows]
        return {
            "title": self.title,
            "environment": self.environment,
            "notes": list(self.notes),
            "rows": rows,
        }

    def _summary(self) -> str:
        held = [row for row in self.rows if row.met is not None]
        met = len(held) - len(self.missed)
        return f"{met} of {count(len(held), 'goal')} met. All figures are made of medians."


def _cells(row: Row) -> tuple[str, ...]:
    goal = "" if row.goal is None else f"≤ {_figure(row, row.goal)}"
    return (
        row.case,
        row.contestant,
        _amount(median(row.ours), row.unit),
        row.rival,
        _amount(median(row.theirs), row.unit),
        _figure(row, row.value),
        goal,
        _VERDICTS[row.met],
    )


def _figure(row: Row, value: float) -> str:
    if row.figure == "ratio":
        return f"{value:.2f}x"
    return f"{'-' if value < 0 else '+'}{_amount(abs(value), row.unit)}"


def _amount(value: float, unit: Unit) -> str:
    if unit == "count":
        return f"{value:g}"
    return humane_bytes(value) if unit == "bytes" else humane_seconds(value)


_VERDICTS = {
    True: text_badge("met", "ok"),
    False: text_badge("missed", "bad"),
    None: text_badge("no goal", "info"),
}
