"""Contents of small files of a layer, for hard links to them that come later in its tar.

A tar has a file's contents under its first name. Whether they are a record of packages or a list
of users may only be told by a later one: tools that keep each file once, such as pnpm, link it
from their store to where it is used.
"""

from __future__ import annotations

from collections import OrderedDict

MOST_SMALL = 64 << 10
"""Bytes of the largest file that is remembered."""

BEGINNINGS = (
    *(b"{", b"Metadata-Version:", b"Package:", b"C:Q", b"P:"),
    *(b"root:", b"NAME=", b"PRETTY_NAME=", b"ID=", b"deb ", b"deb-src ", b"Types:", b"#"),
)
"""How files begin that may be wanted: records of packages, lists of users, os-release, sources."""

LONGEST = max(map(len, BEGINNINGS))

_MOST_JSON = 32 << 20
_MOST_OTHER = 4 << 20


class SmallFiles:
    """What small files hold; the oldest are forgotten when they are too many.

    What begins like JSON has more room: it may be one of thousands of package.json in a store,
    which come long before the links. Other files and the links to them lie side by side.
    """

    def __init__(self) -> None:
        self._json = _Latest(_MOST_JSON)
        self._other = _Latest(_MOST_OTHER)

    def keep(self, path: str, raw: bytes) -> None:
        """Remember a file's bytes."""
        (self._json if raw.startswith(b"{") else self._other).keep(path, raw)

    def forget(self, path: str) -> None:
        """Forget a file that is replaced."""
        self._json.forget(path)
        self._other.forget(path)

    def get(self, path: str) -> bytes | None:
        """Give a file's bytes, None if they are not remembered."""
        return self._json.kept.get(path) or self._other.kept.get(path)


class _Latest:
    def __init__(self, left: int) -> None:
        self.kept: OrderedDict[str, bytes] = OrderedDict()
        self._left = left  # bytes

    def keep(self, path: str, raw: bytes) -> None:
        self.kept[path] = raw
        self._left -= len(raw)
        while self._left < 0:
            self._left += len(self.kept.popitem(last=False)[1])

    def forget(self, path: str) -> None:
        self._left += len(self.kept.pop(path, b""))
