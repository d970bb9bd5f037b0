"""From a place in a layer's tar to the file that lies there."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_HITS = 10_000
"""Places that are told of one layer; a file full of them adds nothing to the first."""


class Hit(NamedTuple):
    """Where a layer has something that looks like a secret; never what.

    Attributes:
        rule: Name of the rule that it meets.
        path: The file.
        offset: Bytes from the file's start; None if the file's name tells it.
    """

    rule: str
    path: str
    offset: int | None


class Spans:
    """Where each file's contents lie in a layer's tar; files are added in the tar's order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._paths: list[str] = []

    def add(self, start: int, stop: int, path: str) -> None:
        """Note that a file lies from `start` to before `stop`, in bytes of the tar."""
        self._starts.append(start)
        self._stops.append(stop)
        self._paths.append(path)

    def hits(self, found: Iterable[tuple[int, str]]) -> tuple[Hit, ...]:
        """Give places in the tar, each with its rule, as places in files.

        Those that lie in no file's contents (in a name, say) are left out, and so is what comes
        after the first `MOST_HITS`.
        """
        hits: list[Hit] = []
        for place, rule in found:
            at = bisect_right(self._starts, place) - 1
            if at >= 0 and place < self._stops[at] and len(hits) < MOST_HITS:
                hits.append(Hit(rule, self._paths[at], place - self._starts[at]))
        return tuple(hits)
