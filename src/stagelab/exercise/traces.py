"""Find a secret's bytes in an image: in every layer, also where a later one hides them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stagelab.image.source import source_of
from stagelab.image.stream import PIECE, ByteStream, decompressed
from stagelab.image.tar import headers

if TYPE_CHECKING:
    from docker.models.images import Image


@dataclass(frozen=True, slots=True)
class Traces:
    """Where bytes were found.

    Attributes:
        layers: Diff IDs of the layers that hold them.
        described: Whether the image's description (settings, history) holds them.
    """

    layers: frozenset[str]
    described: bool

    def __bool__(self) -> bool:
        return bool(self.layers) or self.described


def traces(image: Image, needle: bytes, *, diff_ids: tuple[str, ...]) -> Traces:
    """Look for bytes in everything that ships with an image.

    Reads the image as `docker save` gives it, once, in pieces. Bytes that a file in the image has
    compressed are not seen.

    Args:
        image: The image.
        needle: What to look for.
        diff_ids: The image's layers; what else its archive holds is its description.

    Raises:
        ImageError: The image cannot be read.
    """
    layers: set[str] = set()
    described = False
    known = set(diff_ids)
    with closing(source_of(image, None).pieces()) as pieces:
        for digest in _holding(pieces, needle):
            if digest in known:
                layers.add(digest)
            else:
                described = True
    return Traces(frozenset(layers), described)


def _holding(pieces: Iterator[bytes], needle: bytes) -> Iterator[str]:
    """Give the digest of each file of an archive whose contents, decompressed, hold `needle`."""
    stream = ByteStream(pieces)
    for header in headers(stream):
        content = decompressed(ByteStream(stream.pieces(header.stored)))
        digest = hashlib.sha256()
        window = b""
        found = False
        while piece := content.read_some(PIECE):
            digest.update(piece)
            window += piece
            found = found or needle in window
            window = window[-len(needle) + 1 :]
        if found:
            yield "sha256:" + digest.hexdigest()
