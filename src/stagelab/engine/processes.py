"""Which engine processes run on this Linux machine, read from /proc."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A running process.

    Args:
        pid: Its number.
        command: Its command line, word by word.
    """

    pid: int
    command: tuple[str, ...]

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return self.command[0].rpartition("/")[2] if self.command else ""


def find(pid: int) -> Process | None:
    """Look a process up; None if there is none of that number, or it has ended."""
    folder = Path("/proc", str(pid))
    try:
        if ") Z " in (folder / "stat").read_text(errors="replace"):
            return None  # ended, and waits for its parent to notice
        words = (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return Process(pid, tuple(os.fsdecode(word) for word in words[:-1]))


def all_processes() -> list[Process]:
    """List every running process that has a command line; empty where there is no /proc."""
    try:
        pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]
    except OSError:
        return []
    found = (find(pid) for pid in pids)
    return [process for process in found if process is not None and process.command]


def shares_network(pid: int) -> bool:
    """Tell whether a process is in this one's network namespace; True if that is not known."""
    try:
        return Path(f"/proc/{pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    except OSError:
        return True


def shares_files(pid: int) -> bool:
    """Tell whether a process has this one's root folder, so that paths mean the same to both.

    A container's processes can be seen from its host, and there can name equal paths. True if it
    is not known.
    """
    try:
        return Path(f"/proc/{pid}/root/").samefile("/")
    except OSError:
        return True


def end(processes: Iterable[Process], *, patience: float) -> None:
    """End processes: ask with SIGTERM, and use SIGKILL on what is left.

    Args:
        processes: Which.
        patience: Seconds between the two.
    """
    left = _signal(processes, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = _alive(left)
    left = _signal(left, getattr(signal, "SIGKILL", signal.SIGTERM))
    while left:  # the kernel ends them; what holds them up is a disk
        time.sleep(0.02)
        left = _alive(left)


def _signal(processes: Iterable[Process], number: int) -> list[Process]:
    reached = []
    for process in processes:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            continue
        reached.append(process)
    return reached


def _alive(processes: Iterable[Process]) -> list[Process]:
    # the same command under the same number: a number can be given anew
    return [process for process in processes if find(process.pid) == process]
