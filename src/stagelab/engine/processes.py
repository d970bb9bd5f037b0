"""Which processes run on this machine; on Linux, which are an engine's, read from /proc."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE, _ACCESS_DENIED, _WAIT_TIMEOUT = 0x100000, 5, 0x102


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


def started(pid: int) -> str:
    """Tell when a process started, in its system's own count; "" if that cannot be known."""
    state = _state(pid)
    return state[_START] if state else ""


def lives(pid: int, start: str) -> bool:
    """Tell whether a process still runs.

    Args:
        pid: Its number.
        start: What `started` said of it: a number can be given anew. Where that is not known, the
            number alone decides.
    """
    if pid <= 0 or not _exists(pid):
        return False
    state = _state(pid)  # another user's can be hidden
    return not state or (state[0] not in {"Z", "X"} and (not start or state[_START] == start))


_START = 19
"""Where the start is behind the name in /proc/PID/stat: proc_pid_stat(5), field 22."""


def _state(pid: int) -> list[str]:
    """Give what the kernel says of a process behind its name, which can hold anything."""
    try:
        text = Path("/proc", str(pid), "stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


if sys.platform == "win32":

    def _exists(pid: int) -> bool:
        kernel32 = ctypes.windll.kernel32
        handle = kernel32.OpenProcess(_SYNCHRONIZE, False, pid)  # noqa: FBT003 - Windows' order
        if not handle:
            return bool(kernel32.GetLastError() == _ACCESS_DENIED)
        try:
            return bool(kernel32.WaitForSingleObject(handle, 0) == _WAIT_TIMEOUT)
        finally:
            kernel32.CloseHandle(handle)

else:

    def _exists(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:
            return True  # somebody else's
        return True


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
