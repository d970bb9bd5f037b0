"""Remove containers of the course whose makers are gone.

A container's labels name the process that made it, and the container itself: an image that was
made of it hands its labels on, but not its name, so what runs such an image is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import APIError, DockerException, NotFound

from stagelab.engine import helper, owners, temporary
from stagelab.engine.labels import NAME_LABEL, OWNER_LABEL

if TYPE_CHECKING:
    import docker

Gone = Callable[[str, str], bool]
"""Told an owner and a container's name, says whether nobody uses it any more."""

FOREIGN_SECONDS = 6 * 3600.0
"""Age at which a container is abandoned whose maker cannot be looked up from here."""

_LIST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Removed:
    """What a sweep did.

    Args:
        names: The containers that it removed.
        complete: Whether it could remove all that it should.
    """

    names: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Made:
    """A container that a process of the course made.

    Args:
        identity: Its ID.
        name: Its name.
        owner: Its maker, as `owners.me` named it.
        age: Seconds since it was made, by the engine's clock.
    """

    identity: str
    name: str
    owner: str
    age: float


def sweep(client: docker.DockerClient) -> None:
    """Remove what processes left that are gone: containers here, folders on this machine.

    Nothing depends on its success, so it raises no error.

    Args:
        client: The engine.
    """
    with suppress(DockerException, requests.RequestException, OSError, ValueError, KeyError):
        _remove(client, _is_abandoned)
    temporary.remove()


def remove(client: docker.DockerClient, gone: Gone) -> Removed:
    """Remove the course's containers that are gone.

    Args:
        client: The engine.
        gone: Which are.

    Raises:
        docker.errors.APIError: The engine cannot list its containers.
        requests.RequestException: The engine does not answer.
    """
    return _remove(client, lambda made: gone(made.owner, made.name))


def _remove(client: docker.DockerClient, gone: Callable[[_Made], bool]) -> Removed:
    names = []
    complete = True
    for made in _made(client):
        if not gone(made):
            continue
        try:
            client.api.remove_container(made.identity, force=True, v=True)
        except NotFound:
            continue
        except APIError:
            complete = False  # for one: another process is removing it
            continue
        names.append(made.name)
    return Removed(tuple(names), complete)


def _is_abandoned(made: _Made) -> bool:
    if made.owner == owners.me():
        return not helper.is_placed(made.name)
    alive = owners.lives(made.owner)
    return made.age > FOREIGN_SECONDS if alive is None else not alive


def _made(client: docker.DockerClient) -> Iterator[_Made]:
    """List the containers that processes of the course made themselves, running or not."""
    api = client.api
    asked = {"all": "1", "filters": json.dumps({"label": [OWNER_LABEL, NAME_LABEL]})}
    answer = api._get(api._url("/containers/json"), params=asked, timeout=_LIST_SECONDS)  # noqa: SLF001 - the SDK hides the answer's headers
    listed: list[dict[str, Any]] = api._result(answer, json=True)  # noqa: SLF001 - as above
    now = _clock(answer)
    for each in listed:
        labels = each.get("Labels") or {}
        name = labels[NAME_LABEL]
        if f"/{name}" in (each.get("Names") or ()):
            age = now - float(each["Created"]) if now is not None else 0.0
            yield _Made(each["Id"], name, labels[OWNER_LABEL], age)


def _clock(answer: requests.Response) -> float | None:
    """Tell the time by the engine's clock, POSIX seconds; this machine's can differ."""
    try:
        return parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
