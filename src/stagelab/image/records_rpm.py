"""Packages by rpm's database in its SQLite form, which is the usual one since rpm 4.16.

Sources: rpm's manual, "RPM Package format", section Header: two big-endian numbers (entries, bytes
of data), the index of 16 bytes an entry (tag, type, offset, count), then the data; the database
keeps one header a row, without the magic that stands before it in a package's file.

The database is the image's own, so it is not trusted: it is opened read-only as a file that does
not change, `Packages` has to be a table, and steps and sizes are bounded.
"""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from stagelab.engine import temporary
from stagelab.errors import ImageError
from stagelab.image.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_HEADER = 32 << 20
"""Bytes of the largest header that is read."""

_MOST_ENTRIES = 0xFFFF  # as in rpm itself
_MOST_ROWS = 50_000
_MOST_STEPS = 20_000_000
_MOST_SCHEMA = 1 << 20

_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH, _SOURCE = 1000, 1001, 1002, 1003, 1022, 1044
_WANTED = frozenset({_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH, _SOURCE})
_INT32, _STRING = 4, 6
_ENTRY = struct.Struct(">4I")
_SIZES = struct.Struct(">2I")
_KEYS = "gpg-pubkey"
"""rpm keeps each key that it trusts as a package of this name."""


def rpm(path: str, pieces: Iterable[bytes]) -> tuple[Package, ...]:
    """Give the packages of an `rpmdb.sqlite`; none if it is damaged or cut off.

    What rpm wrote to the journal beside it (`rpmdb.sqlite-wal`) and not yet into the database is
    not seen; rpm empties the journal when it ends.

    Raises:
        ImageError: If there is no room for a temporary copy.
    """
    with _folder() as folder:
        copy = Path(folder, "rpmdb.sqlite")
        _write(copy, pieces)
        try:
            with closing(_opened(copy)) as database:
                return tuple(_packages(path, database, copy.stat().st_size))
        except (sqlite3.Error, ValueError):
            return ()


def _folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return temporary.folder("rpm")
    except OSError as error:
        raise _no_room(error) from None


def _write(copy: Path, pieces: Iterable[bytes]) -> None:
    with copy.open("wb") as file:
        for piece in pieces:
            try:
                file.write(piece)
                file.flush()
            except OSError as error:
                raise _no_room(error) from None


def _no_room(error: OSError) -> ImageError:
    return ImageError(
        "A package database of the image could not be copied to a temporary file to be read.",
        fix="Make room there, or set TMPDIR to a folder that has some.",
        detail=str(error),
    )


def _opened(copy: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_HEADER + _MOST_SCHEMA)
    steps = 1_000_000
    calls = iter(range(_MOST_STEPS // steps))
    database.set_progress_handler(lambda: next(calls, None) is None, steps)
    database.execute("PRAGMA trusted_schema = OFF")
    return database


def _packages(path: str, database: sqlite3.Connection, size: int) -> Iterator[Package]:
    kind = database.execute("SELECT type FROM sqlite_master WHERE name = 'Packages'").fetchone()
    if kind != ("table",):
        return
    left = size
    rows = database.execute(
        "SELECT blob FROM Packages WHERE typeof(blob) = 'blob' AND length(blob) <= ?",
        (MOST_HEADER,),
    )
    for (blob,) in islice(rows, _MOST_ROWS):
        left -= len(blob)
        if left < 0:
            return  # pages that refer to each other in circles have rows without end
        found = _package(path, _tags(blob))
        if found is not None:
            yield found


def _package(path: str, tags: dict[int, str]) -> Package | None:
    name, version = tags.get(_NAME, ""), tags.get(_VERSION, "")
    if not name or not version or name == _KEYS:
        return None
    release, epoch = tags.get(_RELEASE, ""), tags.get(_EPOCH, "")
    whole = (f"{epoch}:" if epoch else "") + version + (f"-{release}" if release else "")
    source, source_version = name, whole
    parts = tags.get(_SOURCE, "").removesuffix(".rpm").rpartition(".")[0].rsplit("-", 2)
    if len(parts) == 3:  # noqa: PLR2004 - NAME-VERSION-RELEASE
        source, source_version = parts[0], f"{parts[1]}-{parts[2]}"
    return Package(name, whole, "rpm", tags.get(_ARCH, ""), source, source_version, path)


def _tags(header: bytes) -> dict[int, str]:
    """Give the wanted tags of a header as text; those that lie outside its data are left out."""
    if len(header) < _SIZES.size:
        return {}
    count, size = _SIZES.unpack_from(header)
    start = _SIZES.size + count * _ENTRY.size
    if count > _MOST_ENTRIES or start + size > len(header):
        return {}
    found: dict[int, str] = {}
    for tag, kind, offset, _ in _ENTRY.iter_unpack(header[_SIZES.size : start]):
        at = start + offset
        if tag not in _WANTED or offset >= size:
            continue
        if kind == _STRING and tag != _EPOCH:
            stop = header.find(b"\0", at, start + size)
            if stop >= 0:
                found[tag] = header[at:stop].decode(errors="replace")
        elif kind == _INT32 and tag == _EPOCH and offset + 4 <= size:
            found[tag] = str(int.from_bytes(header[at : at + 4], "big"))
    return found
