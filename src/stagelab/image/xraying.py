"""`xray`: look into an image."""

from __future__ import annotations

from contextlib import closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from stagelab import _render
from stagelab.image import cache
from stagelab.image.analysis import analyse
from stagelab.image.archive import Parts
from stagelab.image.source import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike

    from docker import DockerClient
    from docker.models.images import Image

    from stagelab.builds.facts import Build
    from stagelab.image.facts import XRay
    from stagelab.image.layer import LayerFacts
    from stagelab.image.source import Source


def xray(
    image: Image | Build | str | PathLike[str],
    client: DockerClient | None = None,
    *,
    progress: Callable[[int, int | None], None] | None = None,
) -> XRay:
    """Look into an image: its layers, its file system, and what is in it.

    The image is read once, as `docker save` gives it, and nothing of it is run or written. What a
    layer holds is kept in the user's cache folder by the layer's digest, so that an image whose
    layers were all seen before is not read again.

    Args:
        image: An image of the SDK, a build, a reference, or the path of an image archive.
        client: The engine for a reference; None for the one that `connect` finds.
        progress: Called while the image is read, with the bytes so far and about how many there
            are (None if unknown); None shows them in a notebook and nothing elsewhere.

    Raises:
        ImageNotFound: If the engine has no such image.
        ArchiveDamaged: If an archive is cut off, inconsistent or unsafe.
        ImageError: If the image cannot be read for another reason.
    """
    source = source_of(image, client)
    bases = tuple(getattr(image, "bases", ()))
    fetch = partial(_fetch, source)
    image_id = source.image_id
    if image_id:
        config = cache.load_config(image_id) or source.configuration()
        known = _remembered(config) if config else None
        if config and known:
            return analyse(source.name, image_id, config, known, bases=bases, fetch=fetch)
    view = nullcontext(progress) if progress else _render.live("read", source.name)
    with view as watching:
        digest, config, known = _read(source, watching)
    image_id = image_id or digest
    found = analyse(source.name, image_id, config, known, bases=bases, fetch=fetch)
    cache.store_config(image_id, config)  # not before its layers are known to be all there
    return found


def _remembered(config: dict[str, Any]) -> dict[str, LayerFacts] | None:
    """Give the facts of all layers from the cache, None if one of them is not there."""
    known = {}
    for diff_id in (config.get("rootfs") or {}).get("diff_ids") or []:
        facts = cache.load_layer(diff_id)
        if facts is None:
            return None
        known[diff_id] = facts
    return known


def _read(
    source: Source, progress: Callable[[int, int | None], None] | None
) -> tuple[str, dict[str, Any], dict[str, LayerFacts]]:
    parts = Parts()
    known = {}
    with closing(source.pieces()) as pieces:
        for facts in parts.layers(_told(pieces, source, progress) if progress else pieces):
            known[facts.diff_id] = facts
    digest, config = parts.config()
    for facts in known.values():
        cache.store_layer(facts)
    return digest, config, known


def _told(
    pieces: Iterator[bytes], source: Source, progress: Callable[[int, int | None], None]
) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        done += len(piece)
        progress(done, source.total_bytes)
        yield piece


def _fetch(source: Source, diff_id: str, path: str) -> bytes | None:
    """Read one file of one layer; None if it is not there or too large."""
    with closing(source.pieces()) as pieces:
        for facts in Parts().layers(pieces, keep=lambda name: name == path):
            if facts.diff_id == diff_id:
                return facts.contents.get(path)
    return None
