"""Tar headers, read forward only.

The formats are those that engines and tools write: ustar, GNU (long names, base-256 numbers, old
sparse files) and PAX, as in POSIX.1 `pax` and the GNU tar manual, "Tar Internals". The standard
library's `tarfile` reads them as well but keeps an object of every entry, and takes most of the
time of an x-ray.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import adler32

from stagelab.errors import ArchiveDamaged
from stagelab.image.stream import truncated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.stream import ByteStream

BLOCK = 512
_ZEROS = bytes(BLOCK)
_ADLER = 65521
_MOST_EXTENSION = 1 << 20
_MOST_DIGITS = 19
_MOST_SIZE = (1 << 63) - 1
_MOST_NUMBER = (1 << 32) - 1
_CAPABILITY = "SCHILY.xattr.security.capability"
_SPARSE_NAME = "GNU.sparse.name"
_NAMES = frozenset({"path", "linkpath", _SPARSE_NAME})
_READ = _NAMES | {"size", "uid", "gid", "GNU.sparse.size", "GNU.sparse.realsize", _CAPABILITY}
"""What is read of extended headers; to keep all would let many of them fill the memory."""

_FIELDS = struct.Struct("100s8s8s8s12s12x8s1s100s6s2x32x32x8x8x155s12x")
_KINDS = {
    b"1": "link",
    b"2": "symlink",
    b"3": "char",
    b"4": "block",
    b"5": "dir",
    b"6": "fifo",
}


class Header(NamedTuple):
    """One entry of a tar.

    `name` is as written; bytes that are not UTF-8 stand as backslash escapes. `kind` is file, dir,
    symlink, link (hard), char, block or fifo. `stored` bytes follow the header; `size` is the
    file's, which differs for a sparse file. `capability` is the value of its attribute
    `security.capability`, b"" if it has none.
    """

    name: str
    kind: str
    size: int
    stored: int
    mode: int
    uid: int
    gid: int
    link: str
    capability: bytes = b""


def headers(stream: ByteStream) -> Iterator[Header]:
    """Give each entry in order; what the caller leaves of its contents is skipped.

    Raises:
        ArchiveDamaged: If the stream is no tar, or is cut off.
    """
    extension: dict[str, bytes] = {}
    common: dict[str, bytes] = {}
    while True:
        block = stream.read(BLOCK)
        if not block or block == _ZEROS:
            return
        if len(block) < BLOCK:
            raise truncated("a header is cut off")
        fields = _FIELDS.unpack(block)
        if not _checksum_is_right(block, fields[5]):
            raise ArchiveDamaged(
                "The image archive holds something that is not a tar entry: it is damaged, or "
                "it is not an image archive.",
                fix="Write it again with `docker save -o FILE IMAGE`.",
                detail=f"a header with a wrong checksum at byte {stream.position - BLOCK}",
            )
        flag = fields[6]
        stored = _size(fields[4])
        if flag in b"xgLK":
            text = _extension(stream, stored)
            if flag == b"x":
                extension |= _pax(text)
            elif flag == b"g":
                common |= _pax(text)
            else:
                extension["path" if flag == b"L" else "linkpath"] = text.split(b"\0", 1)[0]
            continue
        header = _header(block, fields, flag, stored, common | extension if common else extension)
        if flag == b"S":
            _skip_sparse_map(stream, block)
        extension = {}
        end = stream.position + header.stored
        yield header
        _finish(stream, header, end)


def looks_like_tar(block: bytes) -> bool:
    """Tell from its first 512 bytes whether something is a tar; an empty one is."""
    if len(block) < BLOCK:
        return False
    return block == _ZEROS or _checksum_is_right(block, _FIELDS.unpack(block)[5])


def _finish(stream: ByteStream, header: Header, end: int) -> None:
    """Pass over what the caller left of an entry's contents, and over the padding."""
    stream.skip(end - stream.position + -header.stored % BLOCK)
    if stream.position < end:
        raise truncated(f"the contents of {header.name} are cut off")


