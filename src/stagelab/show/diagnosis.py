"""How a diagnosis looks."""

from __future__ import annotations

from stagelab._render import register
from stagelab.engine import Check, Diagnosis
from stagelab.show.style import BadgeKind, badge, prose, table, text_badge

_SIGNS: dict[bool | None, tuple[str, BadgeKind]] = {
    True: ("fine", "ok"),
    False: ("missing", "bad"),
    None: ("optional", "info"),
}
_HEADER = ("", "what", "found", "what to do")


def html(diagnosis: Diagnosis) -> str:
    """Show a diagnosis as a table with one row a check."""
    rows = [(badge(*_SIGNS[c.ok]), c.name, c.found, prose(c.fix)) for c in diagnosis.checks]
    return f"<p><b>{_summary(diagnosis)}</b></p>" + table(_HEADER, rows)


def text(diagnosis: Diagnosis) -> str:
    """Show a diagnosis as lines: a sign and what was found, and below it what to do."""
    width = max((len(check.name) for check in diagnosis.checks), default=0)
    lines = [line for check in diagnosis.checks for line in _lines(check, width)]
    return "\n".join([*lines, "", _summary(diagnosis)])


def _lines(check: Check, width: int) -> list[str]:
    sign = text_badge("", _SIGNS[check.ok][1]).strip()
    lines = [f"{sign} {check.name:<{width}}  {check.found}"]
    if check.fix and check.ok is not True:
        lines.append(f"{'':<{width + 4}}to do: {check.fix}")
    return lines


def _summary(diagnosis: Diagnosis) -> str:
    missing = [check.name for check in diagnosis.checks if check.ok is False]
    if missing:
        return "Not ready yet: " + ", ".join(missing)
    return "Ready: everything that the lessons need is here."


register(Diagnosis, html=html, text=text)
