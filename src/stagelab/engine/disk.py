"""How much room is left where an engine keeps its data."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import docker

_UNIX = "http+docker://localhost"  # how the SDK writes a socket's address; a pipe's has more


def free_bytes(client: docker.DockerClient) -> int | None:
    """Give the free space of the disk that an engine of this machine keeps its data on, in bytes.

    Args:
        client: The engine.

    Returns:
        None if it keeps them where this process cannot look: on another machine, in a virtual one,
        or in a folder that this user may not ask about.
    """
    root = _root(client)
    if root is None:
        return None
    try:
        return shutil.disk_usage(root).free
    except OSError:
        return None


@cache
def _root(client: docker.DockerClient) -> Path | None:
    if client.api.base_url != _UNIX:
        return None
    root = Path(str(client.info().get("DockerRootDir", "")))
    return root if root.is_absolute() else None
