"""The real engine, for tests that need one."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from stagelab.bases import Base, ensure
from stagelab.engine import connect


@pytest.fixture(scope="session")
def client() -> Iterator[docker.DockerClient]:
    """A client of the engine that the course would use."""
    yield connect()


@pytest.fixture(scope="session")
def bases(client: docker.DockerClient) -> dict[str, Base]:
    """Every base image of the catalogue, present under its official reference."""
    return ensure(client)
