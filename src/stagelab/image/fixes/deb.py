"""The changelog inside a .deb.

Sources: deb(5), ar(5); Debian Policy, "Changelog files and release notes": it is in
`/usr/share/doc/PACKAGE/changelog.Debian.gz`, or `changelog.gz` of what only Debian has.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator

from stagelab.errors import ArchiveDamaged
from stagelab.image.stream import ByteStream, decompressed
from stagelab.image.tar import headers

_MAGIC = b"!<arch>\n"
_HEADER = 60
_STEP = 1 << 20
_MOST_MEMORY = 1 << 28
_MOST_DATA = 1 << 27
_MOST_CHANGELOG = 1 << 22
_MOST_MEMBERS = 20


def changelog(raw: bytes, package: str) -> str | None:
    """Give the changelog in a package, None if it has none or cannot be read.

    Args:
        raw: The .deb.
        package: Its name.
    """
    folder = f"./usr/share/doc/{package}/"
    wanted = {folder + "changelog.Debian.gz", folder + "changelog.gz"}
    found: dict[str, bytes] = {}
    try:
        stream = _data(raw)
        for header in headers(stream) if stream else ():
            name = "./" + header.name.removeprefix("./").lstrip("/")
            if name in wanted and header.kind == "file" and header.stored <= _MOST_CHANGELOG:
                found[name] = stream.read(header.stored) if stream else b""
                if name.endswith(".Debian.gz"):
                    break
    except (ArchiveDamaged, lzma.LZMAError, MemoryError):
        return None
    packed = found.get(folder + "changelog.Debian.gz") or found.get(folder + "changelog.gz")
    if packed is None:
        return None
    engine = zlib.decompressobj(wbits=31)
    try:
        text = engine.decompress(packed, _MOST_CHANGELOG)
    except zlib.error:
        return None
    # The newest entries come first, so that the beginning of a very long one will do.
    whole = engine.eof or len(text) == _MOST_CHANGELOG
    return text.decode(errors="replace") if whole else None


def _data(raw: bytes) -> ByteStream | None:
    """Give the tar of the package's files."""
    if not raw.startswith(_MAGIC):
        return None
    at = len(_MAGIC)
    for _ in range(_MOST_MEMBERS):
        header = raw[at : at + _HEADER]
        name, size = header[:16].decode("latin-1").strip().rstrip("/"), header[48:58].strip()
        if len(header) < _HEADER or not size.isdigit():
            return None
        start, stop = at + _HEADER, at + _HEADER + int(size)
        if name.startswith("data.tar"):
            packed = raw[start:stop]
            if name.endswith(".xz"):
                return ByteStream(_unxz(packed))
            return ByteStream(_bounded(decompressed(ByteStream([packed]))))
        at = stop + stop % 2
    return None


def _unxz(packed: bytes) -> Iterator[bytes]:
    engine = lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
    left = _MOST_DATA
    while not engine.eof and left > 0:
        part = engine.decompress(packed, _STEP)
        packed = b""
        if not part and engine.needs_input:
            return
        left -= len(part)
        yield part


def _bounded(stream: ByteStream) -> Iterator[bytes]:
    left = _MOST_DATA
    while left > 0 and (part := stream.read_some(_STEP)):
        left -= len(part)
        yield part
