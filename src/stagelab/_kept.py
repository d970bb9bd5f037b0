"""What was found out before, kept in the user's cache folder.

An entry is a digest and its bytes. It is written beside its place and moved there, so that a crash
or a second kernel never leaves half of one; one that cannot be read, or whose digest is wrong, is
as good as none. The folder is bounded: the entries longest unused go first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from stagelab import _home, _unwritable

_DIGEST = 32
_BEGUN = "new-"
_ABANDONED = 3600
"""Seconds after which an entry that is still being written belongs to a process that died."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder of entries.

    Attributes:
        name: Its name in the cache folder.
        rules: Version of what the entries mean; those of another version are not seen.
        most_bytes: Size that the folder is kept below.
    """

    name: str
    rules: int
    most_bytes: int

    @property
    def folder(self) -> Path:
        """Where it is."""
        return _home.cache_dir() / self.name

    def load(self, kind: str, key: str) -> bytes | None:
        """Give what is kept under a key, None if nothing is."""
        place = self._place(kind, key)
        try:
            raw = place.read_bytes()
            if hashlib.sha256(raw[_DIGEST:]).digest() != raw[:_DIGEST]:
                return None
            with contextlib.suppress(OSError):
                os.utime(place)  # used just now
        except OSError:
            return None
        return raw[_DIGEST:]

    def store(self, kind: str, key: str, kept: bytes) -> None:
        """Keep bytes under a key; where they cannot be written, that is said once."""
        try:
            self._write(self._place(kind, key), hashlib.sha256(kept).digest() + kept)
        except OSError as error:
            _unwritable.tell("What is found out is not kept, and is found out again later.", error)

    def bound(self, kind: str, key: str) -> None:
        """Remove what is too much; the entry that is named stays, and so does what is written."""
        newest = self._place(kind, key)
        known = []
        for path in self.folder.rglob("*"):
            with contextlib.suppress(OSError):  # another kernel may remove entries as well
                if path.is_file():
                    state = path.stat()
                    known.append((state.st_mtime, state.st_size, path))
        total = sum(size for _, size, _ in known)
        for used, size, path in sorted(known):
            begun = path.name.startswith(_BEGUN)
            abandoned = begun and used < time.time() - _ABANDONED
            if abandoned or (total > self.most_bytes and path != newest and not begun):
                with contextlib.suppress(OSError):
                    path.unlink()
                    total -= size

    def _write(self, place: Path, content: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=place.parent, prefix=_BEGUN)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(beside).replace(place)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise

    def _place(self, kind: str, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()  # whatever a key is, a safe file name
        return self.folder / str(self.rules) / f"{kind}-{name}"
