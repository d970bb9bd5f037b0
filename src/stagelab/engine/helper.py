"""The owner's side of the helper that outlives it (`reaper`): start it, and tell it what to know.

The helper is started with the first container that this process makes. It waits at the end of a
pipe, which the system closes however this process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stagelab.engine import owners

if TYPE_CHECKING:
    import docker

_SCRIPT = Path(__file__).with_name("reaper.py")
_GOODBYE_SECONDS = 2.0


@dataclass(slots=True)
class _State:
    """What this process made, and its helper.

    Args:
        placed: Names of containers that are not yet known to be gone.
        dropped: Whether the helper has been asked to remove one in this process's place.
        helper: It, None before the first container.
        told: The engines that it knows of.
        lock: Held while the helper is started or told something.
    """

    placed: set[str] = field(default_factory=set)
    dropped: bool = False
    helper: subprocess.Popen[bytes] | None = None
    told: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


_state = _State()


def watch(client: docker.DockerClient, name: str) -> None:
    """Note a container that is about to be made, so that it goes with this process.

    Args:
        client: The engine.
        name: Its name.
    """
    _state.placed.add(name)
    engine = json.dumps({"engine": address(client)})
    with _state.lock:
        if engine not in _state.told or not _runs(_state.helper):
            _tell(engine)
            _state.told.add(engine)


def forget(name: str) -> None:
    """Note that a container is gone.

    Args:
        name: Its name.
    """
    _state.placed.discard(name)


def drop(client: docker.DockerClient, name: str) -> None:
    """Let the helper remove a container that this process could not.

    Args:
        client: The engine.
        name: Its name.
    """
    _state.placed.discard(name)
    _state.dropped = True
    with _state.lock:
        _tell(json.dumps({"engine": address(client), "drop": name}))


def is_placed(name: str) -> bool:
    """Tell whether a container is one that this process uses.

    Args:
        name: Its name.
    """
    return name in _state.placed


def address(client: docker.DockerClient) -> dict[str, Any]:
    """Tell how to reach a client's engine, for another process.

    Args:
        client: Any client of the SDK.

    Returns:
        Its URL, and the certificates' paths.
    """
    api = client.api
    adapter = getattr(api, "_custom_adapter", None)
    url = str(api.base_url)
    for attribute, scheme in (
        ("socket_path", "unix"),
        ("npipe_path", "npipe"),
        ("ssh_host", "ssh"),
    ):
        if getattr(adapter, attribute, None):
            url = f"{scheme}://{getattr(adapter, attribute)}"
    authority = api.verify if isinstance(api.verify, str) else None
    return {
        "url": url,
        "certificate": [str(Path(path).absolute()) for path in api.cert or ()],
        "authority": authority and str(Path(authority).absolute()),
        "verify": bool(api.verify),
    }


def _tell(line: str) -> None:
    """Write to the helper; it is started if it does not run. Nothing depends on its success."""
    for _ in range(2):
        with contextlib.suppress(OSError):
            if not _runs(_state.helper):
                _close(_state.helper)
                _state.helper = _start()
                _write(_state.helper, "\n".join([_known(), *_state.told]))
            _write(_state.helper, line)
            return


def _known() -> str:
    folders = [str(Path(each).absolute()) for each in sys.path if each]
    return json.dumps({"path": folders, "owner": owners.me()})


def _close(helper: subprocess.Popen[bytes] | None) -> None:
    if helper is not None and helper.stdin is not None:
        with contextlib.suppress(OSError):
            helper.stdin.close()


def _runs(helper: subprocess.Popen[bytes] | None) -> bool:
    return helper is not None and helper.poll() is None


def _start() -> subprocess.Popen[bytes]:
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        # without site-packages: they are needed at the end only, and cost memory until then
        [sys.executable, "-I", "-S", str(_SCRIPT)],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(sys.executable).anchor,  # it must not hold a folder
        start_new_session=True,  # what ends this process's group must not end it
        creationflags=flags,
    )


def _write(helper: subprocess.Popen[bytes] | None, text: str) -> None:
    if helper is not None and helper.stdin is not None and not helper.stdin.closed:
        helper.stdin.write(f"{text}\n".encode())


@atexit.register
def _say_goodbye() -> None:
    """End the helper, if there is nothing for it to do; it must not outlive a good end."""
    helper = _state.helper
    if helper is None:
        return
    nothing_left = not _state.placed and not _state.dropped
    if nothing_left:
        with contextlib.suppress(OSError):
            _write(helper, "end")
    _close(helper)
    with contextlib.suppress(subprocess.TimeoutExpired):
        helper.wait(_GOODBYE_SECONDS if nothing_left else 0)
    if helper.returncode is None:
        helper.returncode = 0  # it goes on by itself: nobody must warn that it was not waited for


def _begin_anew() -> None:
    """After a fork: the helper is the parent's, and must see the parent's end."""
    global _state  # noqa: PLW0603 - the child has a state of its own
    helper = _state.helper
    if helper is not None:
        helper.returncode = 0  # not the child's to wait for
        _close(helper)
    _state = _State()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
