"""Where an image's bytes come from: an engine or an archive in a file."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import docker.errors
import requests
from urllib3.exceptions import HTTPError

from stagelab.errors import ImageError, ImageNotFound
from stagelab.image.inspection import configuration
from stagelab.image.stream import PIECE

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from docker import DockerClient
    from docker.models.images import Image


class Source(Protocol):
    """An image's bytes, as often as they are asked for.

    Sources that have the same `place` (an engine, a file) can be read at once.
    """

    @property
    def name(self) -> str:
        """What the image is called."""

    @property
    def image_id(self) -> str | None:
        """Its ID on the engine, a digest of its contents; None if only the bytes tell."""

    @property
    def total_bytes(self) -> int | None:
        """About how many bytes `pieces` gives; None if unknown."""

    def configuration(self) -> dict[str, Any] | None:
        """Give the image's configuration if it can be had without reading the image."""

    def agrees(self, config: Mapping[str, Any]) -> bool:
        """Tell whether a configuration can be the image's, by what is known without reading it."""

    @property
    def place(self) -> object:
        """What holds it: sources of one place can be read at once."""

    def pieces(self, *others: Source) -> Generator[bytes]:
        """Give the archive of this image, and of others of the same place, from its start."""


@dataclass(frozen=True, slots=True)
class EngineSource:
    """An image on an engine."""

    image: Image
    name: str

    @property
    def image_id(self) -> str | None:
        """The engine's ID of the image."""
        return str(self.image.id)

    @property
    def total_bytes(self) -> int | None:
        """The engine's own idea of the image's size, which is near the archive's."""
        size: int | None = self.image.attrs.get("Size")
        return size

    @property
    def place(self) -> object:
        """The client that talks to the engine."""
        return self.image.client.api

    def configuration(self) -> dict[str, Any] | None:
        """Put it together from what the engine tells of the image."""
        try:
            return configuration(self.image)
        except (docker.errors.APIError, requests.RequestException):
            return None  # reading the image will say what is wrong

    def agrees(self, config: Mapping[str, Any]) -> bool:
        """Compare the platform and the layers with what the engine tells.

        The ID alone does not do: an engine with the containerd image store may call an image by
        the digest of an index of several platforms, and tell of the one that it has.
        """
        told = self.image.attrs
        layers = (told.get("RootFS") or {}).get("Layers") or []
        if layers != ((config.get("rootfs") or {}).get("diff_ids") or []):
            return False
        platform = ("Architecture", "Os", "Variant")
        pairs = [(told.get(name), config.get(name.lower())) for name in platform]
        return all(one == other for one, other in pairs if one and other)

    def pieces(self, *others: Source) -> Generator[bytes]:
        """Give what `docker save` gives: layers that images share come once.

        Raises:
            ImageNotFound: If the image was removed meanwhile.
            ImageError: If the engine stops in the middle.
        """
        api = self.image.client.api
        called = " and ".join(source.name for source in (self, *others))
        # `docker save` asks in this way for several images; the SDK's get_image takes only one.
        url = f"{api.base_url}/v{api.api_version}/images/get"
        names = [source.image_id for source in (self, *others)]
        try:
            with api.get(url, params={"names": names}, stream=True, timeout=None) as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    raise _not_found(called, response.text)
                if not response.ok:
                    raise stopped(called, response.text)
                # `iter_content` would give each of the engine's small chunks for itself.
                while piece := response.raw.read(PIECE):
                    yield piece
        except (requests.RequestException, HTTPError) as error:
            raise stopped(called, str(error)) from error


@dataclass(frozen=True, slots=True)
class FileSource:
    """An image archive in a file."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def image_id(self) -> str | None:
        """Unknown before the archive is read."""
        return None

    @property
    def total_bytes(self) -> int | None:
        """Size of the file."""
        return self.path.stat().st_size

    @property
    def place(self) -> object:
        """The file."""
        return self.path

    def configuration(self) -> dict[str, Any] | None:
        """Unknown before the archive is read."""
        return None

    def agrees(self, config: Mapping[str, Any]) -> bool:  # noqa: ARG002 - nothing speaks against it
        """Any configuration in the archive can be meant."""
        return True

    def pieces(self, *others: Source) -> Generator[bytes]:  # noqa: ARG002 - they are in this file
        """Give the file's bytes.

        Raises:
            ImageError: If it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            raise ImageError(
                f"The image archive {self.path} cannot be read.",
                fix="Check the path and your rights to it.",
                detail=str(error),
            ) from error


def source_of(thing: object, client: DockerClient | None) -> Source:
    """Give the source for anything that stands for an image.

    Args:
        thing: An image of the SDK; an object whose `image` is one (a `Build`); a reference; or the
            path of an image archive (a `Path`, or a string that names a file that exists or that
            ends in .tar, .tar.gz or .tgz).
        client: The engine for a reference; None for the one that `connect` finds.

    Raises:
        ImageNotFound: If the engine has no such image.
        ImageError: If the archive does not exist, or the thing is none of these.
    """
    inner = getattr(thing, "image", None)
    if inner is not None:
        return EngineSource(inner, getattr(thing, "tag", None) or _name(inner))
    if hasattr(thing, "attrs") and hasattr(thing, "tags"):
        return EngineSource(thing, _name(thing))
    if isinstance(thing, PathLike) or (isinstance(thing, str) and _names_file(thing)):
        path = Path(thing)
        if not _is_file(str(path)):
            raise ImageError(
                f"There is no image archive {path}.",
                fix=f"Write one with `docker save -o {path.name} IMAGE`.",
            )
        return FileSource(path)
    if isinstance(thing, str):
        return EngineSource(_image(thing, client), thing)
    raise ImageError(
        f"This is nothing that can be x-rayed: {type(thing).__name__}.",
        fix="Give an image, a build, a reference such as 'alpine:3.22', or an archive's path.",
    )


def _image(reference: str, client: DockerClient | None) -> Image:
    if client is None:
        from stagelab.engine import connect  # noqa: PLC0415 - an archive needs no engine

        client = connect()
    try:
        return client.images.get(reference)
    except docker.errors.NotFound as error:
        raise _not_found(reference, str(error.explanation)) from error
    except docker.errors.APIError as error:
        raise ImageError(
            f"The engine cannot look up the image {reference!r}.",
            fix="Check the reference's spelling: NAME[:TAG], in lower case.",
            detail=str(error.explanation),
        ) from error


def _name(image: Any) -> str:  # noqa: ANN401 - the SDK has no types
    return str(image.tags[0] if image.tags else image.short_id).removeprefix("sha256:")


def _names_file(name: str) -> bool:
    return name.endswith((".tar", ".tar.gz", ".tgz")) or _is_file(name)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long, or with a NUL: no file can be called so
        return False


def stopped(called: str, detail: str) -> ImageError:
    """Make the error for an engine that does not give out all of an image."""
    return ImageError(
        f"The engine stopped in the middle of giving out the image {called}.",
        fix="Run `./course doctor` to see whether the engine is well, then try again.",
        detail=detail.strip(),
    )


def _not_found(reference: str, detail: str) -> ImageNotFound:
    return ImageNotFound(
        f"There is no image {reference!r} on this engine.",
        fix="See `docker image ls` for what there is; build it or pull it first.",
        detail=detail,
    )
