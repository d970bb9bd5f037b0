"""What the helper process does at its owner's end (`reaper`): sweep, until nothing can follow."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import requests
from docker.errors import DockerException
from docker.tls import TLSConfig

from stagelab.engine import abandoned, temporary
from stagelab.engine.endpoint import Endpoint, open_client

SETTLED_SECONDS = 10.0
"""An engine may still be making what it was asked for last: sweep it for so long."""

PATIENCE_SECONDS = 120.0
"""How long to wait for an engine that does not answer; `connect` removes what is left later."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 3.0


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

    def gone(whose: str, which: str) -> bool:
        return whose == owner and name in {None, which}

    if name is None:
        temporary.remove(lambda whose: whose == owner)
    end = time.monotonic() + patience
    first_seen: dict[str, float] = {}
    left = {str(engine["url"]): _endpoint(engine) for engine in engines}
    pause = _FIRST_PAUSE
    while left and time.monotonic() < end:
        for url, endpoint in tuple(left.items()):
            if _sweep(endpoint, gone):
                seen = first_seen.setdefault(url, time.monotonic())
                if time.monotonic() - seen >= settled:
                    del left[url]
        if left:
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)


def _sweep(endpoint: Endpoint, gone: abandoned.Gone) -> bool:
    """Remove what is gone; tells whether the engine answered and nothing of it is left."""
    try:
        client = open_client(endpoint, timeout=60)
        try:
            return abandoned.remove(client, gone).complete
        finally:
            client.close()
    except (DockerException, requests.RequestException, OSError, ValueError):
        return False


def _endpoint(engine: Mapping[str, Any]) -> Endpoint:
    """Make an endpoint of what `helper.address` told."""
    pair = engine["certificate"]
    tls = None
    if pair or engine["authority"] or not engine["verify"]:
        tls = TLSConfig(
            client_cert=tuple(pair) or None, ca_cert=engine["authority"], verify=engine["verify"]
        )
    return Endpoint(str(engine["url"]), "DOCKER_HOST", tls=tls)
