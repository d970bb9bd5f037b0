"""The end of a long log: cheap to add to, cut into lines only when someone looks."""

from __future__ import annotations

import re

KEPT = 32_768
"""Characters of the log's end that are kept at least."""

LINE_WIDTH = 200
"""Characters of a line that are shown."""

# Colours and other commands to a terminal, and what else is no text; tabs and line ends stay.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class LogTail:
    """Takes text as it comes and gives its last lines.

    Attributes:
        cut: Whether the beginning has been forgotten.
    """

    __slots__ = ("_parts", "_size", "cut")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self.cut = False

    def add(self, text: str) -> None:
        """Take text in, with or without line ends."""
        self._parts.append(text)
        self._size += len(text)
        if self._size > 2 * KEPT:  # so that each character is copied once at most
            self._parts = ["".join(self._parts)[-KEPT:]]
            self._size = KEPT
            self.cut = True

    def end_line(self) -> None:
        """Let what comes next begin a line."""
        if self._parts and not self._parts[-1].endswith("\n"):
            self.add("\n")

    def lines(self, count: int) -> tuple[str, ...]:
        """Give the last `count` lines that are not blank, each at most `LINE_WIDTH` long.

        A line that is not ended yet counts; of one that was written over by carriage returns, what
        was written last is given.
        """
        found: list[str] = []
        for line in reversed("".join(self._parts).split("\n")):
            if len(found) == count:
                break
            # A regular expression over a megabyte would be slow, and only the start is shown.
            last = line.rstrip("\r \t").rpartition("\r")[2][: 4 * LINE_WIDTH]
            shown = _CONTROL.sub("", last).expandtabs(4)
            if shown.strip():
                found.append(shown if len(shown) <= LINE_WIDTH else shown[: LINE_WIDTH - 1] + "…")
        return tuple(reversed(found))
