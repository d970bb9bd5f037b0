"""What is known of images: from the cache, or else read from where they are."""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stagelab import _render
from stagelab.errors import ArchiveDamaged, ImageError
from stagelab.image import cache
from stagelab.image.archive import Parts
from stagelab.image.merge import merge
from stagelab.image.room import MOST_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stagelab.image.archive import Described
    from stagelab.image.layer import LayerFacts
    from stagelab.image.merge import Merged
    from stagelab.image.source import Source

    Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of one image.

    Attributes:
        image_id: The image's ID.
        config: The image configuration, as in the OCI image specification.
        layers: The facts of every layer, by diff ID.
        merged: The file system that they give.
        stored: Bytes of the compressed form of layers, by diff ID, of those that came compressed.
    """

    image_id: str
    config: dict[str, Any]
    layers: dict[str, LayerFacts]
    merged: Merged
    stored: dict[str, int]


def gather(sources: Sequence[Source], progress: Progress | None) -> list[Read]:
    """Give what is known of each image; those of one place are read at once.

    Args:
        sources: The images.
        progress: As in `xray`.

    Raises:
        ImageNotFound: If an engine has no such image.
        ArchiveDamaged: If an archive is cut off, inconsistent, unsafe or beyond measure.
        ImageError: If an image cannot be read for another reason.
    """
    known: dict[str, LayerFacts] = {}  # images share layers
    found = [_remembered(source, known) for source in sources]
    unknown: dict[object, dict[str | None, Source]] = {}
    for source, read in zip(sources, found, strict=True):
        if read is None:
            unknown.setdefault(source.place, {})[source.image_id] = source
    fresh: dict[tuple[object, str | None], Read] = {}
    for place, by_id in unknown.items():
        for source, read in zip(by_id.values(), _read([*by_id.values()], progress), strict=True):
            fresh[place, source.image_id] = read
    return [
        read or fresh[source.place, source.image_id]
        for source, read in zip(sources, found, strict=True)
    ]


def fetch(source: Source, diff_id: str, path: str) -> bytes | None:
    """Read one file of one layer; None if it is not there or too large."""
    with closing(source.pieces()) as pieces:
        for facts in Parts().layers(pieces, keep=lambda name: name == path):
            if facts.diff_id == diff_id:
                return facts.contents.get(path)
    return None


def _remembered(source: Source, known: dict[str, LayerFacts]) -> Read | None:
    """Give what the cache knows of an image, None if it does not know all of it."""
    if not source.image_id:
        return None
    config, stored = cache.load_config(source.image_id) or (source.configuration(), {})
    if config is None:
        return None
    layers = {}
    for diff_id in (config.get("rootfs") or {}).get("diff_ids") or []:
        facts = known.get(diff_id) or cache.load_layer(diff_id)
        if facts is None:
            return None
        layers[diff_id] = known[diff_id] = facts
    return _put_together(source.image_id, config, layers, stored)


def _read(sources: Sequence[Source], progress: Progress | None) -> list[Read]:
    """Read images of one place, all at once."""
    first, *others = sources
    parts = Parts()
    layers = {}
    total = sum(source.total_bytes or 0 for source in sources) or None
    title = " and ".join(source.name for source in sources)
    view = nullcontext(progress) if progress else _render.live("read", title)
    with view as watching, closing(first.pieces(*others)) as pieces:
        for facts in parts.layers(_told(pieces, total, watching) if watching else pieces):
            layers[facts.diff_id] = facts
            cache.store_layer(facts)
    images = parts.images()
    return [_chosen(source, images, len(sources), layers, parts.stored) for source in sources]


def _chosen(
    source: Source,
    images: Sequence[Described],
    asked: int,
    layers: dict[str, LayerFacts],
    stored: dict[str, int],
) -> Read:
    mine = [image for image in images if source.image_id in image.digests]
    if not mine and asked == 1:
        mine = list(images)
    if len(mine) > 1:
        raise ImageError(
            f"The archive of {source.name} holds {len(mine)} images.",
            fix="Write one image to an archive of its own with `docker save -o FILE IMAGE`.",
            detail=", ".join(image.digests[0] for image in mine),
        )
    if not mine:
        raise ImageError(
            f"The engine did not give out the image {source.name} with the others.",
            fix="Look into the images one by one.",
            detail=f"{source.image_id} is not among the images of the archive",
        )
    config = mine[0].config
    needed = (config.get("rootfs") or {}).get("diff_ids") or []
    missing = [diff_id for diff_id in needed if diff_id not in layers]
    if missing:
        raise ArchiveDamaged(
            "A layer that the image's configuration names is missing, or its contents are not "
            "what their digest says.",
            fix="Write the archive again with `docker save -o FILE IMAGE`.",
            detail=", ".join(missing),
        )
    if sum(len(layers[diff_id].entries) for diff_id in needed) > MOST_NAMES:
        raise ArchiveDamaged(
            "The image stacks the same layers again and again: its configuration is damaged, or "
            "made to fill a memory.",
            fix="Ask where the archive comes from.",
            detail=f"{len(needed)} layers with more than {MOST_NAMES:,} names",
        )
    image_id = source.image_id or mine[0].digests[0]
    own = {diff_id: stored[diff_id] for diff_id in needed if diff_id in stored}
    read = _put_together(image_id, config, layers, own)
    cache.store_config(image_id, config, own)  # last: it keeps the folder within its bound
    return read


def _put_together(
    image_id: str,
    config: dict[str, Any],
    layers: dict[str, LayerFacts],
    stored: dict[str, int],
) -> Read:
    needed = (config.get("rootfs") or {}).get("diff_ids") or []
    stacked = [layers[diff_id] for diff_id in needed]
    merged = cache.load_merged(stacked)
    if merged is None:
        merged = merge(stacked)
        cache.store_merged(stacked, merged)
    return Read(image_id, config, {facts.diff_id: facts for facts in stacked}, merged, stored)


def _told(pieces: Iterator[bytes], total: int | None, progress: Progress) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        done += len(piece)
        progress(done, total)
        yield piece
