"""Load an image archive into an engine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException

from stagelab.bases.progress import Progress
from stagelab.errors import BaseUnavailable

_CHUNK = 1 << 20


def load(
    client: docker.DockerClient, path: Path, references: Sequence[str], progress: Progress
) -> None:
    """Load an archive; references that were on the engine before still name what they named.

    Args:
        client: The engine's.
        path: An archive in the layout of `docker save`.
        references: All that the archive tags its images with.
        progress: Gets the bytes sent and the file's size.

    Raises:
        BaseUnavailable: The engine does not take it, or the file cannot be read.
    """
    before = {one: image_id for one in references if (image_id := _image_id(client, one))}
    try:
        client.images.load(_chunks(path, progress))
    except (DockerException, RequestException, OSError) as error:
        full = "no space left" in str(error).lower()
        raise BaseUnavailable(
            "The engine's disk is full: the image archive does not fit."
            if full
            else f"The engine does not load the image archive {path}.",
            fix="Free space: ./course clean, and docker system df for the rest."
            if full
            else "Make or copy the archive again; try it alone with: docker load -i " + str(path),
            detail=str(error),
        ) from error
    finally:
        for reference, image_id in before.items():
            if _image_id(client, reference) != image_id:
                name, _, tag = reference.rpartition(":")
                client.api.tag(image_id, name, tag)


def _image_id(client: docker.DockerClient, reference: str) -> str | None:
    with contextlib.suppress(ImageNotFound):
        return str(client.images.get(reference).id)
    return None


def _chunks(path: Path, progress: Progress) -> Iterator[bytes]:
    total = path.stat().st_size
    sent = 0
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK):
            yield chunk
            sent += len(chunk)
            progress(f"Loading {path.name}", sent, total)
