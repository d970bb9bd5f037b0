"""The platforms of a build: the ARGs that tell them, and whether the image is for the right one."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound

from stagelab.builds.dockerfile import automatic_args
from stagelab.builds.edges import chain
from stagelab.builds.order import Order
from stagelab.errors import OptionUnsupported

if TYPE_CHECKING:
    import docker
    from docker.models.images import Image

_TOLD = re.compile(r"(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)")
_ALIASES = {"x86_64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386"}
"""What else an architecture is called, by the machine or by its users, to its name in images."""


def automatic(client: docker.DockerClient, dockerfile: str, platform: str | None) -> dict[str, str]:
    """Give the ARGs that BuildKit sets by itself, if the Dockerfile speaks of any.

    Args:
        client: The engine.
        dockerfile: Its text.
        platform: What is built for, None for the engine's own.
    """
    if not _TOLD.search(dockerfile):
        return {}
    return automatic_args(_platform(client), platform)


@cache
def _platform(client: docker.DockerClient) -> str:
    told = client.version()
    return f"{told['Os']}/{told['Arch']}"


def check_platform(order: Order, image: Image) -> None:
    """See that the engine did not take a base of its own platform in place of the wanted one.

    Engines do that without a word: the image then names its real platform, or it names the wanted
    one and still rests on the layers of the other.

    Raises:
        OptionUnsupported: The image, or the base below it, is for another platform.
    """
    if order.platform is None:
        return
    wanted = architecture(order.platform)
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


def architecture(platform: str) -> str:
    """Give the architecture of a platform, or of a machine, as images name it.

    Args:
        platform: Such as "linux/arm64", "linux/arm/v7", "arm64" or "x86_64".
    """
    name = platform.split("/")[1] if "/" in platform else platform
    return _ALIASES.get(name, name)


def _base(order: Order) -> Image | None:
    """Give the image that the target rests on, if it is on the engine."""
    stages = chain(order.source, order.source.built(order.target))
    try:
        return order.client.images.get(stages[-1].base) if stages else None
    except ImageNotFound:
        return None


def _rests_on(image: Image, base: Image) -> bool:
    below = base.attrs["RootFS"].get("Layers") or []
    return bool(below) and (image.attrs["RootFS"].get("Layers") or [])[: len(below)] == below
