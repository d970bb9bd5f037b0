"""The last answer to each task that was checked in this kernel: hints and solutions refer to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelab.exercise.facts import Verdict


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer and what the check found.

    Attributes:
        text: The Dockerfile.
        verdict: What was found.
    """

    text: str
    verdict: Verdict


CHECKED: dict[str, Checked] = {}
"""By task ID; none for a task whose exercise is still as it was found."""
