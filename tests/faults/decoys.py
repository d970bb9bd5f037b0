"""Things of others on an engine, some much like ours, and how to tell that nothing touched them."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import NotFound

from stagelab.engine import buildcache
from stagelab.engine.labels import NAME_LABEL, OWNER_LABEL, SESSION_LABEL, labels
from tests.recorder import TOOL

ALPINE = "alpine:3.22"


@dataclass(frozen=True, slots=True)
class Decoys:
    """What others have on the engine.

    Attributes:
        images: Names.
        containers: Names; all of them run.
        volume: Its name; a file is in it.
        network: Its name.
        cached: A text in the description of records of the build cache.
    """

    images: tuple[str, ...]
    containers: tuple[str, ...]
    volume: str
    network: str
    cached: str


@contextmanager
def decoys(client: docker.DockerClient, dead: str) -> Iterator[Decoys]:
    """Put decoys on an engine while the block runs.

    Args:
        client: The engine.
        dead: An owner that is no more, as `owners.me` would have named it.
    """
    run = secrets.token_hex(4)
    ours = f"stagelab/decoy-{run}:ours"
    mine, kept = f"decoy-{run}/app:1", f"decoy-{run}/committed:1"
    volume, network = f"decoy-{run}", f"decoy-{run}-net"
    course = labels() | {SESSION_LABEL: f"dead-{run}"}
    with ExitStack() as stack:
        for name in (ours, mine, kept):
            stack.callback(_remove_image, client, name)
        # an image of a lesson, and a user's built on it: both hand the course's labels on
        _build(client, f"FROM {ALPINE}\nRUN echo ours {run}\n", ours, course)
        _build(client, f"FROM {ours}\nRUN echo users-{run} > /users\n", mine, {})
        client.volumes.create(volume)
        stack.callback(_remove_volume, client, volume)
        client.networks.create(network)
        stack.callback(_remove_network, client, network)
        # what a user made of a container of ours: its owner is no more, but it is not ours
        marks = course | {OWNER_LABEL: dead, NAME_LABEL: f"stagelab-{run}"}
        first = client.containers.create(ALPINE, ["true"], labels=marks)
        first.commit(kept.rpartition(":")[0], "1")
        first.remove()
        plan: tuple[tuple[str, dict[str, Any]], ...] = (
            (ALPINE, {}),
            (ALPINE, {"volumes": {volume: {"bind": "/kept"}}, "network": network}),
            (ours, {}),
            (mine, {}),
            (kept, {}),
        )
        names: list[str] = []
        for image, options in plan:
            names.append(f"decoy-{run}-{len(names)}")
            stack.callback(_remove_container, client, names[-1])
            command = ["sh", "-c", "date > /kept/file; sleep 3600"]
            client.containers.run(
                image, command if options else ["sleep", "3600"], detach=True, name=names[-1],
                labels=TOOL, **options,
            )  # fmt: skip
        yield Decoys((mine, kept, ALPINE), tuple(names), volume, network, f"users-{run}")


def state(client: docker.DockerClient, those: Decoys) -> dict[str, Any]:
    """Tell all that can be told of decoys: the engine's words, and their bytes as digests."""
    api = client.api
    told: dict[str, Any] = {}
    for image in those.images:
        told[image] = {**api.inspect_image(image), "bytes": _digest(api.get_image(image))}
    for name in those.containers:
        told[name] = api.inspect_container(name)
        assert told[name]["State"]["Running"], name
    told["volume"] = api.inspect_volume(those.volume)
    told["file"] = _digest(api.get_archive(those.containers[1], "/kept/file")[0])
    told["network"] = api.inspect_network(those.network)
    told["cache"] = sorted(
        (
            record
            for record in buildcache.cache_records(client)
            if those.cached in record["Description"]
        ),
        key=lambda record: str(record["ID"]),
    )
    assert told["cache"]
    return json.loads(json.dumps(told))  # type: ignore[no-any-return]


def _digest(pieces: Iterator[bytes]) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def _build(client: docker.DockerClient, text: str, tag: str, given: dict[str, str]) -> None:
    """Build by BuildKit as somebody else does."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("Dockerfile")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text.encode()))
    answer = client.api.post(
        client.api._url("/build"),
        params={"version": "2", "t": tag, "labels": json.dumps(given)},
        data=out.getvalue(),
        headers={"Content-Type": "application/x-tar"},
    )
    assert "error" not in answer.text, answer.text


def _remove_container(client: docker.DockerClient, name: str) -> None:
    with suppress(NotFound):
        client.api.remove_container(name, force=True, v=True)


def _remove_image(client: docker.DockerClient, name: str) -> None:
    with suppress(NotFound):
        client.api.remove_image(name)


def _remove_volume(client: docker.DockerClient, name: str) -> None:
    with suppress(NotFound):
        client.api.remove_volume(name)


def _remove_network(client: docker.DockerClient, name: str) -> None:
    with suppress(NotFound):
        client.api.remove_network(name)
