"""A control group round all that the course's own engine runs: containers and RUN steps.

BuildKit's API has no limits for RUN steps, but it puts them below the engine's own group (`cgroup-
parent` in daemon.json), so what limits that group limits them. Both versions of control groups:
cgroups(7).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from stagelab.engine.ownpaths import Paths

MEMORY_SHARE = 0.75
"""Part of the machine's memory that the engine's containers and builds may use together; the rest
is for the engine itself, the notebooks and the desktop."""

PIDS = 8192
"""Most processes and threads of theirs together. A compile of Go starts some dozens on each
processor, and a class of learners may share one engine; a machine has 32768 or more."""

_ROOT = Path("/sys/fs/cgroup")
_CONTROLLERS = ("memory", "pids")
_KERNEL_LIMITS = ("/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max")


def prepare(place: Paths, root: Path = _ROOT) -> str | None:
    """Make the group and set its limits.

    Args:
        place: The own engine's files; each own engine has a group of its own.
        root: Where control groups are mounted.

    Returns:
        Its name for `cgroup-parent`; None where it cannot be made, as in a container whose control
        groups are read-only. The engine then runs without.
    """
    group = _name(place)
    try:
        if (root / "cgroup.controllers").is_file():
            _limit_v2(root, root / group)
        else:
            _limit_v1(root, group)
    except OSError:
        remove(place, root)
        return None
    return f"/{group}"


def remove(place: Paths, root: Path = _ROOT) -> None:
    """Remove the group and all that is below it; what still has processes stays.

    Args:
        place: The own engine's files.
        root: Where control groups are mounted.
    """
    group = _name(place)
    for top in {root / group, *(root / hierarchy / group for hierarchy in _hierarchies(root))}:
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()


def _name(place: Paths) -> str:
    return f"stagelab-{hashlib.sha256(os.fsencode(place.home)).hexdigest()[:8]}"


def _hierarchies(root: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return [folder.name for folder in root.iterdir() if (folder / "tasks").is_file()]
    return []


def _limit_v1(root: Path, group: str) -> None:
    memory, pids = (root / controller / group for controller in _CONTROLLERS)
    for folder in (memory, pids):
        if not (folder.parent / "cgroup.procs").is_file():
            raise FileNotFoundError(folder.parent)
        folder.mkdir(exist_ok=True)
    hierarchy = memory / "memory.use_hierarchy"
    if hierarchy.is_file() and hierarchy.read_text().strip() != "1":
        hierarchy.write_text("1")  # else the groups below are not counted
    size = str(_memory_bytes())
    with_swap = memory / "memory.memsw.limit_in_bytes"
    if with_swap.is_file():
        with_swap.write_text("-1")  # it must never be below the other one
    (memory / "memory.limit_in_bytes").write_text(size)
    if with_swap.is_file():
        with_swap.write_text(size)
    (pids / "pids.max").write_text(str(_most_pids()))


def _limit_v2(root: Path, group: Path) -> None:
    enabled = (root / "cgroup.subtree_control").read_text().split()
    for controller in _CONTROLLERS:
        if controller not in enabled:
            (root / "cgroup.subtree_control").write_text(f"+{controller}")
    group.mkdir(exist_ok=True)
    (group / "memory.max").write_text(str(_memory_bytes()))
    with contextlib.suppress(OSError):  # there is none without swap
        (group / "memory.swap.max").write_text("0")
    (group / "pids.max").write_text(str(_most_pids()))


def _memory_bytes() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(MEMORY_SHARE * total)


def _most_pids() -> int:
    kernel = []
    for name in _KERNEL_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            kernel.append(int(Path(name).read_text()))
    return min(PIDS, min(kernel, default=2 * PIDS) // 2)
