"""Stand-ins' archives on disk, each beside its checksum.

The checksum file has the format of sha256sum(1). An archive without one, or with another content
than its checksum says, does not count: writing was cut off, or a disk or a person changed it.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from stagelab import _home
from stagelab.engine import owners, temporary

_WRITING = ".writing-"
MAKING = ".making-"
"""Beginnings of the names of what exists only while an archive is made."""


def folder() -> Path:
    """Give the folder of the archives; it may not exist yet."""
    return _home.cache_dir() / "bases"


def place(name: str, key: str) -> Path:
    """Give the path of the archive of that base and key."""
    return folder() / f"{name}-{key}.tar"


def cached_archives() -> tuple[Path, ...]:
    """Give the archives of stand-ins that are in the cache, whatever their key."""
    return tuple(path for path in sorted(folder().glob("*.tar")) if _checksum_file(path).is_file())


def delete_archives() -> int:
    """Delete the archives of stand-ins and what a killed process left; give the bytes freed.

    Archives that others put into the folder stay.
    """
    freed = 0
    for path in cached_archives():
        freed += path.stat().st_size
        path.unlink()
        _checksum_file(path).unlink()
    for path in folder().glob(f"{_WRITING}*"):
        freed += path.stat().st_size
        path.unlink()
    for path in folder().glob(f"{MAKING}*"):
        freed += sum(part.lstat().st_size for part in path.rglob("*") if part.is_file())
        shutil.rmtree(path)
    return freed


def delete_abandoned() -> None:
    """Delete what processes left that were killed while they made an archive."""
    temporary.remove(where=folder())


def intact(path: Path) -> bool:
    """Tell whether an archive is there and has the content that its checksum says."""
    try:
        said = _checksum_file(path).read_text("utf-8").split(maxsplit=1)[0]
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == said
    except (OSError, IndexError):
        return False


@contextlib.contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that becomes the archive at `path`, at once and whole, when it is closed well.

    Two processes that make the same archive do not meet: each writes its own file, and the last
    one to end leaves its own archive and checksum, which are those of the other.
    """
    beside = path.with_name(f"{_WRITING}{owners.me()}.{secrets.token_hex(4)}")
    checksum = _checksum_file(beside)
    try:
        with beside.open("xb") as out:
            yield out
        with beside.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        checksum.write_text(f"{digest}  {path.name}\n", "utf-8")
        beside.replace(path)
        checksum.replace(_checksum_file(path))
    finally:
        beside.unlink(missing_ok=True)
        checksum.unlink(missing_ok=True)


def _checksum_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
