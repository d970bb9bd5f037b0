"""Bytes that come in pieces, read forward only: from an engine, a file, or a decompressor.

Everything is an iterable of pieces, so that a layer inside an archive, a compressed layer and a
whole archive are read by the same code with the memory of a few pieces.
"""

from __future__ import annotations

import zlib
from typing import IO, TYPE_CHECKING, cast

import zstandard

from stagelab.errors import ArchiveDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PIECE = 1 << 20
"""Bytes that are held at a time."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_STEP = 1 << 17
_MOST_WINDOW = 1 << 27
_FREE = 1 << 29
"""Bytes that the compressed contents of an archive may grow by beyond what follows."""

_MOST_EXPANSION = 200
"""How many times as large contents may be as their compressed form."""


class CutOff(ArchiveDamaged):
    """An archive that lacks something that belongs to it: nothing in it is wrong."""


class ByteStream:
    """A forward-only reader over pieces of bytes.

    Attributes:
        position: How many bytes have been read or skipped.
        tap: Called with all bytes that are read or skipped, in order; None for nothing.
    """

    __slots__ = ("_buffer", "_offset", "_pieces", "position", "tap")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._buffer = b""
        self._offset = 0
        self.position = 0
        self.tap: Callable[[bytes | memoryview], object] | None = None

    def read(self, count: int) -> bytes:
        """Give the next `count` bytes, fewer only at the end."""
        start = self._offset
        stop = start + count
        if stop <= len(self._buffer):
            self._offset = stop
            self.position += count
            part = self._buffer[start:stop]
            if self.tap:
                self.tap(part)
            return part
        parts = []
        while count and (part := self.read_some(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def read_some(self, limit: int) -> bytes:
        """Give the bytes at hand, at least one and at most `limit`; b"" at the end."""
        if not self._fill():
            return b""
        if not self._offset and len(self._buffer) <= limit:
            part = self._buffer  # a whole piece goes on as it is
        else:
            part = self._buffer[self._offset : self._offset + limit]
        self._offset += len(part)
        self.position += len(part)
        if self.tap:
            self.tap(part)
        return part

    def skip(self, count: int) -> int:
        """Pass over `count` bytes and give how many there were."""
        stop = self._offset + count
        if stop <= len(self._buffer) and not self.tap:
            self._offset = stop
            self.position += count
            return count
        left = count
        while left and self._fill():
            step = min(left, len(self._buffer) - self._offset)
            if self.tap:
                self.tap(memoryview(self._buffer)[self._offset : self._offset + step])
            self._offset += step
            left -= step
        self.position += count - left
        return count - left

    def view(self, count: int) -> memoryview | None:
        """Give the next `count` bytes and pass over them, without a copy and beside the tap.

        None if they are not all at hand; then nothing is passed over.
        """
        start, stop = self._offset, self._offset + count
        if stop > len(self._buffer):
            return None
        self._offset = stop
        self.position += count
        return memoryview(self._buffer)[start:stop]

    def peek(self, count: int) -> bytes:
        """Give the next `count` bytes, fewer only at the end, without passing over them."""
        while len(self._buffer) - self._offset < count:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._buffer = self._buffer[self._offset :] + piece
            self._offset = 0
        return self._buffer[self._offset : self._offset + count]

    def pieces(self, size: int) -> Iterator[bytes]:
        """Give the next `size` bytes in pieces.

        Raises:
            ArchiveDamaged: If the stream ends before.
        """
        while size:
            part = self.read_some(min(size, PIECE))
            if not part:
                raise truncated(f"{size} more bytes were announced")
            size -= len(part)
            yield part

    def drain(self) -> None:
        """Read to the end."""
        while self._fill():
            self.skip(len(self._buffer) - self._offset)

    def _fill(self) -> bool:
        while self._offset >= len(self._buffer):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._buffer, self._offset = piece, 0
        return True


class Growth:
    """How much more compressed contents may still grow than a real archive's do.

    Attributes:
        left: Bytes.
    """

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _FREE


def decompressed(stream: ByteStream, growth: Growth | None = None) -> ByteStream:
    """Give what the stream holds: the same stream, or the contents if it is gzip or zstd.

    The contents come in small steps and no more of them than a real archive has: far too much
    from little input raises `ArchiveDamaged`, as does what cannot be decompressed. What is
    decompressed with one `growth` shares it.
    """
    growth = growth or Growth()
    magic = stream.peek(4)
    if magic.startswith(_GZIP):
        return ByteStream(_bounded(stream, _gunzip(stream), growth))
    if magic == _ZSTD:
        return ByteStream(_bounded(stream, _unzstd(stream), growth))
    return stream


def truncated(detail: str) -> CutOff:
    """Make the error for an archive that ends too early."""
    return CutOff(
        "The image archive ends before its contents do: it was cut off while it was written "
        "or copied.",
        fix="Write it again with `docker save -o FILE IMAGE`, and check that the disk has room.",
        detail=detail,
    )


def _bounded(stream: ByteStream, parts: Iterator[bytes], growth: Growth) -> Iterator[bytes]:
    start = stream.position
    made = excess = 0
    for part in parts:
        made += len(part)
        before, excess = excess, max(made - _MOST_EXPANSION * (stream.position - start), 0)
        growth.left -= excess - before
        if growth.left < 0:
            raise ArchiveDamaged(
                "A compressed part of the image archive grows beyond all measure when it is "
                "decompressed: it is damaged, or made to fill a memory or a disk.",
                fix="Do not load this archive: ask where it comes from, and get it from there.",
                detail=f"{made} bytes from {stream.position - start}",
            )
        yield part


def _gunzip(stream: ByteStream) -> Iterator[bytes]:
    engine = zlib.decompressobj(wbits=31)
    waiting = b""
    while True:
        waiting = waiting or stream.read_some(_STEP)
        if not waiting:
            break
        try:
            # A bound on the output of one step keeps a few bytes from becoming gigabytes at once.
            part = engine.decompress(waiting, PIECE)
        except zlib.error as error:
            raise _not_compressed(error) from error
        waiting = engine.unconsumed_tail
        if part:
            yield part
        if engine.eof:
            waiting = engine.unused_data
            if not (waiting or stream.peek(1)):
                return
            engine = zlib.decompressobj(wbits=31)  # a gzip file may have several members
    raise truncated("a gzip stream without its end")


def _unzstd(stream: ByteStream) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).stream_reader(
        cast("IO[bytes]", _Readable(stream)), read_size=_STEP, read_across_frames=True
    )
    try:
        while part := reader.read(PIECE):
            yield part
    except zstandard.ZstdError as error:
        raise _not_compressed(error) from error


class _Readable:
    """A stream as zstandard wants to read it."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        return self._stream.read_some(size)


def _not_compressed(error: Exception) -> ArchiveDamaged:
    return ArchiveDamaged(
        "A compressed layer of the image archive cannot be decompressed.",
        fix="Write the archive again with `docker save -o FILE IMAGE`.",
        detail=str(error),
    )
