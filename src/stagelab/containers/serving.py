"""`serve`: run a network service for as long as a `with` block lasts."""

from __future__ import annotations

import contextlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from docker.errors import APIError

from stagelab.containers.cage import caged, name, start_failed
from stagelab.containers.facts import Reply, Stopped
from stagelab.engine import connect
from stagelab.errors import StartFailed

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

_KILLED = 137  # 128 + SIGKILL, what the engine reports for a process that it had to kill


class Service:
    """A running service; made by `serve`.

    Attributes:
        url: Where it listens, on this machine only.
    """

    def __init__(self, container: Container, url: str) -> None:
        self._container = container
        self.url = url

    def get(self, path: str = "/", *, timeout: float = 5.0) -> Reply:
        """Send a GET request.

        Raises:
            OSError: Nobody answered within `timeout` seconds.
        """
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy
        try:
            response = opener.open(self.url + path, timeout=timeout)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            headers = {key.lower(): value for key, value in response.headers.items()}
            return Reply(response.status, response.read().decode("utf-8", "replace"), headers)

    def logs(self) -> str:
        """Give what it has printed so far."""
        return bytes(self._container.logs()).decode("utf-8", "replace")

    def stop(self, *, grace: int = 10) -> Stopped:
        """Ask it to end (SIGTERM); kill it after `grace` seconds."""
        began = time.monotonic()
        self._container.stop(timeout=grace)
        seconds = time.monotonic() - began
        exit_code = int(self._container.wait()["StatusCode"])
        return Stopped(seconds, exit_code, killed=exit_code == _KILLED)


@contextlib.contextmanager
def serve(
    image: object,
    port: int,
    *,
    ready: str = "/",
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    timeout: float = 15.0,
    memory: str = "256m",
    client: docker.DockerClient | None = None,
) -> Iterator[Service]:
    """Run a service, caged and published on 127.0.0.1 only, and remove it at the end.

    Args:
        image: A `Build`, an SDK image, or a reference.
        port: The TCP port that it listens on, in the container.
        ready: A path that it answers, with any status, once it is ready.
        env: Environment variables.
        user: Run as this user instead of the image's.
        timeout: Seconds that it may take to get ready.
        memory: Most memory, as Docker writes it.
        client: The engine; None for the one that `connect` finds.

    Raises:
        StartFailed: It could not start, ended at once, or did not get ready in time.
        ImageNotFound: There is no such image on the engine.
    """
    client = client or connect()
    with caged(client, image, env=env, user=user, memory=memory, port=port) as container:
        try:
            container.start()
        except APIError as error:
            raise start_failed(image, error) from None
        container.reload()
        published = container.ports[f"{port}/tcp"] if container.ports else None
        service = Service(container, f"http://127.0.0.1:{_port(published)}")
        _await(service, container, image, ready, timeout)
        yield service


def _port(published: list[dict[str, str]] | None) -> str:
    return published[0]["HostPort"] if published else "0"


def _await(
    service: Service, container: Container, image: object, ready: str, timeout: float
) -> None:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            service.get(ready, timeout=2.0)
            return
        container.reload()
        if container.status == "exited":
            break
        time.sleep(0.05)
    code = container.attrs["State"]["ExitCode"]
    ended = container.status == "exited"
    raise StartFailed(
        f"{name(image)} ended at once, with exit code {code}."
        if ended
        else f"{name(image)} did not answer within {timeout:g} seconds.",
        fix="Read what it printed, below: it says what is missing."
        if ended
        else "Check the port that it listens on, and that it listens on all addresses.",
        detail=service.logs(),
    )
