"""Remove what processes of the course left that are gone, before somebody uses an engine."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import requests
from docker.errors import DockerException

from stagelab.engine import helper, owners, sweeping, temporary
from stagelab.engine.sweeping import Answer, Ask, Made

if TYPE_CHECKING:
    import docker

FOREIGN_SECONDS = 6 * 3600.0
"""Age at which a container is abandoned whose maker cannot be looked up from here."""

_SECONDS = 30.0
"""How long one answer may take: a container that has to be killed first takes a moment."""


def sweep(client: docker.DockerClient) -> None:
    """Remove what processes left that are gone: containers here, folders on this machine.

    Nothing depends on its success, so it raises no error.

    Args:
        client: The engine.
    """
    with suppress(DockerException, OSError, ValueError, KeyError, TypeError):
        sweeping.remove(way_of(client), is_abandoned)
    temporary.remove()


def is_abandoned(made: Made) -> bool:
    """Tell whether nobody uses a container any more.

    Args:
        made: The container.
    """
    if made.owner == owners.me():
        return not helper.is_placed(made.name)
    alive = owners.lives(made.owner)
    return made.age > FOREIGN_SECONDS if alive is None else not alive


def way_of(client: docker.DockerClient) -> Ask:
    """Give the way to the engine of a client.

    Args:
        client: Any client of the SDK.
    """
    api = client.api

    def ask(method: str, path: str) -> Answer:
        # the SDK's own calls hide the headers
        url = f"{api.base_url}/v{api.api_version}{path}"
        answer: requests.Response = api.request(method, url, timeout=_SECONDS)
        return Answer(answer.status_code, answer.headers, answer.content)

    return ask
