"""What is known of images: from the cache, or else read from where they are."""

from __future__ import annotations

from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stagelab import _render
from stagelab.errors import ArchiveDamaged, ImageError
from stagelab.image import cache
from stagelab.image.archive import Parts
from stagelab.image.merge import merge
from stagelab.image.room import MOST_NAMES
from stagelab.image.source import stopped
from stagelab.image.stream import CutOff
from stagelab.image.turns import turn

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
        stored: Bytes of the compressed form of layers, by diff ID, of those that came compressed
            with this very image.
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
        for image_id, read in _read_in_turn(by_id, progress).items():
            fresh[place, image_id] = read
    return [
        read or fresh[source.place, source.image_id]
        for source, read in zip(sources, found, strict=True)
    ]


def _read_in_turn(
    by_id: dict[str | None, Source], progress: Progress | None
) -> dict[str | None, Read]:
    """Read images of one place, by their IDs, other kernels' turns being kept."""
    if None in by_id:
        return dict(zip(by_id, _read([*by_id.values()], progress), strict=True))  # a file
    with turn() as waited:
        known: dict[str, LayerFacts] = {}
        found = {
            image_id: read
            for image_id, source in by_id.items()
            if waited and (read := _remembered(source, known))
        }
        left = {image_id: source for image_id, source in by_id.items() if image_id not in found}
        reads = _read([*left.values()], progress) if left else []
        return found | dict(zip(left, reads, strict=True))


def fetch(source: Source, diff_id: str, path: str) -> bytes | None:
    """Read one file of one layer; None if it is not there or too large.

    Raises:
        ImageNotFound: If the engine does not have the image any more.
        ArchiveDamaged: If the archive is cut off, inconsistent, unsafe or beyond measure.
        ImageError: If the image cannot be read for another reason.
    """
    with _complete(source, source.name), closing(source.pieces()) as pieces:
        for facts in Parts().layers(pieces, keep=lambda name: name == path):
            if facts.diff_id == diff_id:
                return facts.contents.get(path)
    return None


def _remembered(source: Source, known: dict[str, LayerFacts]) -> Read | None:
    """Give what the cache knows of an image, None if it does not know all of it."""
    if not source.image_id:
        return None
    stored: dict[str, int] = {}
    kept = cache.load_config(source.image_id)
    if kept and source.agrees(kept[0]):
        config, stored = kept
    elif told := source.configuration():
        config = told
    else:
        return None
    layers = {}
    for diff_id in (config.get("rootfs") or {}).get("diff_ids") or []:
        facts = known.get(diff_id) or cache.load_layer(diff_id)
        if facts is None:
            return None
        layers[diff_id] = known[diff_id] = facts
    return _put_together(source.image_id, config, layers, stored, again=True)


def _read(sources: Sequence[Source], progress: Progress | None) -> list[Read]:
    """Read images of one place, all at once."""
    first, *others = sources
    parts = Parts()
    layers = {}
    total = sum(source.total_bytes or 0 for source in sources) or None
    title = " and ".join(source.name for source in sources)
    view = nullcontext(progress) if progress else _render.live("read", title)
    with _complete(first, title):
        with view as watching, closing(first.pieces(*others)) as pieces:
            for facts in parts.layers(_told(pieces, total, watching) if watching else pieces):
                layers[facts.diff_id] = facts
                cache.store_layer(facts)
        images = parts.images()
        return [_chosen(source, images, len(sources), layers, parts.stored) for source in sources]


@contextmanager
def _complete(source: Source, title: str) -> Iterator[None]:
    """Say it of the engine if an archive that it gives out lacks something."""
    try:
        yield
    except CutOff as error:
        if source.image_id is None:
            raise ArchiveDamaged(error.cause, fix=error.fix, detail=error.detail) from error
        raise stopped(title, error.detail) from error


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
    if len(mine) > 1:  # of several platforms the engine tells of one
        mine = [image for image in mine if source.agrees(image.config)] or mine
    if len(mine) > 1:
        raise _several(source, mine)
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
        raise CutOff(
            "A layer that the image's configuration names is missing, or its contents are not "
            "what their digest says.",
            fix="Write the archive again with `docker save -o FILE IMAGE`.",
            detail=", ".join(missing),
        )
    own = {diff_id: stored[diff_id] for diff_id in needed if diff_id in stored}
    image_id = source.image_id or mine[0].digests[0]
    read = _put_together(image_id, config, layers, own, again=source.image_id is not None)
    if source.image_id:  # a file is read each time: it tells its own compressed sizes, no other's
        cache.store_config(source.image_id, config, own)
    cache.bound([layers[diff_id] for diff_id in needed])
    return read


def _several(source: Source, images: Sequence[Described]) -> ImageError:
    detail = ", ".join(image.digests[0] for image in images)
    if source.image_id is None:
        return ImageError(
            f"The archive of {source.name} holds {len(images)} images.",
            fix="Write one image to an archive of its own with `docker save -o FILE IMAGE`.",
            detail=detail,
        )
    return ImageError(
        f"The engine has {len(images)} images under the name {source.name}, and does not tell "
        "which of them it would start.",
        fix="Build or pull it for one platform, under a name of its own.",
        detail=detail,
    )


def _put_together(
    image_id: str,
    config: dict[str, Any],
    layers: dict[str, LayerFacts],
    stored: dict[str, int],
    *,
    again: bool,
) -> Read:
    """Stack layers; what comes of it is kept if the image can be asked for `again` by its ID."""
    needed = (config.get("rootfs") or {}).get("diff_ids") or []
    stacked = [layers[diff_id] for diff_id in needed]
    if sum(len(layer.entries) for layer in stacked) > MOST_NAMES:
        raise ArchiveDamaged(
            "The image stacks the same layers again and again: its configuration is damaged, or "
            "made to fill a memory.",
            fix="Ask where the image comes from.",
            detail=f"{len(needed)} layers with more than {MOST_NAMES:,} names",
        )
    merged = cache.load_merged(stacked)
    if merged is None:
        merged = merge(stacked)
        if again:
            cache.store_merged(stacked, merged)
            cache.bound(stacked)
    return Read(image_id, config, {facts.diff_id: facts for facts in stacked}, merged, stored)


def _told(pieces: Iterator[bytes], total: int | None, progress: Progress) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        done += len(piece)
        progress(done, total)
        yield piece
