"""What was read from archives before, kept in the user's cache folder.

An entry is a digest and its bytes. It is written beside its place and moved there, so that a crash
or a second kernel never leaves half of one; one that cannot be read, or whose digest is wrong, is
as good as none. The folder is bounded: the entries longest unused go first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from stagelab import _home

RULES = 1
"""Raised when entries change their form or meaning."""

MOST_BYTES = 128_000_000
"""Size that the folder is kept below."""

_DIGEST = 32


def load(kind: str, key: str) -> bytes | None:
    """Give what is kept under a key, None if nothing is."""
    place = _place(kind, key)
    try:
        raw = place.read_bytes()
        if hashlib.sha256(raw[_DIGEST:]).digest() != raw[:_DIGEST]:
            return None
        with contextlib.suppress(OSError):
            os.utime(place)  # used just now
    except OSError:
        return None
    return raw[_DIGEST:]


def load_json(kind: str, key: str) -> Any:  # noqa: ANN401 - any JSON
    """Give the JSON that is kept under a key, None if there is none."""
    try:
        return json.loads(load(kind, key) or b"null")
    except (ValueError, RecursionError):
        return None


def store(kind: str, key: str, kept: bytes) -> None:
    """Keep bytes under a key, and the folder within its bound."""
    place = _place(kind, key)
    # A full or read-only disk only means that the same is fetched again next time.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=place.parent, prefix="new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(kept).digest() + kept)
            Path(beside).replace(place)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise
        _bound(place)


def store_json(kind: str, key: str, kept: object) -> None:
    """Keep JSON under a key."""
    store(kind, key, json.dumps(kept, separators=(",", ":")).encode())


def _place(kind: str, key: str) -> Path:
    name = hashlib.sha256(key.encode()).hexdigest()  # whatever a key is, a safe file name
    return _home.cache_dir() / "fixes" / str(RULES) / f"{kind}-{name}"


def _bound(newest: Path) -> None:
    known = []
    for path in (_home.cache_dir() / "fixes").rglob("*"):
        with contextlib.suppress(OSError):  # another kernel may remove entries as well
            if path.is_file():
                state = path.stat()
                known.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in known)
    for _, size, path in sorted(known):
        if total <= MOST_BYTES:
            return
        if path != newest:
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
