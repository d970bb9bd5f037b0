"""One thing in an image that an attacker could use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stagelab.image.stack import Place
from stagelab.image.surface_words import WORDS

if TYPE_CHECKING:
    from stagelab.image.stack import Stack
    from stagelab.image.surface_words import FindingKind


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an attacker could use.

    Attributes:
        kind: What it is, "shell".
        path: Real path of the file or folder; "" for a setting of the configuration.
        detail: What else there is to know: the other names of a program, the capabilities of a
            file, its mode, a port; "" if nothing.
        layer: Index in the history of the instruction that it comes from; None if no instruction
            of the history set it.
        instruction: That instruction; "" likewise.
        why: Why it matters.
        remedy: What would remove it.
    """

    kind: FindingKind
    path: str
    detail: str
    layer: int | None
    instruction: str
    why: str
    remedy: str


def at_path(stack: Stack, kind: FindingKind, path: str, detail: str = "") -> Finding:
    """Make a finding of what a container sees at this very path."""
    return _finding(kind, path, detail, stack.place(path))


def in_settings(kind: FindingKind, place: Place | None, detail: str = "") -> Finding:
    """Make a finding of a setting, and of the instruction that made it."""
    return _finding(kind, "", detail, place)


def instructions(stack: Stack, keyword: str) -> dict[str, Place]:
    """Give the last instruction of a name, such as "EXPOSE", by each of its words and by ""."""
    found = {}
    for number, origin in enumerate(stack.history):
        words = origin.instruction.split()
        if words[:1] == [keyword]:
            place = Place(number, origin.instruction)
            found.update(dict.fromkeys(["", *words[1:]], place))
    return found


def _finding(kind: FindingKind, path: str, detail: str, place: Place | None) -> Finding:
    why, remedy = WORDS[kind]
    layer, instruction = place or (None, "")
    return Finding(kind, path, detail, layer, instruction, why, remedy)
