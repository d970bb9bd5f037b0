"""Whether an image is for the platform that it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docker.errors import ImageNotFound

from stagelab.builds.order import Order
from stagelab.errors import OptionUnsupported

if TYPE_CHECKING:
    from docker.models.images import Image

_ALIASES = {"x86_64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386"}


def check_platform(order: Order, image: Image) -> None:
    """See that the engine did not take a base of its own platform in place of the wanted one.

    Engines do that without a word: the image then names its real platform, or it names the wanted
    one and still rests on the layers of the other.

    Raises:
        OptionUnsupported: The image, or the base below it, is for another platform.
    """
    if order.platform is None:
        return
    wanted = _architecture(order.platform)
    base = _base(order)
    on = image.attrs["Architecture"]
    if on == wanted and base is not None and _rests_on(image, base):
        on = base.attrs["Architecture"]
    if on != wanted:
        raise OptionUnsupported(
            f"The image was to be for {order.platform}, but the base images that are here are for "
            f"{on}, and the engine took those.",
            fix="Pull the base images for that platform, or compile for it on your own: a Go "
            "builder needs only GOARCH.",
        )


def _architecture(platform: str) -> str:
    name = platform.split("/")[1] if "/" in platform else platform
    return _ALIASES.get(name, name)


def _base(order: Order) -> Image | None:
    """Give the image that the target rests on, if it is on the engine."""
    stage = order.source.stage(order.target) if order.target else order.source.stages[-1]
    while stage is not None:
        earlier = order.source.stage(stage.base)
        if earlier is None or earlier.index >= stage.index:
            break
        stage = earlier
    try:
        return order.client.images.get(stage.base) if stage is not None else None
    except ImageNotFound:
        return None


def _rests_on(image: Image, base: Image) -> bool:
    below = base.attrs["RootFS"].get("Layers") or []
    return bool(below) and (image.attrs["RootFS"].get("Layers") or [])[: len(below)] == below
