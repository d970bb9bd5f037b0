"""Bytes that come in pieces, read forward only: from an engine, a file, or a decompressor.

Everything is an iterable of pieces, so that a layer inside an archive, a compressed layer and a
whole archive are read by the same code with the memory of a few pieces.
"""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stagelab.errors import ArchiveDamaged, ImageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE = 1 << 20
"""Bytes that are held at a time."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class ByteStream:
    """A forward-only reader over pieces of bytes.

    Attributes:
        position: How many bytes have been read or skipped.
    """

    __slots__ = ("_buffer", "_offset", "_pieces", "position")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._buffer = b""
        self._offset = 0
        self.position = 0

    def read(self, count: int) -> bytes:
        """Give the next `count` bytes, fewer only at the end."""
        start = self._offset
        stop = start + count
        if stop <= len(self._buffer):
            self._offset = stop
            self.position += count
            return self._buffer[start:stop]
        parts = []
        while count and (part := self.read_some(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def read_some(self, limit: int) -> bytes:
        """Give the bytes at hand, at least one and at most `limit`; b"" at the end."""
        if not self._fill():
            return b""
        part = self._buffer[self._offset : self._offset + limit]
        self._offset += len(part)
        self.position += len(part)
        return part

    def skip(self, count: int) -> int:
        """Pass over `count` bytes and give how many there were."""
        left = count
        while left and self._fill():
            step = min(left, len(self._buffer) - self._offset)
            self._offset += step
            left -= step
        self.position += count - left
        return count - left

    def peek(self, count: int) -> bytes:
        """Give the next `count` bytes, fewer only at the end, without passing over them."""
        ahead = self.read(count)
        self._buffer = ahead + self._buffer[self._offset :]
        self._offset = 0
        self.position -= len(ahead)
        return ahead

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


def decompressed(stream: ByteStream) -> ByteStream:
    """Give what the stream holds: the same stream, or the contents if it is gzip or zstd.

    Raises:
        ImageError: If it is zstd and this Python cannot read that.
    """
    magic = stream.peek(4)
    if magic.startswith(_GZIP):
        return ByteStream(_gunzip(stream))
    if magic == _ZSTD:
        return ByteStream(_unzstd(stream, _zstd_decompressor()))
    return stream


def truncated(detail: str) -> ArchiveDamaged:
    """Make the error for an archive that ends too early."""
    return ArchiveDamaged(
        "The image archive ends before its contents do: it was cut off while it was written "
        "or copied.",
        fix="Write it again with `docker save -o FILE IMAGE`, and check that the disk has room.",
        detail=detail,
    )


def _gunzip(stream: ByteStream) -> Iterator[bytes]:
    engine = zlib.decompressobj(wbits=31)
    waiting = b""
    while True:
        waiting = waiting or stream.read_some(PIECE)
        if not waiting:
            break
        try:
            # A bound on the output of one step keeps a few bytes from becoming gigabytes at once.
            part = engine.decompress(waiting, PIECE)
        except zlib.error as error:
            raise ArchiveDamaged(
                "A compressed layer of the image archive cannot be decompressed.",
                fix="Write the archive again with `docker save -o FILE IMAGE`.",
                detail=str(error),
            ) from error
        waiting = engine.unconsumed_tail
        if part:
            yield part
        if engine.eof:
            waiting = engine.unused_data
            if not (waiting or stream.peek(1)):
                return
            engine = zlib.decompressobj(wbits=31)  # a gzip file may have several members
    raise truncated("a gzip stream without its end")


def _unzstd(stream: ByteStream, engine: Any) -> Iterator[bytes]:  # noqa: ANN401 - either module's
    while piece := stream.read_some(PIECE >> 3):
        try:
            part = engine.decompress(piece)
        except Exception as error:
            # two possible modules, each with an error class of its own
            raise ArchiveDamaged(
                "A compressed layer of the image archive cannot be decompressed.",
                fix="Write the archive again with `docker save -o FILE IMAGE`.",
                detail=str(error),
            ) from error
        if part:
            yield part


def _zstd_decompressor() -> Any:  # noqa: ANN401 - either module's
    for module in ("compression.zstd", "zstandard"):
        try:
            found = import_module(module).ZstdDecompressor()
        except ImportError:
            continue
        return found.decompressobj() if module == "zstandard" else found
    raise ImageError(
        "A layer of this image archive is compressed with zstd, which this Python cannot read.",
        fix="Use Python 3.14 or newer, or run `pip install zstandard` in the course's environment.",
    )
