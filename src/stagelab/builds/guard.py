"""Stop a build that takes more time or disk than it may, from a thread beside it.

A RUN that prints nothing sends nothing, so whoever reads the build's stream cannot look at a clock.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import requests
import urllib3
from docker.errors import DockerException

from stagelab.engine import room

if TYPE_CHECKING:
    import docker

FLOOR_BYTES = 1_000_000_000
"""Free space on the engine's disk that a build must leave; what takes less than a tenth of it, may
go below."""

MEMORY_SHARE = 0.05
"""Part of this machine's memory that a build must leave; what takes less than a fifth of that part,
may go below."""

_LOOK_SECONDS = 0.25
_PATIENCE = 3.0
"""Seconds that the engine has to end the stream itself, which tells how each step ended."""

_GIGA = 1_000_000_000

_ENDLESS = (
    "Let the instruction end by itself: no endless loop, no server, nothing that waits for input. "
    "Nothing of the build goes on running."
)
_HUNGRY = "Let the instruction need less: fewer jobs at once, less data."
_FULL = "Let the instruction write less. What the stopped build wrote is removed."


@dataclass(frozen=True, slots=True)
class Breach:
    """Which limit a build broke.

    Attributes:
        why: For what it was stopped, as the end of a sentence.
        fix: What to do about it.
    """

    why: str
    fix: str


class Guard:
    """Watches one build; use it as a context manager around it.

    If it has any limit, what it leaves of the memory of an engine's machine is looked at, too.

    Args:
        client: The engine.
        build_id: The build's `buildid`, by which BuildKit can be told to cancel it; None for the
            classic builder, which knows none and stops when nobody listens any more.
        timeout: Seconds that it may take, None for any time.
        disk: Bytes by which the free space of the engine's disk may fall, None for all. Looked at
            only if that disk is this machine's.

    Attributes:
        broken: Which limit the build broke, None as long as it kept to them.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        build_id: str | None,
        *,
        timeout: float | None = None,
        disk: int | None = None,
    ) -> None:
        self.broken: Breach | None = None
        self._client = client
        self._build_id = build_id
        self._timeout = timeout
        self._disk = disk
        self._response: requests.Response | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="build-guard", daemon=True)

    def __enter__(self) -> Self:
        if self._timeout is not None or self._disk is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def reads(self, response: requests.Response) -> None:
        """Be told of the response whose end ends the build."""
        self._response = response
        if self.broken:
            _cut(response)

    def sends(self, body: Iterator[bytes]) -> Iterator[bytes]:
        """Give a request's body, which ends early if the build has to."""
        for chunk in body:
            if self.broken:
                return
            yield chunk

    def _watch(self) -> None:
        end = None if self._timeout is None else time.monotonic() + self._timeout
        space = None if self._disk is None else room.free_bytes(self._client)
        memory = room.memory(self._client)
        while not self._over.wait(_LOOK_SECONDS):
            breach = None
            if end is not None and time.monotonic() >= end:
                breach = Breach(f"after {self._timeout:g} seconds, the time that it has", _ENDLESS)
            if breach is None and space is not None:
                breach = self._fills(space)
            if breach is None and memory is not None:
                breach = self._starves(memory[0])
            if breach is not None:
                self._stop(breach)
                return

    def _fills(self, before: int) -> Breach | None:
        """Tell whether the build fills the disk, which had `before` bytes free at its start."""
        free = room.free_bytes(self._client)
        if free is None or self._disk is None:
            return None
        if before - free > self._disk:
            return Breach(f"because it took more than {_words(self._disk)} of the disk", _FULL)
        if free < FLOOR_BYTES and before - free > FLOOR_BYTES / 10:
            return Breach(
                f"because it left less than {_words(FLOOR_BYTES)} of the disk free", _FULL
            )
        return None

    def _starves(self, before: int) -> Breach | None:
        """Tell whether the build takes all memory, of which `before` bytes were left."""
        now = room.memory(self._client)
        if now is None:
            return None
        left, total = now
        least = MEMORY_SHARE * total
        if left < least and before - left > least / 5:
            return Breach(f"because it left less than {_words(least)} of memory free", _HUNGRY)
        return None

    def _stop(self, breach: Breach) -> None:
        self.broken = breach
        if self._build_id is not None:
            self._cancel(self._build_id)
        if self._response is not None and not self._over.is_set():
            _cut(self._response)

    def _cancel(self, build_id: str) -> None:
        """Tell the engine to cancel the build, and let it tell how each step ended."""
        api = self._client.api
        with contextlib.suppress(
            DockerException, requests.RequestException, urllib3.exceptions.HTTPError
        ):
            url = f"{api.base_url}/v{api.api_version}/build/cancel"
            api.post(url, params={"id": build_id}, timeout=_PATIENCE).close()
            self._over.wait(_PATIENCE)


def _cut(response: requests.Response) -> None:
    """End a response that another thread reads: it wakes up, and the engine sees nobody listen."""
    stream = getattr(getattr(response.raw, "_fp", None), "fp", None)
    raw = getattr(stream, "raw", None)
    connection = getattr(raw, "_sock", None) or getattr(raw, "sock", None)
    if connection is None:
        response.close()
        return
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _words(size: float) -> str:
    return f"{size / _GIGA:.2g} GB"
