"""What is told of an error: who it is about, what happened, the cure, the original words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A text that is not ours, below a label.

    Args:
        label: What it is.
        text: As it came; it is cleaned and cut when it is shown.
        folded: Whether the reader has to open it.
        short: What plain text has in its place, "" if the same.
    """

    label: str
    text: str
    folded: bool = False
    short: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error, explained.

    Args:
        title: What it is about: "The engine", "Your code".
        name: Name of the error's class.
        cause: What happened and most likely why.
        fix: What to do about it.
        where: Places, each with what it is in: "In the cell: line 2: build(…)".
        sections: The original words, the log, the traceback.
        mild: Whether nothing is wrong, as when the reader has stopped the cell.
        plain: Whether IPython's own traceback tells as much, where there is no rich display.
    """

    title: str
    name: str
    cause: str
    fix: str
    where: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    mild: bool = False
    plain: bool = False


def original(words: object) -> tuple[Section, ...]:
    """Make the section of the original words; none if there are none."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return (Section("The original words", text),) if text.strip() else ()
