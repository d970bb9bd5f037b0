"""`xray`: look into images."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, overload

from stagelab.engine.lost import watched
from stagelab.errors import ImageError
from stagelab.image.analysis import analyse, with_fixes
from stagelab.image.gathering import fetch, gather
from stagelab.image.source import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike
    from typing import TypeAlias

    from docker import DockerClient
    from docker.models.images import Image

    from stagelab.builds.facts import Build
    from stagelab.image.facts import XRay

    Thing: TypeAlias = Image | Build | str | PathLike[str]
    Progress: TypeAlias = Callable[[int, int | None], None]


@overload
def xray(
    image: Thing,
    /,
    *,
    client: DockerClient | None = None,
    fixes: bool = False,
    progress: Progress | None = None,
) -> XRay: ...


@overload
def xray(
    image: Thing,
    other: Thing,
    /,
    *others: Thing,
    client: DockerClient | None = None,
    fixes: bool = False,
    progress: Progress | None = None,
) -> tuple[XRay, ...]: ...


def xray(
    *images: Thing,
    client: DockerClient | None = None,
    fixes: bool = False,
    progress: Progress | None = None,
) -> XRay | tuple[XRay, ...]:
    """Look into images: their layers, their file system, and what is in it.

    Images of one engine are read at once, as `docker save` gives them, so that layers which they
    share come only once; nothing of them is run or written. What a layer holds is kept in the
    user's cache folder by the layer's digest, so that an image whose layers were all seen before
    is not read again.

    Args:
        images: Each an image of the SDK, a build, a reference, or the path of an image archive.
        client: The engine for references; None for the one that `connect` finds.
        fixes: Whether to ask the images' distribution for newer versions of their packages, over
            the network. If it cannot be asked, the x-ray says so (`XRay.fixes`).
        progress: Called while images are read, with the bytes so far and about how many there
            are (None if unknown); None shows them in a notebook and nothing elsewhere.

    Returns:
        One x-ray for one image; of several a tuple in their order.

    Raises:
        ImageNotFound: If the engine has no such image.
        ArchiveDamaged: If an archive is cut off, inconsistent, unsafe or beyond measure.
        ImageError: If an image cannot be read for another reason, or none is given.
        EngineUnreachable: If the engine goes away meanwhile.
    """
    if not images:
        raise ImageError(
            "There is no image to look into.",
            fix="Give an image, a build, a reference such as 'alpine:3.22', or an archive's path.",
        )
    with watched("the look into the image", client):
        return _seen(images, client, progress, fixes=fixes)


def _seen(
    images: tuple[Thing, ...],
    client: DockerClient | None,
    progress: Progress | None,
    *,
    fixes: bool,
) -> XRay | tuple[XRay, ...]:
    sources = [source_of(image, client) for image in images]
    with _without_collector():
        seen = [
            analyse(
                source.name,
                read,
                bases=tuple(getattr(image, "bases", ())),
                fetch=partial(fetch, source),
            )
            for image, source, read in zip(images, sources, gather(sources, progress), strict=True)
        ]
    if fixes:
        seen = [with_fixes(each) for each in seen]
    return seen[0] if len(seen) == 1 else tuple(seen)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let the collector of reference cycles rest, if it runs at all.

    Facts are tens of thousands of tuples without a single cycle, and it would look through them
    again and again while they come into being.
    """
    runs = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if runs:
            gc.enable()
