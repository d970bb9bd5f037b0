"""What of the own engine runs or is left: its daemon, its containerd, containers, mounts, sockets.

A daemon that was killed leaves its containerd, its shims and what runs in its containers, and their
files in place; the next daemon would know of the containers no more once the files are gone. After
a reboot the files are there and the numbers in them may be other programs'. Both must not be in the
way of the next start.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from stagelab.engine import processes
from stagelab.engine.ownpaths import Paths
from stagelab.engine.processes import Process

_PATIENCE = 5.0
_SHARED_CONTAINERD = Path("/run/containerd/containerd.sock")


def daemon(place: Paths) -> Process | None:
    """Give the own engine's daemon, None if it does not run.

    Args:
        place: The own engine's files.
    """
    try:
        process = processes.find(int(place.pidfile.read_text()))
    except (OSError, ValueError):
        process = None
    if process is not None and is_daemon(process, place):
        return process
    # its pidfile is written late in a start, and can be lost
    return next((p for p in processes.all_processes() if is_daemon(p, place)), None)


def is_daemon(process: Process, place: Paths) -> bool:
    """Tell whether a process is the own engine's daemon.

    Args:
        process: The process.
        place: The own engine's files.
    """
    named = process.program == "dockerd" and str(place.config) in process.command
    return named and processes.shares_files(process.pid)


def running(place: Paths) -> list[Process]:
    """List every process of the own engine: daemon, containerd, shims.

    Args:
        place: The own engine's files.
    """
    own = str(place.exec_root) + "/"
    return [
        process
        for process in processes.all_processes()
        if is_daemon(process, place)
        or (
            process.program.startswith(("containerd", "docker-proxy"))
            and any(word.startswith(own) for word in process.command)
            and processes.shares_files(process.pid)
        )
    ]


def contained(place: Paths) -> list[Process]:
    """List every process that runs in a container of the own engine, a build's steps included.

    Args:
        place: The own engine's files.
    """
    return [process for process in processes.all_processes() if _is_inside(process, place)]


def clear(place: Paths) -> None:
    """End what is left of a daemon that no longer runs, and remove its runtime files.

    Args:
        place: The own engine's files.
    """
    processes.end(running(place), patience=_PATIENCE)
    processes.end(contained(place), patience=0)
    unmount(place.exec_root)
    unmount(place.data_root)
    shutil.rmtree(place.exec_root, ignore_errors=True)
    place.socket.unlink(missing_ok=True)
    place.pidfile.unlink(missing_ok=True)
    _drop_dead_socket(_SHARED_CONTAINERD)


def unmount(folder: Path) -> None:
    """Unmount a folder and everything mounted below it, the deepest first.

    A file system that somebody has put at the folder itself stays: a daemon only mounts the folder
    onto itself.

    Args:
        folder: The folder.
    """
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return
    found = [line.split(" ")[3:5] for line in lines]
    mounts = [(root, point.encode().decode("unicode_escape")) for root, point in found]
    points = [point for _, point in mounts if Path(point).is_relative_to(folder)]
    first = next((root for root, point in mounts if point == str(folder)), "")
    if first == "/":
        points.remove(str(folder))
    for point in sorted(points, key=len, reverse=True):
        subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)


def _is_inside(process: Process, place: Paths) -> bool:
    """Tell whether a process has a root in the engine's data; see proc_pid_mountinfo(5)."""
    try:
        lines = Path(f"/proc/{process.pid}/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return False
    return any(line.split(" ")[4] == "/" and f"{place.data_root}/" in line for line in lines)


def _drop_dead_socket(path: Path) -> None:
    """Remove the machine's containerd socket if nobody listens: dockerd would wait for it."""
    family = getattr(socket, "AF_UNIX", None)
    if family is None or not path.exists():
        return
    with socket.socket(family) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return
