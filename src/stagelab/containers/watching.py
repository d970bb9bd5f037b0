"""Watch a container while it runs, stop one that goes too far, and say why one was stopped.

What the kernel can limit is limited by `cage`. What it cannot, how much a container writes to its
root file system or to a volume, and how much it prints, is watched from here.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, Self

import requests
import urllib3
from docker.errors import APIError, DockerException

from stagelab.containers.cage import FILE_BYTES, PIDS
from stagelab.engine import room

if TYPE_CHECKING:
    from docker.models.containers import Container

ROOT_BYTES = FILE_BYTES
"""Most bytes that a container may add to a root file system that is writable."""

VOLUME_BYTES = 1_000_000_000
"""Bytes by which the free space of the engine's disk may fall while a container with a volume runs:
an image can declare one (VOLUME), and engines do not tell its size. Looked at only where that disk
is this machine's; what else writes to it counts, so it is not less."""

PRINTED_BYTES = 4_000_000
"""Most bytes that a container may print; the engine keeps the last `cage.LOG_BYTES` of them."""

_LOOK_SECONDS = 0.25
_CROWD = 0.7
_MUCH = 1_000_000
_CHUNK = 1 << 16
_MEGA = 1_000_000

_SIGKILL = 137  # 128 + the signal's number, as the engine and shells report it
_SIGXFSZ = 153


class Watch:
    """Watches a container that has been started; use it as a context manager.

    Args:
        container: The container.
        memory: The memory that it has, for the words.
        writable: Whether its root file system is writable, and so has to be looked after.
            Volumes are, if it has any.

    Attributes:
        reason: Why it was stopped from here, in a sentence; "" if it was not.
    """

    def __init__(self, container: Container, memory: str, *, writable: bool) -> None:
        self.reason = ""
        self._container = container
        self._memory = memory
        self._writable = writable
        self._printed = 0
        self._over = threading.Event()
        looks = [self._read]
        looks += [self._weigh] if writable else []
        looks += [self._look_at_disk] if container.attrs.get("Mounts") else []
        self._threads = [
            threading.Thread(target=look, name="container-watch", daemon=True) for look in looks
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()  # the reader ends when the container does

    def why(self, exit_code: int) -> str:
        """Say why the container was stopped, "" if it ended by itself; to be asked at its end.

        Args:
            exit_code: Of its main process.
        """
        if self.reason:
            return self.reason
        self._container.reload()
        starved = bool(self._container.attrs["State"].get("OOMKilled"))
        if exit_code == _SIGXFSZ or (exit_code and self._written() >= FILE_BYTES):
            return (
                f"It wrote a file of more than {FILE_BYTES // _MEGA} MB, the most that the cage "
                "allows."
            )
        if exit_code == _SIGKILL:
            sure = "It needed" if starved else "It was killed: most likely it needed"
            return f"{sure} more than the {self._memory} of memory that it has (exit code 137)."
        if starved and exit_code != 0:
            return f"A process of it needed more than the {self._memory} of memory that it has."
        return ""

    def endless(self) -> str:
        """Say what the container does without end, in a sentence; "" if that is not known."""
        if self._printed > _MUCH:
            return f"It prints without end: {self._printed / _MEGA:.0f} MB so far."
        try:
            counted = self._container.stats(stream=False, one_shot=True)["pids_stats"]
        except (DockerException, requests.RequestException, KeyError):
            return ""
        if counted.get("current", 0) < _CROWD * PIDS:  # those that cannot start another one end
            return ""
        return f"It starts processes without end, and may have {PIDS}."

    def _stop(self, reason: str) -> None:
        self.reason = self.reason or reason
        with contextlib.suppress(DockerException, requests.RequestException):
            self._container.kill()

    def _read(self) -> None:
        """Count what the container prints."""
        with contextlib.suppress(
            APIError, requests.RequestException, urllib3.exceptions.HTTPError, OSError
        ):
            response = self._ask("post", "attach", stream=1, stdout=1, stderr=1)
            with contextlib.closing(response):
                for chunk in response.raw.stream(_CHUNK):
                    self._printed += len(chunk)
                    if self._printed > PRINTED_BYTES:
                        break
        # only now: an engine that cannot get rid of what was printed cannot end the container
        if self._printed > PRINTED_BYTES:
            self._stop(
                f"It printed more than {PRINTED_BYTES // _MEGA} MB, and was stopped: it prints "
                "without end."
            )

    def _weigh(self) -> None:
        """Look how much the container has written to its root file system."""
        while not self._over.wait(_LOOK_SECONDS):
            if self._written() > ROOT_BYTES:
                self._stop(
                    f"It wrote more than {ROOT_BYTES // _MEGA} MB to its file system, and was "
                    "stopped."
                )
                return

    def _look_at_disk(self) -> None:
        """Look how much room the container's volumes leave."""
        client = self._container.client
        before = room.free_bytes(client)
        while before is not None and not self._over.wait(_LOOK_SECONDS):
            if before - (room.free_bytes(client) or before) > VOLUME_BYTES:
                self._stop(
                    "It wrote to a volume that its image declares until the disk had "
                    f"{VOLUME_BYTES // _MEGA} MB less, and was stopped."
                )
                return

    def _written(self) -> int:
        """Ask how many bytes the container has written to its root; 0 if that is not known."""
        if not self._writable:
            return 0
        try:
            found: dict[str, Any] = self._ask("get", "json", size=1).json()
        except (requests.RequestException, ValueError):
            return 0
        return int(found.get("SizeRw") or 0)

    def _ask(self, method: str, what: str, **params: int) -> requests.Response:
        api = self._container.client.api
        url = f"{api.base_url}/v{api.api_version}/containers/{self._container.id}/{what}"
        answer: requests.Response = api.request(
            method, url, params=params, stream=method == "post", timeout=None
        )
        return answer
