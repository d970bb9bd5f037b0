"""One check of a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was found, and what to do.

    Args:
        name: What is checked, one or two words.
        ok: True if it is as it should be, False if something needed is missing, None if something
            is missing or unknown that the lessons can do without.
        found: What was found.
        fix: What to do; "" when there is nothing to do.
    """

    name: str
    ok: bool | None
    found: str
    fix: str = ""
