"""Make containers that go when their block ends, and all the same if this process is killed.

Their labels name this process. A helper process waits for its end and removes what is left then
(`reaper`); what the helper misses goes when somebody connects (`abandoned`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import APIError, DockerException, NotFound

from stagelab.engine import helper, owners
from stagelab.engine.labels import NAME_LABEL, OWNER_LABEL, labels

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container


@contextmanager
def placed(
    client: docker.DockerClient,
    image: str,
    command: list[str] | None = None,
    **options: Any,  # noqa: ANN401 - those of the SDK
) -> Iterator[Container]:
    """Create a container, and remove it at the end, whatever happens. It is not started.

    Args:
        client: The engine.
        image: What the engine knows the image by.
        command: As for the SDK's `create`.
        options: As for the SDK's `create`, without `name` and `labels`.

    Raises:
        docker.errors.APIError: The engine refused to create it.
    """
    name = f"stagelab-{secrets.token_hex(6)}"
    helper.watch(client, name)
    try:
        container = client.containers.create(
            image, command, name=name, labels=marks(name), **options
        )
    except APIError:
        _remove(client, name)
        raise
    except BaseException:  # the engine may be about to make it
        helper.drop(client, name)
        raise
    try:
        yield container
    finally:
        _remove(client, name)


def marks(name: str) -> dict[str, str]:
    """Give the labels of a container that this process makes.

    Args:
        name: Its name.
    """
    return {**labels(), OWNER_LABEL: owners.me(), NAME_LABEL: name}


def _remove(client: docker.DockerClient, name: str) -> None:
    """Remove a container, or let the helper do it."""
    try:
        client.api.remove_container(name, force=True, v=True)
    except NotFound:
        helper.forget(name)
    except (DockerException, requests.RequestException, OSError):
        helper.drop(client, name)  # the engine is away: it must not hide what went wrong before
    except BaseException:
        helper.drop(client, name)
        raise
    else:
        helper.forget(name)
