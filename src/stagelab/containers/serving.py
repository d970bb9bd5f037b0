"""`serve`: run a network service for as long as a `with` block lasts."""

from __future__ import annotations

import contextlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from docker.errors import APIError

from stagelab.containers.cage import MEMORY, caged, name, start_failed
from stagelab.containers.facts import Health, Reply, Stopped, with_reason
from stagelab.containers.watching import Watch
from stagelab.engine import connect
from stagelab.engine.lost import watched
from stagelab.errors import StartFailed

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

HEALTH_SECONDS = 0.5
"""Seconds between two health checks, whatever the image says, so that nobody has to wait long."""

_KILLED = 137  # 128 + SIGKILL, what the engine reports for a process that it had to kill


class Service:
    """A running service; made by `serve`.

    Attributes:
        container: The SDK's container.
        url: Where it listens, on this machine only.
    """

    def __init__(self, container: Container, url: str, watch: Watch) -> None:
        self.container = container
        self.url = url
        self._watch = watch

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
        return bytes(self.container.logs()).decode("utf-8", "replace")

    def stopped(self) -> str:
        """Say why it was stopped before its end; "" if it runs, or ended by itself.

        It is stopped if it needs more memory, or writes or prints more, than it may.
        """
        self.container.reload()
        if self.container.status != "exited":
            return self._watch.reason
        return self._watch.why(int(self.container.attrs["State"]["ExitCode"]))

    def health(self, *, timeout: float = 15.0) -> Health:
        """Wait for the next report of the image's health check (HEALTHCHECK), and give it.

        The engine checks every `HEALTH_SECONDS`, and one check that fails is enough, whatever
        interval, retries and start period the image asks for.

        Args:
            timeout: Seconds to wait; then the status is what it was before, or "starting".
        """
        end = time.monotonic() + timeout
        before = self._checks()
        while (checks := self._checks()) and time.monotonic() < end:
            if checks["Log"] and checks["Log"][-1:] != (before["Log"] or [])[-1:]:
                break
            time.sleep(HEALTH_SECONDS / 5)
        if not checks:
            return Health("none", None, "")
        last = checks["Log"][-1] if checks["Log"] else {}
        return Health(checks["Status"], last.get("ExitCode"), last.get("Output", "").strip())

    def _checks(self) -> dict[str, Any]:
        """Ask the engine what the health checks found; {} if the image has none."""
        self.container.reload()
        return dict(self.container.attrs["State"].get("Health") or {})

    def stop(self, *, grace: int = 10) -> Stopped:
        """Ask it to end (SIGTERM); kill it after `grace` seconds."""
        self.container.reload()
        ran = self.container.status == "running" and not self._watch.reason
        began = time.monotonic()
        self.container.stop(timeout=grace)
        seconds = time.monotonic() - began
        exit_code = int(self.container.wait()["StatusCode"])
        return Stopped(seconds, exit_code, killed=ran and exit_code == _KILLED)


@contextlib.contextmanager
def serve(
    image: object,
    port: int,
    *,
    ready: str = "/",
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    timeout: float = 15.0,
    memory: str = MEMORY,
    tmp: bool = True,
    read_only: bool = True,
    client: docker.DockerClient | None = None,
) -> Iterator[Service]:
    """Run a service, caged and published on 127.0.0.1 only, and remove it at the end.

    One that needs more memory than it has, or writes or prints more than it may, is stopped:
    `Service.stopped` tells.

    Args:
        image: A `Build`, an SDK image, or a reference.
        port: The TCP port that it listens on, in the container.
        ready: A path that it answers, with any status, once it is ready.
        env: Environment variables.
        user: Run as this user instead of the image's.
        timeout: Seconds that it may take to get ready.
        memory: Most memory, as Docker writes it.
        tmp: Whether it gets a small writable /tmp; without, it has the image's /tmp, if any.
        read_only: Whether its root file system is read-only. If not, what it writes there goes with
            it.
        client: The engine; None for the one that `connect` finds.

    Raises:
        StartFailed: It could not start, ended at once, or did not get ready in time.
        ImageNotFound: There is no such image on the engine.
        EngineUnreachable: The engine went away before the service was ready.
    """
    client = client or connect()
    cage = caged(
        client,
        image,
        env=env,
        user=user,
        memory=memory,
        port=port,
        tmp=tmp,
        read_only=read_only,
        health_seconds=HEALTH_SECONDS,
    )
    with contextlib.ExitStack() as stack:
        with watched("the start of the service", client):
            container = stack.enter_context(cage)
            try:
                container.start()
            except APIError as error:
                raise start_failed(image, error) from None
            watch = stack.enter_context(Watch(container, memory, writable=not read_only))
            container.reload()
            published = container.ports[f"{port}/tcp"] if container.ports else None
            service = Service(container, f"http://127.0.0.1:{_port(published)}", watch)
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
    if container.status != "exited":
        raise StartFailed(
            f"{name(image)} did not answer within {timeout:g} seconds.",
            fix="Check the port that it listens on, and that it listens on all addresses.",
            detail=service.logs(),
        )
    code = container.attrs["State"]["ExitCode"]
    stopped = service.stopped()
    raise StartFailed(
        f"{name(image)} ended at once, with exit code {code}. {stopped}".rstrip(),
        fix="Let it need less."
        if stopped
        else "Read what it printed, below: it says what is missing.",
        detail=with_reason(service.logs(), stopped),
    )
