"""`run`: run an image's program to its end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import requests
from docker.errors import APIError

from stagelab.containers.cage import MEMORY, caged, name, start_failed
from stagelab.containers.facts import Run
from stagelab.containers.watching import Watch
from stagelab.engine import connect
from stagelab.engine.lost import is_silence, watched
from stagelab.errors import RunTimeout, StartFailed

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

OUTPUT_BYTES = 1 << 20
"""Most bytes of each output that are kept."""


def run(
    image: object,
    *command: str,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    timeout: float = 30.0,
    memory: str = MEMORY,
    entrypoint: Sequence[str] | None = None,
    tmp: bool = True,
    read_only: bool = True,
    client: docker.DockerClient | None = None,
) -> Run:
    """Run a container to its end, caged, and remove it.

    A program that fails, cannot even start, or is stopped because it wants more than the cage
    allows (memory, files, output), is no error here: `Run` tells.

    Args:
        image: A `Build`, an SDK image, or a reference.
        command: Arguments for its entrypoint, or the command if it has none.
        env: Environment variables.
        user: Run as this user instead of the image's.
        timeout: Seconds after which it is stopped.
        memory: Most memory, as Docker writes it.
        entrypoint: In place of the image's.
        tmp: Whether it gets a small writable /tmp; without, it has the image's /tmp, if any.
        read_only: Whether its root file system is read-only. If not, what it writes there goes with
            it.
        client: The engine; None for the one that `connect` finds.

    Raises:
        RunTimeout: It did not end in time; it has been stopped and removed. The error tells what
            it printed last, and whether it prints or starts processes without end.
        ImageNotFound: There is no such image on the engine.
        EngineUnreachable: The engine went away meanwhile.
    """
    client = client or connect()
    said = (*(entrypoint or ()), *command)
    began = time.monotonic()
    try:
        with (
            watched("the run", client),
            caged(
                client,
                image,
                command,
                env=env,
                user=user,
                memory=memory,
                entrypoint=entrypoint,
                tmp=tmp,
                read_only=read_only,
            ) as container,
        ):
            watch = Watch(container, memory, writable=not read_only)
            return _to_its_end(container, watch, image, said, timeout)
    except StartFailed as error:
        seconds = time.monotonic() - began
        return Run(name(image), said, None, "", "", seconds, error.detail)


def _to_its_end(
    container: Container, watch: Watch, image: object, command: tuple[str, ...], timeout: float
) -> Run:
    began = time.monotonic()
    try:
        container.start()
    except APIError as error:
        raise start_failed(image, error) from None
    with watch:
        try:
            exit_code = int(container.wait(timeout=timeout)["StatusCode"])
        except (requests.ConnectionError, requests.Timeout) as error:
            if not is_silence(error):
                raise
            endless = watch.endless()
            raise RunTimeout(
                f"{name(image)} did not end within {timeout:g} seconds, so it was stopped. "
                f"{endless}".rstrip(),
                fix="Let it end by itself."
                if endless
                else "Give it a longer timeout, or use `serve` for a program that goes on running.",
                detail=_text(container.logs(tail=20)),
                why=endless,
            ) from None
    seconds = time.monotonic() - began
    stdout = _text(container.logs(stdout=True, stderr=False))
    stderr = _text(container.logs(stdout=False, stderr=True))
    stopped = watch.why(exit_code)
    return Run(name(image), command, exit_code, stdout, stderr, seconds, stopped=stopped)


def _text(data: bytes) -> str:
    return data[:OUTPUT_BYTES].decode("utf-8", "replace")
