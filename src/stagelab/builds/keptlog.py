"""What is kept of what a step prints: its beginning and its end, so that memory has a bound."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

HALF = 1 << 19
"""Characters that are kept of a log's beginning, and at least as many of its end."""


@dataclass(slots=True)
class KeptLog:
    """Takes text as it comes; gives it whole, or without its middle if that is too long."""

    _first: list[str] = field(default_factory=list)
    _starts: int = 0
    _end: deque[str] = field(default_factory=deque)
    _ends: int = 0
    _left_out: int = 0

    def append(self, text: str) -> None:
        """Take text in."""
        room = HALF - self._starts
        if room > 0:
            self._first.append(text[:room])
            self._starts += len(self._first[-1])
            text = text[room:]
        if text:
            self._end.append(text[-HALF:])
            self._left_out += max(0, len(text) - HALF)
            self._ends += len(self._end[-1])
        while self._end and self._ends - len(self._end[0]) >= HALF:
            gone = len(self._end.popleft())
            self._ends -= gone
            self._left_out += gone

    def __bool__(self) -> bool:
        return self._starts > 0

    def __str__(self) -> str:
        start, end = "".join(self._first), "".join(self._end)
        if not self._left_out:
            return start + end
        return f"{start}\n[… {self._left_out} characters left out …]\n{end}"
