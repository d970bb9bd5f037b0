"""Who made a thing: a process, told apart from all others, and whether it still runs."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from stagelab.engine import processes

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACES = (Path("/proc/self/ns/pid"), Path("/proc/self/ns/time"))


def me() -> str:
    """Name this process: its machine, its number, and when it started."""
    pid = os.getpid()  # asked each time: a fork is another owner
    return f"{_machine()}.{pid}.{processes.started(pid)}"


def lives(owner: str) -> bool | None:
    """Tell whether a process runs.

    Args:
        owner: It, as `me` named it.

    Returns:
        None if that cannot be known here: it is of another machine, of another container, or of
        a time before this machine was started anew.
    """
    machine, _, rest = owner.partition(".")
    number, _, start = rest.partition(".")
    if machine != _machine() or not number.isdecimal():
        return None
    return processes.lives(int(number), start)


@cache
def _machine() -> str:
    """Name what numbers of processes are unique in: a machine's run, a container's within it."""
    try:
        parts = [_BOOT.read_text().strip()]
    except OSError:
        import platform  # noqa: PLC0415 - not needed on Linux
        import uuid  # noqa: PLC0415 - as above

        parts = [platform.node(), str(uuid.getnode())]
    for namespace in _NAMESPACES:
        try:
            parts.append(str(namespace.readlink()))
        except OSError:
            continue
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