def _header(
    block: bytes, fields: tuple[bytes, ...], flag: bytes, stored: int, extension: dict[str, bytes]
) -> Header:
    name = _string(fields[0])
    if fields[8] == b"ustar\0" and fields[9][0]:
        name = _string(fields[9]) + b"/" + name
    link = _string(fields[7]) if fields[7][0] else b""
    # a negative number is what the kernel makes of it, 2**32 - 2 for -2
    uid, gid = _repeated(fields[2]) & _MOST_NUMBER, _repeated(fields[3]) & _MOST_NUMBER
    kind = _KINDS.get(flag, "file")
    size = _size(block[483:495]) if flag == b"S" else stored
    capability = b""
    if extension:
        name = extension.get(_SPARSE_NAME, extension.get("path", name))
        link = extension.get("linkpath", link)
        stored = _decimal(extension, "size", stored)
        real = _decimal(extension, "GNU.sparse.size", stored if flag != b"S" else size)
        size = _decimal(extension, "GNU.sparse.realsize", real)
        uid, gid = _decimal(extension, "uid", uid), _decimal(extension, "gid", gid)
        capability = extension.get(_CAPABILITY, b"")
    if kind == "file" and name.endswith(b"/"):
        kind = "dir"  # as tars older than ustar mark a directory
    if kind != "file":
        stored = size = 0
    return Header(
        name.decode(errors="backslashreplace"),
        kind,
        size,
        stored,
        _repeated(fields[1]) & 0o7777,
        uid,
        gid,
        link.decode(errors="backslashreplace") if link else "",
        capability,
    )


def _checksum_is_right(block: bytes, written: bytes) -> bool:
    # Adler-32 has the sum of all bytes, plus one, in its lower half; modulo a prime, which is
    # enough to tell a header and takes a tenth of the time.
    total = (adler32(block) & 0xFFFF) - 1 - sum(written) + 8 * ord(" ")
    try:
        return (total - _number(written)) % _ADLER == 0
    except ArchiveDamaged:
        return False


def _string(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # GNU's base 256; the next bit is the sign
        top = 1 << (8 * len(field) - 1)
        return int.from_bytes(field) - top - (top if field[0] & 0x40 else 0)
    text = field.strip(b"\0 ")
    if not text:
        return 0
    try:
        if text.isdigit():  # `int` would take a sign as well
            return int(text, 8)
    except ValueError:
        pass
    raise _unreadable("a number", field)


_repeated = lru_cache(maxsize=512)(_number)
"""The same, for modes and owners: a tar has few different ones."""


def _size(field: bytes) -> int:
    size = _number(field)
    if not 0 <= size <= _MOST_SIZE:
        raise _unreadable("a size", field)
    return size


def _decimal(extension: dict[str, bytes], key: str, default: int) -> int:
    text = extension.get(key)
    if text is None:
        return default
    if not text.isdigit() or len(text) > _MOST_DIGITS:
        raise _unreadable(key, text[:40])
    return int(text)


def _extension(stream: ByteStream, size: int) -> bytes:
    if size > _MOST_EXTENSION:
        raise _unreadable("an extended header", f"{size} bytes long".encode())
    text = stream.read(size)
    stream.skip(-size % BLOCK)
    if len(text) < size:
        raise truncated("an extended header is cut off")
    return text


def _pax(text: bytes) -> dict[str, bytes]:
    records = {}
    at, end = 0, len(text.rstrip(b"\0"))
    while at < end:
        space = text.find(b" ", at, at + _MOST_DIGITS)
        length = text[at : max(space, at)]
        stop = at + int(length) if length.isdigit() else at
        key, equals, value = text[space + 1 : stop].partition(b"=")
        if not (at < stop <= end and equals and value.endswith(b"\n")):
            raise _unreadable("an extended header", text[at : at + 40])
        name = key.decode(errors="backslashreplace")
        if name in _READ:
            if name in _NAMES and b"\0" in value:
                raise _unreadable("a name", value[:40])
            records[name] = value[:-1]
        at = stop
    return records


def _skip_sparse_map(stream: ByteStream, block: bytes) -> None:
    more = block[482]
    while more:
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            raise truncated("the map of a sparse file is cut off")
        more = block[504]


def _unreadable(what: str, text: bytes) -> ArchiveDamaged:
    return ArchiveDamaged(
        f"The image archive is damaged: {what} in it cannot be read.",
        fix="Write it again with `docker save -o FILE IMAGE`.",
        detail=repr(text),
    )
