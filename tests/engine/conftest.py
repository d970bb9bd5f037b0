"""The real engine, for tests that need one."""

from __future__ import annotations

import docker
import pytest

from stagelab.bases import Base, ensure
from stagelab.engine import connect
from stagelab.engine.connecting import find


@pytest.fixture(scope="session")
def client() -> docker.DockerClient:
    """A client of the engine that the course would use."""
    return connect()


@pytest.fixture(scope="session")
def bases(client: docker.DockerClient) -> dict[str, Base]:
    """Every base image of the catalogue, present under its official reference."""
    return ensure(client)


@pytest.fixture(scope="session")
def engine_url(client: docker.DockerClient) -> str:
    """Where that engine is, as DOCKER_HOST names it."""
    assert client.ping()
    return find().endpoint.url
