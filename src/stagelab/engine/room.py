"""How much disk and memory an engine of this machine has left."""

from __future__ import annotations

import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import docker

_MEMINFO = Path("/proc/meminfo")
_KILOBYTES = re.compile(r"^(\w+): +(\d+) kB$", re.MULTILINE)
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
    return None if root is None else free_at(root)


def free_at(root: Path) -> int | None:
    """Give the free space of the disk that a folder of this machine is on, in bytes.

    Args:
        root: The folder, as an engine names it.

    Returns:
        None if it is no folder of this machine, or this user may not ask about it.
    """
    try:
        return shutil.disk_usage(root).free if root.is_absolute() else None
    except OSError:
        return None


def memory(client: docker.DockerClient) -> tuple[int, int] | None:
    """Give the memory of this machine that can still be used, swap included, and all of it.

    Args:
        client: The engine.

    Returns:
        Both in bytes; None if the engine is elsewhere, or this is no Linux.
    """
    root = _root(client)
    if sys.platform != "linux" or root is None or not root.exists():
        return None
    try:
        text = _MEMINFO.read_text(encoding="ascii")
    except OSError:
        return None
    kilobytes = {name: int(value) for name, value in _KILOBYTES.findall(text)}
    left = kilobytes.get("MemAvailable", 0) + kilobytes.get("SwapFree", 0)
    return 1024 * left, 1024 * kilobytes.get("MemTotal", 0)


@cache
def _root(client: docker.DockerClient) -> Path | None:
    if client.api.base_url != _UNIX:
        return None
    root = Path(str(client.info().get("DockerRootDir", "")))
    return root if root.is_absolute() else None
