"""How the result of a clean-up looks."""

from __future__ import annotations

from stagelab._render import register
from stagelab.engine import Cleaned
from stagelab.show.style import humane_bytes, table, text_table

_LISTED = 6
"""So many names of a kind are shown; the rest is counted."""


def html(cleaned: Cleaned) -> str:
    """Show what was removed as a table, and below it what was left, and why."""
    parts = [f"<p><b>{_summary(cleaned)}</b></p>"]
    if cleaned.total:
        parts.append(table(("what", "how many", "which"), _rows(cleaned)))
    if cleaned.kept:
        parts.append(table(("left alone", "why"), cleaned.kept))
    return "".join(parts)


def text(cleaned: Cleaned) -> str:
    """Show the same as plain text."""
    parts = [_summary(cleaned)]
    if cleaned.total:
        parts.append(text_table(("what", "how many", "which"), _rows(cleaned)))
    if cleaned.kept:
        parts.append(text_table(("left alone", "why"), cleaned.kept))
    return "\n\n".join(parts)


def _rows(cleaned: Cleaned) -> list[tuple[str, str, str]]:
    rows = [
        (kind, str(len(names)), _names(names))
        for kind, names in (
            ("containers", cleaned.containers),
            ("images", cleaned.images),
            ("volumes", cleaned.volumes),
            ("networks", cleaned.networks),
        )
        if names
    ]
    if cleaned.build_cache:
        freed = f"{humane_bytes(cleaned.freed_bytes)} freed" if cleaned.freed_bytes else ""
        rows.append(("build cache", str(cleaned.build_cache), freed))
    return rows


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_LISTED])
    return f"{shown} and {len(names) - _LISTED} more" if len(names) > _LISTED else shown


def _summary(cleaned: Cleaned) -> str:
    if not cleaned.total:
        return "There was nothing to remove."
    return "This would be removed:" if cleaned.dry_run else "This was removed:"


register(Cleaned, html=html, text=text)
