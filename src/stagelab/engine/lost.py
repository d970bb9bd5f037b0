"""An engine that goes away while it is at work, told as what it is."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager

import docker
import requests
import urllib3
from docker.errors import DockerException

from stagelab.engine.connecting import endpoint_of
from stagelab.engine.endpoint import Endpoint, open_client
from stagelab.engine.explain import chain, explain
from stagelab.errors import EngineUnreachable

BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    ConnectionError,
)
"""What the SDK lets through when a connection breaks or stays silent."""

_WORDS = (
    "context canceled",
    "error reading from server: EOF",
    "graceful_stop",
    "transport is closing",
    "unexpected EOF",
)
"""What an engine says of its own work when it is stopped in the middle."""


_PAUSE = 0.3
"""Seconds in which a process that was killed lets go of its socket."""

_PROBE = 10.0
"""Seconds that an engine has to answer again: a machine may be busy."""


@contextmanager
def watched(during: str, client: docker.DockerClient | None = None) -> Iterator[None]:
    """Turn a connection that breaks within the block into an error with its cause and cure.

    It serves as a decorator, too.

    Args:
        during: What is under way, such as "the build".
        client: The engine's; None for the one that `connect` gave last.

    Raises:
        EngineUnreachable: The connection broke, or stayed silent for too long.
    """
    try:
        yield
    except BROKEN as error:
        raise lost(error, during, client) from error


def lost(
    error: BaseException | str, during: str, client: docker.DockerClient | None = None
) -> EngineUnreachable:
    """Make the error for an engine that went away.

    Args:
        error: What the SDK or the engine said.
        during: What was under way.
        client: As for `watched`.
    """
    cause = f"The connection to the engine broke during {during}."
    endpoint = endpoint_of(client)
    away = _away(endpoint) if endpoint is not None else None
    if endpoint is not None and away is not None:
        told = explain(away, endpoint)
        return EngineUnreachable(f"{cause} {told.cause}", fix=told.fix, detail=str(error))
    if isinstance(error, BaseException) and is_silence(error):
        return EngineUnreachable(
            f"The engine gave no answer in time during {during}.",
            fix="Run the cell again; if that does not help, restart the engine. `stagelab doctor` "
            "looks at every part.",
            detail=str(error),
        )
    return EngineUnreachable(
        f"{cause} It answers again: most likely it was restarted.",
        fix="Run the cell again. If it breaks again, `stagelab doctor` looks at every part of the "
        "engine and names the cure.",
        detail=str(error),
    )


def is_silence(error: BaseException) -> bool:
    """Tell whether time ran out, and the connection did not break."""
    kinds = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
    return any(isinstance(one, kinds) for one in chain(error))


def went_away(words: str, client: docker.DockerClient) -> bool:
    """Tell whether an engine's words about its work mean that it was stopped meanwhile."""
    if not any(each in words for each in _WORDS):
        return False
    endpoint = endpoint_of(client)
    return endpoint is not None and _away(endpoint) is not None


def _away(endpoint: Endpoint) -> Exception | None:
    """Give what is said when the engine is asked for its version, None if it answers."""
    time.sleep(_PAUSE)
    try:
        open_client(endpoint, timeout=_PROBE, probe=_PROBE).close()
    except (DockerException, OSError, ValueError) as error:
        return error
    return None
