"""Look at a tar archive as a build context; it is read where it lies and never unpacked."""

from __future__ import annotations

import io
import lzma
import posixpath
import stat
import tarfile
import tempfile
import threading
import weakref
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from stagelab.builds.context import CHUNK, DEEPEST, Entry
from stagelab.builds.ignore import parents
from stagelab.errors import ContextError

_KINDS = {tarfile.DIRTYPE: stat.S_IFDIR, tarfile.SYMTYPE: stat.S_IFLNK}
_MOST_IN_MEMORY = 1 << 26
"""Bytes of an unpacked archive from which on it lies in a temporary file."""

_FREE = 1 << 29
_MOST_EXPANSION = 200
"""What a compressed archive may hold at most: so many bytes, and so many times its size."""

_LATEST = 1 << 33
"""POSIX seconds, in the year 2242: nanoseconds up to there fit into 64 bits."""

_LONGEST = 4096
"""Bytes of a path: Linux's PATH_MAX."""


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
    except (
        *(tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError),
        *(
            ValueError,
            OverflowError,
            RecursionError,
        ),  # what `tarfile` makes of headers that nobody writes
    ) as error:
        raise ContextError(
            "The archive that is given as build context cannot be read.",
            fix="Give a folder, or a tar archive (plain or compressed by gzip, bzip2 or xz).",
            detail=str(error),
        ) from None
    _check_folders(found)
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
        most = _FREE + _MOST_EXPANSION * file.seek(0, io.SEEK_END)
        file.seek(0)
        with closing(file) if file is not source else nullcontext(), _unpacked(file) as stream:
            file = _copy(stream, most)
    file.seek(0)
    return file


@contextmanager
def _unpacked(file: BinaryIO) -> Iterator[Any]:
    """Give the stream of a compressed archive's plain bytes."""
    with tarfile.open(fileobj=file, mode="r:*") as archive:
        stream: Any = archive.fileobj
        stream.seek(0)
        yield stream


def _copy(stream: Any, most: int | None = None) -> BinaryIO:  # noqa: ANN401 - anything with `read`
    copy = tempfile.SpooledTemporaryFile(max_size=_MOST_IN_MEMORY)  # noqa: SIM115 - see `Archive`
    try:
        while chunk := stream.read(CHUNK):
            if most is not None and copy.tell() > most:
                _refuse_bomb()
            copy.write(chunk)
    except BaseException:
        copy.close()
        raise
    return cast("BinaryIO", copy)


def _refuse_bomb() -> NoReturn:
    raise tarfile.TarError(f"it holds more than {_MOST_EXPANSION} times its own size")


def _check_folders(found: Mapping[str, Entry]) -> None:
    """See that files lie in folders: a link in place of one leads who unpacks it elsewhere.

    Raises:
        ContextError: One lies below something else.
    """
    for path in found:
        for folder in parents(path):
            if folder in found and not found[folder].is_dir:
                raise ContextError(
                    "The archive that is given as build context cannot be read.",
                    fix="Make it anew from a folder, with `tar`.",
                    detail=f"{path} lies below {folder}, which is no folder",
                )


def _members(archive: tarfile.TarFile, plain: Archive) -> Iterator[Entry]:
    known: dict[str, tarfile.TarInfo] = {}
    for info in archive:
        path = _path(info)
        if path == ".":
            continue
        data = info
        if info.islnk():
            target = posixpath.normpath(info.linkname)
            if target not in known:
                raise tarfile.TarError(f"{info.name} is a link to {target}, which is not there")
            data = known[target]
        elif not (info.isreg() or info.type in _KINDS):
            continue  # devices and pipes are no source files
        if data.issparse():
            raise tarfile.TarError(f"{info.name} is stored as a sparse file")
        known[path] = data
        kind = stat.S_IFREG if info.islnk() else _KINDS.get(info.type, stat.S_IFREG)
        size = data.size if kind == stat.S_IFREG else 0
        yield Entry(
            path=path,
            source=Member(plain, data.offset_data, size),
            mode=kind | (data.mode & 0o7777),
            size=size,
            mtime_ns=max(-_LATEST, min(int(info.mtime), _LATEST)) * 1_000_000_000,
            link=info.linkname if info.issym() else None,
        )


def _path(info: tarfile.TarInfo) -> str:
    """Give an entry's path in the context.

    Raises:
        tarfile.TarError: There is no such path in any context.
    """
    if info.size < 0:  # before the next entry is looked for: `tarfile` would go back for ever
        raise tarfile.TarError(f"{info.name} has an impossible size")
    if len(info.name) > _LONGEST or info.name.count("/") > DEEPEST:
        raise tarfile.TarError(f"{info.name[:80]}… is too long a name, or in too many folders")
    path = posixpath.normpath(info.name)
    if path.startswith(("/", "../")) or path == "..":
        raise tarfile.TarError(f"{info.name} lies outside of the archive")
    return path
