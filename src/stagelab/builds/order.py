"""What is to be built, as both builders need it."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stagelab.builds.context import Context
from stagelab.builds.dockerfile import Dockerfile
from stagelab.builds.secrets import Secrets

if TYPE_CHECKING:
    import docker


@dataclass(frozen=True, slots=True)
class Order:
    """One build: where, of what, and with which options (as in `build`).

    Its `id` names it to the engine.
    """

    client: docker.DockerClient
    context: Context
    source: Dockerfile
    target: str | None
    buildargs: Mapping[str, str]
    tag: str | None
    labels: Mapping[str, str]
    nocache: bool
    pull: bool
    network: str | None
    platform: str | None
    extra_hosts: Mapping[str, str]
    shm_size: int | None
    memory: int | None
    cache_from: tuple[str, ...]
    secrets: Secrets = field(repr=False)
    id: str = field(default_factory=lambda: randomness.token_hex(12))
