"""From a place in a layer's tar to the file that lies there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class Hit(NamedTuple):
    """Where a file of a layer has something that looks like a secret; never what.

    Attributes:
        rule: Name of the rule that it meets.
        path: The file.
        offset: Bytes from the file's start to the first place that meets the rule; None if the
            file's name tells it, or the layer has the file without its holes.
        more: How many further places of the file meet the rule.
    """

    rule: str
    path: str
    offset: int | None
    more: int = 0


class Swept(NamedTuple):
    """What a layer's bytes tell.

    Attributes:
        diff_id: Digest of the layer's uncompressed tar, "sha256:…".
        places: Each place in the tar where something looks like a secret, in order, and the rule
            that it meets.
        complete: Whether the search came to the end of the layer.
    """

    diff_id: str
    places: Iterable[tuple[int, str]] = ()
    complete: bool = True


class Spans:
    """Where each file's contents lie in a layer's tar; files are added in the tar's order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._paths: list[str] = []
        self._holed: set[int] = set()

    def add(self, start: int, stop: int, path: str, *, holed: bool = False) -> None:
        """Note that a file lies from `start` to before `stop`, in bytes of the tar.

        Args:
            start: Where it begins.
            stop: Where it ends.
            path: The file.
            holed: Whether its holes are left out (a sparse file), so that a place in the tar is
                another in the file.
        """
        if holed:
            self._holed.add(len(self._starts))
        self._starts.append(start)
        self._stops.append(stop)
        self._paths.append(path)

    def hits(self, found: Iterable[tuple[int, str]]) -> tuple[Hit, ...]:
        """Give places in the tar, each with its rule, by file and rule.

        Those that lie in no file's contents (in a name, say) are left out.

        Args:
            found: The places, in order.
        """
        hits: dict[tuple[int, str], tuple[int | None, int]] = {}
        for place, rule in found:
            at = bisect_right(self._starts, place) - 1
            if at >= 0 and place < self._stops[at]:
                offset = None if at in self._holed else place - self._starts[at]
                first, more = hits.get((at, rule), (offset, -1))
                hits[at, rule] = (first, more + 1)
        return tuple(Hit(rule, self._paths[at], *told) for (at, rule), told in hits.items())
