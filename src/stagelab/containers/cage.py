"""The cage that every container of the course runs in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from docker.errors import APIError
from docker.errors import ImageNotFound as SdkImageNotFound
from docker.types import Ulimit

from stagelab.engine.placing import placed
from stagelab.errors import ImageNotFound, StartFailed

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

PIDS = 128
"""Most processes in a container."""

CPUS = 1.0
"""Most processors that it uses."""

LOG_BYTES = "1m"
"""Most bytes of its output that the engine keeps."""

FILE_BYTES = 64_000_000
"""Most bytes of a file that it writes (RLIMIT_FSIZE)."""

OPEN_FILES = 4096
"""Most files and connections that a process has open (RLIMIT_NOFILE)."""

MEMORY = "256m"
"""Most memory of a container, swap included, unless a caller says otherwise."""

CAGE: Mapping[str, Any] = {
    "network_mode": "none",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "mem_limit": MEMORY,
    "memswap_limit": MEMORY,
    "nano_cpus": int(CPUS * 1e9),
    "pids_limit": PIDS,
    "ulimits": [
        Ulimit(name=name, soft=most, hard=most)
        for name, most in (("core", 0), ("fsize", FILE_BYTES), ("nofile", OPEN_FILES))
    ],
    "log_config": {"type": "json-file", "config": {"max-size": LOG_BYTES, "max-file": "1"}},
}
"""What the SDK is told of every container: options of its `run` and `create`."""


_MILLISECOND = 1_000_000  # ns; the shortest time that engines accept, and 0 inherits the image's


@contextlib.contextmanager
def caged(
    client: docker.DockerClient,
    image: object,
    command: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    memory: str = MEMORY,
    entrypoint: Sequence[str] | None = None,
    port: int | None = None,
    tmp: bool = True,
    read_only: bool = True,
    health_seconds: float | None = None,
) -> Iterator[Container]:
    """Create a container that can do no harm, and remove it at the end, whatever happens.

    No network (unless `port` is to be published, then on 127.0.0.1 only), no capabilities, no new
    privileges, a read-only root with a small writable /tmp, limits on memory, processors,
    processes, open files and the size of a file, no core dumps. It is not started yet;
    `watching.Watch` looks after it when it is, and after the volumes that the image declares.

    Args:
        client: The engine.
        image: A `Build`, an SDK image, or a reference.
        command: Arguments for its entrypoint, or the command if it has none.
        env: Environment variables.
        user: Run as this user instead of the image's.
        memory: Most memory, as Docker writes it.
        entrypoint: In place of the image's.
        port: A TCP port of the container to publish on a free port of 127.0.0.1.
        tmp: Whether it gets the writable /tmp; without, it has the image's /tmp, if any.
        read_only: Whether its root file system is read-only. If not, what it writes there goes with
            it.
        health_seconds: Seconds between two of the image's health checks, and then one that fails
            is enough; None for what the image says.

    Raises:
        ImageNotFound: There is no such image on the engine.
        StartFailed: The engine refused to create it; the detail has its words.
    """
    options = {**CAGE, "read_only": read_only, "mem_limit": memory, "memswap_limit": memory}
    if port is not None:
        del options["network_mode"]
        options["ports"] = {f"{port}/tcp": ("127.0.0.1", None)}
    if entrypoint is not None:
        options["entrypoint"] = list(entrypoint)
    if tmp:
        options["tmpfs"] = {"/tmp": "size=16m,mode=1777"}  # noqa: S108 - a path in the container
    with contextlib.ExitStack() as stack:
        try:
            if health_seconds is not None and _has_health_check(client, image):
                options["healthcheck"] = _every(health_seconds)
            box = placed(
                client,
                reference(image),
                list(command) or None,
                environment=dict(env or {}),
                user=user,
                **options,
            )
            container = stack.enter_context(box)
        except SdkImageNotFound as error:
            raise ImageNotFound(
                f"There is no image {reference(image)!r} on this engine.",
                fix="Build it first, or check the name; `docker image ls` lists what is there.",
                detail=str(error.explanation or error),
            ) from None
        except APIError as error:
            raise start_failed(image, error) from None
        yield container


def _has_health_check(client: docker.DockerClient, image: object) -> bool:
    found = client.images.get(reference(image))
    return bool((found.attrs.get("Config") or {}).get("Healthcheck"))


def _every(seconds: float) -> dict[str, int]:
    """Say how often an image's health check runs; what it runs is inherited from the image."""
    return {"interval": int(seconds * 1e9), "retries": 1, "start_period": _MILLISECOND}


def start_failed(image: object, error: APIError) -> StartFailed:
    """Say that the engine would not create or start a container, in its own words."""
    return StartFailed(
        f"The engine could not start {name(image)}.",
        fix="Check the ENTRYPOINT and that the program it names is in the image and can run there.",
        detail=str(error.explanation or error),
    )


def reference(image: object) -> str:
    """Give what the engine knows an image by: a `Build`'s or SDK image's ID, or the text."""
    found = getattr(image, "image", image)
    return str(getattr(found, "id", found))


def name(image: object) -> str:
    """Give what a reader knows an image by: its tag if it has one, else its short ID."""
    tag = getattr(image, "tag", None)
    if tag and isinstance(tag, str):  # an SDK image's `tag` is a method
        return tag
    found = getattr(image, "image", image)
    tags = getattr(found, "tags", None)
    return str(tags[0] if tags else getattr(found, "short_id", found)).removeprefix("sha256:")
