"""The course's own engine: a `dockerd` beside nothing else, with all its files in one folder.

Linux and root only. It runs only when no other `dockerd` does, since two of them fight over one
bridge and one set of packet filter rules.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docker.errors import DockerException

from stagelab.engine import cgroup, leftovers, processes
from stagelab.engine.endpoint import Endpoint, open_client
from stagelab.engine.lock import locked
from stagelab.engine.ownpaths import Paths, paths, write_config
from stagelab.engine.processes import Process
from stagelab.errors import EngineStartFailed

__all__ = [
    "Status",
    "can_run",
    "is_running",
    "is_set_up",
    "other_dockerd",
    "paths",
    "remove",
    "start",
    "status",
    "stop",
]

Say = Callable[[str], None]

_READY_SECONDS = 120.0
_STOP_SECONDS = 25.0
"""The daemon gives its containers 15 s to stop."""

_LOG_LINES = 12
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where iptables and dockerd are; not on every user's PATH."""

_NAMESPACES = (
    "--containerd-namespace=stagelab",
    "--containerd-plugins-namespace=stagelab-plugins",
)
"""A containerd that the machine runs is shared, so ours is kept apart in it."""

_NOT_INHERITED = ("DOCKER_HOST", "DOCKER_CONTEXT", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID")


@dataclass(frozen=True, slots=True)
class Status:
    """How the own engine is.

    Args:
        set_up: It was started at least once and its data has not been removed.
        running: Its daemon runs.
        pid: The daemon's process number, None if it does not run.
        socket: Where it listens, or would.
        data_root: Folder of its data.
        log: File of what it prints.
    """

    set_up: bool
    running: bool
    pid: int | None
    socket: Path
    data_root: Path
    log: Path


def can_run() -> bool:
    """Tell whether this user can run an own engine here: Linux, root, dockerd installed."""
    return sys.platform == "linux" and os.geteuid() == 0 and _program() is not None


def is_set_up() -> bool:
    """Tell whether the own engine was started before and not removed since."""
    return paths().config.exists()


def is_running() -> bool:
    """Tell whether the own engine's daemon runs."""
    return leftovers.daemon(paths()) is not None


def status() -> Status:
    """Tell how the own engine is."""
    place = paths()
    process = leftovers.daemon(place)
    return Status(
        is_set_up(),
        process is not None,
        process.pid if process else None,
        place.socket,
        place.data_root,
        place.log,
    )


def other_dockerd() -> Process | None:
    """Give a `dockerd` that runs in this network and is not ours, None if there is none."""
    place = paths()
    for process in processes.all_processes():
        # asked of each: whoever starts ours at this moment is not to be taken for another
        if process.program != "dockerd" or leftovers.is_daemon(process, place):
            continue
        if processes.shares_network(process.pid):
            return process
    return None


def start(say: Say | None = None) -> None:
    """Start the own engine and wait until it answers; nothing happens if it already does.

    Args:
        say: Told, in a few words, what is waited for.

    Raises:
        EngineStartFailed: It cannot run here, another `dockerd` runs, or it did not become ready.
    """
    say = say or (lambda _: None)
    place = paths()
    with locked(place.lock):
        if leftovers.daemon(place) is not None:
            _wait(place, None)
            return
        _check_possible()
        say("Starting the course's own engine")
        first = not is_set_up()
        leftovers.clear(place)
        try:
            _wait(place, _launch(place))
        except EngineStartFailed:
            if first:  # what never ran is not set up
                place.config.unlink(missing_ok=True)
            raise


def stop(say: Say | None = None) -> bool:
    """Stop the own engine and whatever of it still runs.

    Args:
        say: Told, in a few words, what is waited for.

    Returns:
        Whether there was anything to stop.
    """
    say = say or (lambda _: None)
    place = paths()
    if sys.platform != "linux" or not leftovers.running(place):
        return False
    with locked(place.lock):
        say("Stopping the course's own engine")
        process = leftovers.daemon(place)
        if process is not None:
            processes.end([process], patience=_STOP_SECONDS)
        leftovers.clear(place)
        cgroup.remove(place)
    return True


def remove(say: Say | None = None) -> bool:
    """Stop the own engine and remove all its data.

    Args:
        say: Told, in a few words, what is waited for.

    Returns:
        Whether there was anything to remove.
    """
    say = say or (lambda _: None)
    place = paths()
    if not place.home.exists():
        return False
    stop(say)
    say("Removing the data of the course's own engine")
    with locked(place.lock):
        leftovers.clear(place)
        cgroup.remove(place)
        shutil.rmtree(place.home)
        shutil.rmtree(place.runtime, ignore_errors=True)
    return True


def _check_possible() -> None:
    if not can_run():
        raise EngineStartFailed(
            "The course's own engine needs Linux, root and an installed dockerd.",
            fix="Run `./course engine start` as root (or with sudo) on Debian or Ubuntu.",
        )
    other = other_dockerd()
    if other is not None:
        raise EngineStartFailed(
            f"Another dockerd runs here (process {other.pid}); a second one would break its "
            "network, so the course's own is not started.",
            fix="Use that one: set DOCKER_HOST to its socket. Or stop it first.",
            detail=" ".join(other.command),
        )


def _program() -> str | None:
    return shutil.which("dockerd", path=_path())


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS])


def _launch(place: Paths) -> subprocess.Popen[bytes]:
    """Start the daemon so that it holds no terminal, pipe or folder of its caller."""
    for folder in (place.home, place.runtime):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep_private(folder)
    write_config(place, cgroup_parent=cgroup.prepare(place))
    if place.log.exists():
        place.log.replace(place.log.with_suffix(".log.1"))
    environment = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
    with place.log.open("wb") as log:
        return subprocess.Popen(
            [_program() or "dockerd", "--config-file", str(place.config), *_NAMESPACES],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment | {"PATH": _path()},
            start_new_session=True,
        )


def _keep_private(folder: Path) -> None:
    """See that nobody else comes to the engine's socket by its folder: that would make him root.

    Raises:
        EngineStartFailed: The folder is somebody else's.
    """
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise EngineStartFailed(
            f"The engine's folder {folder} was made by somebody else, who could then use the "
            "engine.",
            fix="Remove it, or set STAGELAB_HOME to a folder of yours.",
        )
    folder.chmod(0o700)


def _wait(place: Paths, process: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _ready(place):
        if process is not None and process.poll() is not None:
            raise _failed(place, f"Its daemon ended at once, with exit code {process.returncode}.")
        if time.monotonic() > deadline:
            raise _failed(place, f"It did not answer within {_READY_SECONDS:.0f} s.")
        time.sleep(0.1)
    if process is not None:
        # It lives on by itself: this object must not warn that it was never waited for.
        process.returncode = 0


def _ready(place: Paths) -> bool:
    try:
        client = open_client(Endpoint(f"unix://{place.socket}", "own engine"), timeout=5, probe=5)
    except (DockerException, OSError):
        return False
    client.close()
    return True


def _failed(place: Paths, what: str) -> EngineStartFailed:
    try:
        lines = place.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    tail = "\n".join(lines[-_LOG_LINES:])
    fix = f"Read its log, {place.log}, then try `./course engine start` again."
    if any(words in tail for words in ("Permission denied", "operation not permitted")):
        fix = (
            "This looks like a container or sandbox without the rights that an engine needs: "
            "run it with --privileged, or set DOCKER_HOST to an engine outside. "
        ) + fix
    return EngineStartFailed(f"The course's own engine did not start. {what}", fix=fix, detail=tail)
