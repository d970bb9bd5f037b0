"""One place where an engine may answer, and a client for it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Literal

import docker
from docker.tls import TLSConfig

Origin = Literal["DOCKER_HOST", "context", "usual place", "own engine"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address at which an engine may answer.

    Args:
        url: As in DOCKER_HOST, for example `unix:///var/run/docker.sock`.
        origin: Who names it.
        name: The context's name, or the product that usually listens there; "" if neither.
        tls: Certificates, None for a plain connection.
    """

    url: str
    origin: Origin
    name: str = ""
    tls: TLSConfig | None = None

    @property
    def searched(self) -> bool:
        """Whether it was found by looking, so that other processes must be told of it."""
        return self.origin in {"usual place", "own engine"}

    @property
    def path(self) -> str | None:
        """The socket's path in the file system, None if this is no Unix socket."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else None

    def __str__(self) -> str:
        said = {
            "DOCKER_HOST": "from DOCKER_HOST",
            "context": f"from the Docker context {self.name!r}",
            "usual place": self.name,
            "own engine": "the course's own engine",
        }[self.origin]
        return f"{self.url} ({said})"


def open_client(endpoint: Endpoint, *, timeout: float, probe: float = 10.0) -> docker.DockerClient:
    """Connect to an endpoint, with the highest API version that both sides speak.

    Args:
        endpoint: Where.
        timeout: Seconds that a request of the client may stay silent.
        probe: Seconds that the engine has to tell its version.

    Raises:
        docker.errors.DockerException: As docker-py raises it; `explain` turns it into ours.
        OSError: The socket is not there, or nobody listens, or not to this user.
    """
    knock(endpoint)
    first = docker.DockerClient(
        base_url=endpoint.url, tls=endpoint.tls or False, version="auto", timeout=probe
    )
    try:
        first.ping()
        version = first.api.api_version
    finally:
        first.close()
    return docker.DockerClient(
        base_url=endpoint.url, tls=endpoint.tls or False, version=version, timeout=timeout
    )


def knock(endpoint: Endpoint) -> None:
    """Try a Unix socket by itself first: docker-py leaves it open when it fails to connect.

    Raises:
        OSError: It is not there, or nobody listens, or not to this user.
    """
    family = getattr(socket, "AF_UNIX", None)  # Windows has none
    if endpoint.path is None or family is None:
        return
    with socket.socket(family) as probe:
        probe.settimeout(10)
        probe.connect(endpoint.path)
