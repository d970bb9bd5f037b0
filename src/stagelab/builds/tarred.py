"""Look at a tar archive as a build context; it is read where it lies and never unpacked."""

from __future__ import annotations

import io
import lzma
import posixpath
import shutil
import stat
import tarfile
import tempfile
import threading
import weakref
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from stagelab.builds.context import CHUNK, Entry
from stagelab.builds.ignore import parents
from stagelab.errors import ContextError

_KINDS = {tarfile.DIRTYPE: stat.S_IFDIR, tarfile.SYMTYPE: stat.S_IFLNK}
_MOST_IN_MEMORY = 1 << 26
"""Bytes of an unpacked archive from which on it lies in a temporary file."""


class Archive:
    """An archive that is not compressed; several threads may read from it.

    Args:
        file: It, open for reading; can be read at any place.
        close: Close the file when nothing refers to the archive any more.
    """

    def __init__(self, file: BinaryIO, *, close: bool) -> None:
        self.file = file
        self._lock = threading.Lock()
        if close:
            weakref.finalize(self, file.close)

    def read_at(self, place: int, size: int) -> bytes:
        """Read up to `size` bytes from `place` on."""
        with self._lock:
            self.file.seek(place)
            return self.file.read(size)


@dataclass(frozen=True, slots=True)
class Member:
    """The bytes of one file in an archive."""

    archive: Archive
    start: int
    size: int

    def read(self) -> Iterator[bytes]:
        """Give the bytes in chunks.

        Raises:
            OSError: The archive ends before the file does.
        """
        at, end = self.start, self.start + self.size
        while at < end:
            chunk = self.archive.read_at(at, min(CHUNK, end - at))
            if not chunk:
                raise OSError("the archive ends within this file")
            yield chunk
            at += len(chunk)


def entries(source: Path | bytes | BinaryIO) -> tuple[Entry, ...]:
    """Give what an archive holds, folders that it only implies included.

    Plain tar and what Python's `tarfile` can decompress (gzip, bzip2, xz).

    Args:
        source: The archive's path, its bytes, or a file that is open for reading.

    Raises:
        ContextError: It is no archive, is damaged, or holds what leads out of it.
    """
    try:
        plain = _plain(source)
        data = Archive(plain, close=plain is not source)
        with tarfile.open(fileobj=plain, mode="r:") as archive:
            found = {entry.path: entry for entry in _members(archive, data)}
    except (tarfile.TarError, KeyError, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise ContextError(
            "The archive that is given as build context cannot be read.",
            fix="Give a folder, or a tar archive (plain or compressed by gzip, bzip2 or xz).",
            detail=str(error),
        ) from None
    for folder in {parent for path in found for parent in parents(path)}:
        found.setdefault(folder, Entry(folder, None, stat.S_IFDIR | 0o755, 0, 0))
    return tuple(sorted(found.values(), key=lambda entry: entry.path.split("/")))


def _plain(source: Path | bytes | BinaryIO) -> BinaryIO:
    """Give an archive that is not compressed and can be read at any place."""
    file: BinaryIO
    if isinstance(source, bytes):
        file = io.BytesIO(source)
    elif isinstance(source, Path):
        file = source.open("rb")
    else:
        file = source if source.seekable() else _copy(source)
    file.seek(0)
    try:
        tarfile.open(fileobj=file, mode="r:").close()
    except tarfile.ReadError:
        file.seek(0)
        with closing(file) if file is not source else nullcontext(), _unpacked(file) as stream:
            file = _copy(stream)
    file.seek(0)
    return file


@contextmanager
def _unpacked(file: BinaryIO) -> Iterator[Any]:
    """Give the stream of a compressed archive's plain bytes."""
    with tarfile.open(fileobj=file, mode="r:*") as archive:
        stream: Any = archive.fileobj
        stream.seek(0)
        yield stream


def _copy(stream: Any) -> BinaryIO:  # noqa: ANN401 - anything with `read`
    copy = tempfile.SpooledTemporaryFile(max_size=_MOST_IN_MEMORY)  # noqa: SIM115 - see `Archive`
    try:
        shutil.copyfileobj(stream, copy, CHUNK)
    except BaseException:
        copy.close()
        raise
    return cast("BinaryIO", copy)


def _members(archive: tarfile.TarFile, plain: Archive) -> Iterator[Entry]:
    for info in archive:
        path = posixpath.normpath(info.name)
        if path == ".":
            continue
        if path.startswith(("/", "../")) or path == "..":
            raise tarfile.TarError(f"{info.name} lies outside of the archive")
        data = info
        if info.islnk():
            data = archive.getmember(info.linkname)
        elif not (info.isreg() or info.type in _KINDS):
            continue  # devices and pipes are no source files
        if data.issparse():
            raise tarfile.TarError(f"{info.name} is stored as a sparse file")
        kind = stat.S_IFREG if info.islnk() else _KINDS.get(info.type, stat.S_IFREG)
        size = data.size if kind == stat.S_IFREG else 0
        yield Entry(
            path=path,
            source=Member(plain, data.offset_data, size),
            mode=kind | (data.mode & 0o7777),
            size=size,
            mtime_ns=int(info.mtime) * 1_000_000_000,
            link=info.linkname if info.issym() else None,
        )
