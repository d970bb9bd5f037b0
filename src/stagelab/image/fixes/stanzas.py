"""`Packages.xz`, read as it comes, down to the six fields that matter.

Source: the Debian repository format, "Packages" indexes; deb-control(5). A general parser of
control files takes ten times as long for the seventy thousand stanzas of Debian's main archive.
"""

from __future__ import annotations

import hashlib
import lzma
import zlib
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from stagelab.image.fixes.web import ArchiveUnusable

_STEP = 1 << 20
_MOST_MEMORY = 1 << 28
_MOST_TEXT = 1 << 29
_MOST_STANZA = 1 << 22
_FIELDS = (b"Package", b"Version", b"Source", b"Filename", b"Size", b"SHA256")


class Row(NamedTuple):
    """One stanza's fields; `source` and `source_version` are those that it was built from."""

    name: str
    version: str
    source: str
    source_version: str
    filename: str
    size: int
    sha256: str


def slim(pieces: Iterable[bytes], digest: str, url: str) -> bytes:
    """Give an index's rows, compressed, as `rows` reads them.

    Args:
        pieces: `Packages.xz`.
        digest: The SHA256 that it must have.
        url: Where it comes from, for the words of an error.

    Raises:
        ArchiveUnusable: It has another digest, or cannot be decompressed.
    """
    hashed = hashlib.sha256()
    packer = zlib.compressobj(1)
    packed = []
    try:
        for block in _blocks(_unpacked(pieces, hashed, url), url):
            lines = [line for stanza in block.split(b"\n\n") if (line := _line(stanza))]
            packed.append(packer.compress(b"".join(lines)))
    except (lzma.LZMAError, MemoryError) as error:
        raise ArchiveUnusable(f"{url}: cannot be decompressed ({error})") from error
    if hashed.hexdigest() != digest:
        raise ArchiveUnusable(
            f"{url}: its SHA256 is {hashed.hexdigest()}, the suite's Release says {digest}"
        )
    return b"".join([*packed, packer.flush()])


def rows(packed: bytes, names: Collection[str], sources: Collection[str]) -> Iterator[Row]:
    """Give the rows of these packages and of all packages of these sources."""
    wanted = {name.encode() for name in names}
    wanted_sources = {source.encode() for source in sources}
    unpacker = zlib.decompressobj()
    rest = b""
    while not unpacker.eof:
        part = unpacker.decompress(packed, _STEP)
        packed = unpacker.unconsumed_tail
        if not part and not packed:
            return  # cut off
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            fields = line.split(b"\t")
            source = fields[2].partition(b" ")[0] or fields[0]
            if fields[0] in wanted or source in wanted_sources:
                yield _row(fields)


def _row(fields: list[bytes]) -> Row:
    name, version, built_from, filename, size, digest = (
        field.decode(errors="replace") for field in fields
    )
    source, _, source_version = built_from.partition(" ")
    return Row(
        name,
        version,
        source or name,
        source_version.strip("()") or version,
        filename,
        int(size) if size.isdigit() and len(size) < 13 else 0,  # noqa: PLR2004 - a terabyte
        digest,
    )


def _line(stanza: bytes) -> bytes:
    found: dict[bytes, bytes] = {}
    for line in stanza.split(b"\n"):
        key, _, value = line.partition(b": ")
        found[key] = value
    if b"Package" not in found:
        return b""
    line = b"\t".join(found.get(key, b"").strip() for key in _FIELDS)
    return line + b"\n" if line.count(b"\t") == len(_FIELDS) - 1 else b""


def _blocks(parts: Iterable[bytes], url: str) -> Iterator[bytes]:
    """Give whole stanzas, many at a time."""
    rest = b""
    for part in parts:
        rest += part
        cut = rest.rfind(b"\n\n")
        if cut >= 0:
            yield rest[:cut]
            rest = rest[cut + 2 :]
        if len(rest) > _MOST_STANZA:
            raise ArchiveUnusable(f"{url}: a stanza of more than {_MOST_STANZA} bytes")
    yield rest.rstrip(b"\n")


def _unpacked(pieces: Iterable[bytes], hashed: hashlib._Hash, url: str) -> Iterator[bytes]:
    engine = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)
    size = 0
    for piece in pieces:
        hashed.update(piece)
        if engine.eof:
            raise ArchiveUnusable(f"{url}: something follows where it should end")
        waiting = piece
        while not engine.eof:
            part = engine.decompress(waiting, _STEP)
            waiting = b""
            size += len(part)
            if size > _MOST_TEXT:
                raise ArchiveUnusable(f"{url}: more than {_MOST_TEXT} bytes of text")
            if part:
                yield part
            if engine.needs_input:
                break
    if not engine.eof:
        raise ArchiveUnusable(f"{url}: cut off")
