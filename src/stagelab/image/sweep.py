"""What takes every byte of a layer: its digest, and the search for secrets.

Both leave the interpreter free to do other work, so they run in a thread beside the reader of the
tar. All bytes are searched, of programs too, so the search first looks for the few literal
beginnings that the rules name, many gigabytes a second, and asks a rule only where one is found.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import deque
from functools import cache
from typing import TYPE_CHECKING

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from stagelab.image import secret_rules
from stagelab.image.spans import Swept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor, Future

    from stagelab.image.stream import ByteStream

_WAITING = 12
"""Pieces that may wait for the thread; more would only take memory."""

_MOST_ASKED = 1_000_000
"""Beginnings in a layer that rules are asked about; a real one of a gigabyte has some hundreds.

A layer with more is searched no further, which is told of it.
"""

_SMALL = 1 << 16
"""Bytes of a piece that is done sooner than it is handed over."""


_NAMES = tuple(secret_rules.RULES)
_NUMBERS = {name: number for number, name in enumerate(_NAMES)}


class Sweep:
    """One layer's bytes on their way to the reader of the tar."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._waiting: deque[Future[None]] = deque()
        self._sha256 = hashlib.sha256()
        self._searched = _Searched()

    def pieces(self, stream: ByteStream, size: int) -> Iterator[bytes]:
        """Give all of the stream in pieces of at most `size` bytes, each noted on its way."""
        while piece := stream.read_some(size):
            if len(piece) < _SMALL and not self._waiting:
                self._take(piece)
            else:
                self._waiting.append(self._executor.submit(self._take, piece))
                if len(self._waiting) > _WAITING:
                    self._waiting.popleft().result()
            yield piece

    def finish(self) -> Swept:
        """Give the digest of all the pieces, and what was found in them."""
        while self._waiting:
            self._waiting.popleft().result()
        self._searched.finish()
        digest = "sha256:" + self._sha256.hexdigest()
        return Swept(digest, self._searched.hits(), self._searched.complete)

    def _take(self, piece: bytes) -> None:
        self._sha256.update(piece)
        self._searched.take(piece)


class _Searched:
    """The search over pieces: a rule always sees what is around a place, in whatever piece."""

    def __init__(self) -> None:
        self.complete = True
        self._places = array("q")  # as there may be very many
        self._rules = array("B")
        self._window = b""
        self._start = 0  # place of the window's first byte
        self._asked = 0
        self._next = 0  # place from which on nothing is decided yet

    def take(self, piece: bytes) -> None:
        self._window += piece
        end = self._start + len(self._window)
        self._search(end - secret_rules.AFTER)
        kept = max(self._next - secret_rules.BEFORE, self._start)
        self._window = self._window[kept - self._start :]
        self._start = kept

    def finish(self) -> None:
        self._search(self._start + len(self._window))

    def hits(self) -> Iterator[tuple[int, str]]:
        """Give each secret's place and rule, in order."""
        for place, number in zip(self._places, self._rules, strict=True):
            yield place, _NAMES[number]

    def _search(self, stop: int) -> None:
        """Decide on all places before `stop`."""
        if stop <= self._next:
            return
        for needle, at, _ in _automaton().find_matches_as_indexes(self._window):
            place = self._start + at
            if self._next <= place < stop:
                if self._asked >= _MOST_ASKED:
                    self.complete = False
                    break
                self._asked += 1
                rule = secret_rules.rule_at(self._window, at, needle)
                if rule:
                    self._places.append(place)
                    self._rules.append(_NUMBERS[rule])
        self._next = stop


@cache
def _automaton() -> BytesAhoCorasick:
    # Only the leftmost kinds of match are found by comparing many bytes at once.
    return BytesAhoCorasick(secret_rules.NEEDLES, matchkind=MatchKind.LeftmostFirst)
