"""ELF files and the build information that Go leaves in them, read forward only.

Sources: the System V ABI, "Program Header" (PT_INTERP names the loader that a dynamically linked
program needs); Go's package `debug/buildinfo` (the information lies in the data segment, 16-byte
aligned, and survives stripping; since Go 1.18 its strings are inline).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stagelab.image.stream import ByteStream

ELF_MAGIC = b"\x7fELF"

_HEAD = 4096
_MOST_LOADER = 4096
_STEP = 1 << 20
_MOST_BUILD_INFO = 4 << 20
_PT_LOAD, _PT_INTERP = 1, 3
_PF_EXECUTE, _PF_WRITE = 1, 2

_GO_MAGIC = b"\xff Go buildinf:"
_GO_HEADER = 32
_GO_INLINE = 2
_GO_MARK = 16
"""Bytes of the marks that Go sets before and after the module information."""


class GoFacts(NamedTuple):
    """What one Go program says of itself: `loader` is None if it is statically linked."""

    go_version: str
    module: str
    loader: str | None


class _Segment(NamedTuple):
    kind: int
    flags: int
    offset: int
    size: int


def go_facts(stream: ByteStream, size: int) -> GoFacts | None:
    """Read the ELF file of `size` bytes that begins here; None if Go did not build it.

    Reads from its start to the end of its build information and no further. A file that only
    begins like an ELF file is simply no Go program.
    """
    start = stream.position
    head = stream.read(min(size, _HEAD))
    segments = _segments(head)
    data = next(
        (
            segment
            for segment in segments
            if segment.kind == _PT_LOAD and segment.flags & (_PF_EXECUTE | _PF_WRITE) == _PF_WRITE
        ),
        None,
    )
    loader_at = next((segment for segment in segments if segment.kind == _PT_INTERP), None)
    if data is None or data.offset + data.size > size:
        return None
    loader = None
    if loader_at is not None:
        stop = loader_at.offset + min(loader_at.size, _MOST_LOADER)
        if stop > data.offset:
            return None  # never so in what Go's linker or a C linker writes
        if stop > len(head):
            head += stream.read(stop - len(head))
        loader = _text(head[loader_at.offset : stop].rstrip(b"\0"))
    read = stream.position - start
    stream.skip(max(data.offset - read, 0))
    begun = head[data.offset :]
    strings = _build_info(stream, begun, data.size - len(begun))
    if strings is None:
        return None
    version, modules = strings
    return GoFacts(version, _main_module(modules), loader)


def _segments(head: bytes) -> list[_Segment]:
    if len(head) < 64 or head[4] not in (1, 2) or head[5] not in (1, 2):  # noqa: PLR2004 - ABI
        return []
    wide = head[4] == 2  # noqa: PLR2004 - ELFCLASS64
    order = "<" if head[5] == 1 else ">"
    table = struct.unpack_from(order + "Q", head, 32)[0] if wide else _word(order, head, 28)
    each, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
    segments = []
    for at in range(table, table + each * count, each or 1):
        if at + each > len(head) or each < (56 if wide else 32):
            break
        if wide:
            kind, flags, offset, _, _, size = struct.unpack_from(order + "IIQQQQ", head, at)
        else:
            kind, offset, _, _, size, _, flags = struct.unpack_from(order + "7I", head, at)
        segments.append(_Segment(kind, flags, offset, size))
    return segments


def _word(order: str, head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 4], "little" if order == "<" else "big")


def _build_info(stream: ByteStream, begun: bytes, left: int) -> tuple[str, str] | None:
    """Search the data segment, of which `begun` is read already and `left` bytes are to come."""
    window = begun
    while True:
        at = window.find(_GO_MAGIC)
        if at >= 0:
            found = window[at:] + stream.read(min(left, _MOST_BUILD_INFO))
            return _inline_strings(found)
        if not left:
            return None
        step = stream.read(min(left, _STEP))
        if not step:
            return None
        left -= len(step)
        window = window[-len(_GO_MAGIC) :] + step


def _inline_strings(found: bytes) -> tuple[str, str] | None:
    if len(found) < _GO_HEADER or not found[15] & _GO_INLINE:
        return None  # before Go 1.18 the strings lay elsewhere
    version, rest = _varint_bytes(found, _GO_HEADER)
    modules, _ = _varint_bytes(found, rest)
    return _text(version), _text(modules[_GO_MARK:-_GO_MARK])


def _varint_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the top bit says that more follow
            break
    return data[at : at + length], at + length


def _main_module(modules: str) -> str:
    """Give the main module; a program built outside any module has only its package's path."""
    named = dict(line.split("\t")[:2] for line in modules.splitlines() if line.count("\t"))
    return named.get("mod") or named.get("path", "")


def _text(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")
