"""The real engine, for tests that need one."""

from __future__ import annotations

import docker
import pytest

from stagelab.bases import Base, ensure
from stagelab.engine import connect


@pytest.fixture(scope="session")
def client() -> docker.DockerClient:
    """A client of the engine that the course would use."""
    return connect()


@pytest.fixture(scope="session")
def bases(client: docker.DockerClient) -> dict[str, Base]:
    """Every base image of the catalogue, present under its official reference."""
    return ensure(client)
