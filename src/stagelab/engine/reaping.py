"""What the helper process does at its owner's end (`reaper`): sweep, until nothing can follow.

It has to be quick on a machine where twenty kernels end at once, so a Unix socket is spoken to
without the SDK.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Any

from stagelab.engine import sweeping, temporary
from stagelab.engine.sweeping import Answer, Made

SETTLED_SECONDS = 10.0
"""An engine may still be making what it was asked for last: sweep it for so long."""

PATIENCE_SECONDS = 120.0
"""How long to wait for an engine that does not answer; `connect` removes what is left later."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 3.0
_SECONDS = 60.0
_UNIX = "unix://"


def reap(
    owner: str,
    engines: Iterable[Mapping[str, Any]],
    *,
    name: str | None = None,
    settled: float = SETTLED_SECONDS,
    patience: float = PATIENCE_SECONDS,
) -> None:
    """Remove a process's containers from its engines, and its folders.

    Args:
        owner: The process, as `owners.me` named it.
        engines: Where, as `helper.address` told.
        name: Only the container of this name, and no folders: the process goes on.
        settled: Seconds between the first and the last look at an engine.
        patience: Seconds after which no more is tried.
    """

    def gone(made: Made) -> bool:
        return made.owner == owner and name in {None, made.name}

    end = time.monotonic() + patience
    first_seen: dict[str, float] = {}
    left = {str(engine["url"]): engine for engine in engines}
    pause = _FIRST_PAUSE
    while left and time.monotonic() < end:
        for url, engine in tuple(left.items()):
            if _sweep(engine, gone):
                seen = first_seen.setdefault(url, time.monotonic())
                if time.monotonic() - seen >= settled:
                    del left[url]
        if left:
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
    if name is None:
        temporary.remove(lambda whose: whose == owner)


def _sweep(engine: Mapping[str, Any], gone: Callable[[Made], bool]) -> bool:
    """Remove what is gone; tells whether the engine answered and nothing of it is left."""
    url = str(engine["url"])
    try:
        if url.startswith(_UNIX):
            return sweeping.remove(_unix(url.removeprefix(_UNIX)), gone)
        return _by_sdk(engine, gone)
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return False


def _unix(path: str) -> sweeping.Ask:
    """Give the way to an engine at a Unix socket."""

    def ask(method: str, where: str) -> Answer:
        with closing(http.client.HTTPConnection("localhost", timeout=_SECONDS)) as connection:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(_SECONDS)
            connection.sock.connect(path)
            connection.request(method, where)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())

    return ask


def _by_sdk(engine: Mapping[str, Any], gone: Callable[[Made], bool]) -> bool:
    """Sweep an engine that is reached in another way."""
    from docker.errors import DockerException  # noqa: PLC0415 - the SDK costs time and memory

    from stagelab.engine.abandoned import way_of  # noqa: PLC0415 - as above
    from stagelab.engine.endpoint import open_client  # noqa: PLC0415 - as above

    try:
        with closing(open_client(endpoint(engine), timeout=_SECONDS)) as client:
            return sweeping.remove(way_of(client), gone)
    except DockerException:
        return False


def endpoint(engine: Mapping[str, Any]) -> Any:  # noqa: ANN401 - its module costs time and memory
    """Make an `Endpoint` of what `helper.address` told.

    Args:
        engine: As it was told.
    """
    from docker.tls import TLSConfig  # noqa: PLC0415 - as above

    from stagelab.engine.endpoint import Endpoint  # noqa: PLC0415 - as above

    pair = engine["certificate"]
    tls = None
    if pair or engine["authority"] or not engine["verify"]:
        tls = TLSConfig(
            client_cert=tuple(pair) or None, ca_cert=engine["authority"], verify=engine["verify"]
        )
    return Endpoint(str(engine["url"]), "DOCKER_HOST", tls=tls)
