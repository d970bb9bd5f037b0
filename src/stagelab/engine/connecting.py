"""Find the engine that the course uses, and give a client of it.

Order: DOCKER_HOST, the current Docker context, the usual places, the course's own engine. Whoever
names an engine means it: if that one does not answer, that is an error and nothing else is tried.
(`course start` names the own engine in the notebooks' DOCKER_HOST; it is started as if found.)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import docker
from docker.errors import DockerException, TLSParameterError
from docker.utils import kwargs_from_env

from stagelab.engine import abandoned, own
from stagelab.engine.candidates import usual_places
from stagelab.engine.contexts import current_context
from stagelab.engine.endpoint import Endpoint, knock, open_client
from stagelab.engine.explain import explain, is_denied, not_found
from stagelab.errors import EngineUnreachable

_CHOICE = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY",
           "DOCKER_CERT_PATH", "STAGELAB_HOME")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """An engine that answers.

    Args:
        client: The real SDK client.
        endpoint: Where it answers, and who named that place.
    """

    client: docker.DockerClient
    endpoint: Endpoint


_open: dict[tuple[str | None, ...], Found] = {}


def connect(*, start: bool = True, timeout: float = 600) -> docker.DockerClient:
    """Give a client of the engine that the course uses.

    Within one process it is the same client as long as it answers. Before it is given for the first
    time, containers are removed that processes of the course left there which are gone.

    Args:
        start: Start the course's own engine if it was set up before and is stopped.
        timeout: Seconds that a request may stay silent (compiling can be silent for long).

    Raises:
        EngineNotFound: No engine in any of the places.
        EngineUnreachable: The one that is named, or all that were found, do not answer.
        EngineConfigInvalid: The current Docker context or config.json cannot be used.
        EngineStartFailed: The course's own engine did not start.
    """
    return find(start=start, timeout=timeout).client


def find(*, start: bool = True, timeout: float = 600, probe: float = 10.0) -> Found:
    """Like `connect`, and say where the engine was found.

    Args:
        start: As for `connect`.
        timeout: As for `connect`.
        probe: Seconds that an engine has to tell its version.
    """
    choice = _choice()
    cached = _open.get(choice)
    if cached is not None:
        if _answers(cached, probe):
            cached.client.api.timeout = timeout
            return cached
        cached.client.close()
        del _open[choice]
    found = _search(start=start, timeout=timeout, probe=probe)
    _open[choice] = found
    abandoned.sweep(found.client)
    return found


def named_endpoint() -> Endpoint | None:
    """Give the endpoint that the user names: DOCKER_HOST, else the current context, else None.

    Raises:
        EngineConfigInvalid: The context or config.json cannot be used.
        EngineUnreachable: The certificates that belong to DOCKER_HOST cannot be used.
    """
    return _from_docker_host(os.environ) or current_context()


def is_own_engine(client: docker.DockerClient) -> bool:
    """Tell whether a client's engine is the course's own.

    Args:
        client: Any client.
    """
    return own.is_set_up() and _root(client) == str(own.paths().data_root)


def endpoint_of(client: docker.DockerClient | None) -> Endpoint | None:
    """Give the endpoint that a client of `connect` leads to, None if that is not known.

    Args:
        client: The client; None for the one that `connect` gave for the present choice.
    """
    if client is None:
        found = _open.get(_choice())
        return found.endpoint if found else None
    return next((found.endpoint for found in _open.values() if found.client is client), None)


def engine_id(client: docker.DockerClient) -> str:
    """Give the engine's own ID.

    Up to version 20.10 engines of one machine can share it.

    Args:
        client: Any client.
    """
    return _id(client)


@cache
def _id(client: docker.DockerClient) -> str:
    return str(client.info()["ID"])


@cache
def _root(client: docker.DockerClient) -> str:
    return str(client.info().get("DockerRootDir", ""))


def _choice() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in _CHOICE)


def _search(*, start: bool, timeout: float, probe: float) -> Found:
    named = named_endpoint()
    if named is not None and named.path != str(own.paths().socket):
        return _require(named, timeout=timeout, probe=probe)
    refusals: list[tuple[bool, EngineUnreachable]] = []
    for place in () if named is not None else usual_places():
        if place.path is not None and not os.path.lexists(place.path):
            continue
        try:
            return Found(open_client(place, timeout=timeout, probe=probe), place)
        except Exception as error:  # noqa: BLE001  (Windows pipes raise classes of pywin32)
            if place.path is not None:  # a pipe cannot be looked up before it is tried
                refusals.append((is_denied(error), explain(error, place)))
    if own.is_running() or (start and own.is_set_up() and own.can_run()):
        own.start()
        named = Endpoint(f"unix://{own.paths().socket}", "own engine")
    if named is not None:
        return _require(named, timeout=timeout, probe=probe)
    if refusals:  # an engine that refuses this user says more than one that has stopped
        raise max(refusals, key=lambda one: one[0])[1]
    raise not_found()


def _from_docker_host(environ: Mapping[str, str]) -> Endpoint | None:
    url = environ.get("DOCKER_HOST")
    if not url:
        return None
    endpoint = Endpoint(url, "DOCKER_HOST")
    try:
        tls = kwargs_from_env(dict(environ)).get("tls")
    except TLSParameterError as error:
        raise explain(error, endpoint) from error
    return Endpoint(url, "DOCKER_HOST", tls=tls)


def _require(endpoint: Endpoint, *, timeout: float, probe: float) -> Found:
    try:
        return Found(open_client(endpoint, timeout=timeout, probe=probe), endpoint)
    except (DockerException, OSError, ValueError) as error:
        raise explain(error, endpoint) from error


def _answers(found: Found, probe: float) -> bool:
    api = found.client.api
    try:
        knock(found.endpoint)
        # the SDK's own ping() waits as long as a build may be silent
        return bool(api._result(api._get(api._url("/_ping"), timeout=probe)) == "OK")  # noqa: SLF001
    except (DockerException, OSError):
        return False
