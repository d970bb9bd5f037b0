"""What the golang base image sets for the go command."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from docker.errors import DockerException, ImageNotFound

from stagelab.bases.catalog import entry
from stagelab.engine.placing import placed
from stagelab.errors import BaseUnavailable

if TYPE_CHECKING:
    import docker

_FILE = "/usr/local/go/go.env"


def default_proxy(client: docker.DockerClient) -> str:
    """Give GOPROXY as the go command of the golang image has it by itself; "" if it says none.

    It is in `go.env` of GOROOT, which the image is asked for without running anything.

    Raises:
        BaseUnavailable: The image is not on the engine.
    """
    reference = entry("golang").reference
    try:
        with placed(client, reference) as container:
            pieces, _ = client.api.get_archive(container.id, _FILE)
            with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
                file = archive.extractfile(archive.next() or "")
                lines = file.read().decode("utf-8").splitlines() if file else []
    except ImageNotFound as error:
        raise BaseUnavailable(
            f"The base image {reference} is not on this engine.",
            fix="./course bases brings it.",
            detail=str(error.explanation or error),
        ) from None
    except (DockerException, tarfile.TarError, KeyError):
        return ""
    settings = dict(line.partition("=")[::2] for line in lines if not line.startswith("#"))
    return settings.get("GOPROXY", "")
