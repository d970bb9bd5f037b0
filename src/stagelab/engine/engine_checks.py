"""Checks of an engine that answers: what it is, where it is, and whether it has room."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker

from stagelab.engine import room
from stagelab.engine.checks import Check, EngineFacts
from stagelab.engine.connecting import Found, is_own_engine
from stagelab.engine.endpoint import Endpoint
from stagelab.engine.examining import Question

_NEEDED_BYTES = 6_000_000_000
"""What the bases, the lessons' images and the build cache take, with as much again to spare."""

_OLDEST_API = (1, 40)
"""Docker 19.03, the oldest API that current engines still speak."""

_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", None}


@dataclass(frozen=True, slots=True)
class Told:
    """What an engine said when it was asked.

    Args:
        client: The engine.
        endpoint: Where it answers.
        version: As `GET /version` gives it.
        info: As `GET /info` gives it.
        asked: This machine's clock when `info` was asked for and when it came, seconds.
        facts: The same, in short.
    """

    client: docker.DockerClient
    endpoint: Endpoint
    version: Mapping[str, Any]
    info: Mapping[str, Any]
    asked: tuple[float, float]
    facts: EngineFacts


def ask(found: Found) -> Told:
    """Ask an engine what it is.

    Args:
        found: As `connecting.find` gives it.
    """
    version = found.client.version()
    before = datetime.now().timestamp()  # noqa: DTZ005  (seconds since 1970 have no zone)
    info = found.client.info()
    after = datetime.now().timestamp()  # noqa: DTZ005
    own = is_own_engine(found.client)
    return Told(
        found.client, found.endpoint, version, info, (before, after), _facts(version, info, own)
    )


def questions(told: Told) -> list[Question]:
    """List what else is to be checked."""
    return [
        Question("architecture", lambda: _architecture(told.info)),
        Question("BuildKit", lambda: _buildkit(told.facts), needed=False),
        Question("disk", lambda: disk(told.info)),
        Question("loopback", lambda: loopback(told.endpoint)),
    ]


def disk(info: Mapping[str, Any]) -> Check:
    """Check the free space where the engine keeps its data.

    Args:
        info: As `GET /info` gives it.
    """
    root = Path(str(info.get("DockerRootDir", "")))
    free = room.free_at(root)
    if free is None:
        return Check(
            "disk",
            ok=None,
            found="the engine keeps its data where this machine cannot look",
            fix="If a build says `no space left on device`, give the engine's machine more disk.",
        )
    said = f"{free / 1e9:.1f} GB free at {root}"
    if free < _NEEDED_BYTES:
        return Check(
            "disk",
            ok=False,
            found=f"{said}; the course needs {_NEEDED_BYTES / 1e9:.0f} GB",
            fix="Free some space, for example with `./course clean` and `docker system df`.",
        )
    return Check("disk", ok=True, found=said)


def loopback(endpoint: Endpoint) -> Check:
    """Check that ports which containers publish on 127.0.0.1 can be reached from here.

    Args:
        endpoint: Where the engine answers.
    """
    url = urlsplit(endpoint.url)
    if url.scheme in {"tcp", "http", "https", "ssh"} and url.hostname not in _LOCAL_HOSTS:
        return Check(
            "loopback",
            ok=False,
            found=f"the engine is on another machine, {url.hostname}: what its containers publish "
            "on 127.0.0.1 is not reachable from here",
            fix="Use an engine on this machine: unset DOCKER_HOST or choose another context.",
        )
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=1).close()
    except OSError as error:
        return Check(
            "loopback",
            ok=False,
            found=f"no connection within this machine: {error}",
            fix="Bring the loopback interface up (`ip link set lo up`) and allow 127.0.0.1 in "
            "the firewall.",
        )
    return Check("loopback", ok=True, found="ports on 127.0.0.1 can be opened and reached")


def _facts(version: Mapping[str, Any], info: Mapping[str, Any], own: bool) -> EngineFacts:  # noqa: FBT001
    secured = " ".join(map(str, info.get("SecurityOptions") or ()))
    return EngineFacts(
        product=_product(version),
        version=str(version.get("Version", "?")),
        api=str(version.get("ApiVersion", "0")),
        storage=str(info.get("Driver", "?")),
        system=str(info.get("OperatingSystem", "?")),
        kernel=str(info.get("KernelVersion", "?")),
        architecture=str(info.get("Architecture", "?")),
        cgroups=str(info.get("CgroupVersion", "")),
        memory_bytes=int(info.get("MemTotal") or 0),
        processors=int(info.get("NCPU") or 0),
        rootless="name=rootless" in secured,
        own=own,
    )


def engine(told: Told) -> Check:
    """Say which engine it is, and whether it is new enough.

    Args:
        told: What it said.
    """
    facts = told.facts
    said = (
        f"{facts.product} {facts.version}, API {facts.api}, {facts.storage} storage, "
        f"at {told.endpoint}"
    )
    if tuple(int(part) for part in facts.api.split(".")) < _OLDEST_API:
        return Check("engine", ok=False, found=said, fix="Update the engine to 20.10 or later.")
    return Check("engine", ok=True, found=said)


def _architecture(info: Mapping[str, Any]) -> Check:
    said = f"{info.get('OSType', '?')} on {info.get('Architecture', '?')}"
    if info.get("OSType") != "linux":
        return Check(
            "architecture",
            ok=False,
            found=f"{said}; the lessons build Linux images",
            fix="Switch Docker Desktop to Linux containers (its menu in the notification area).",
        )
    return Check("architecture", ok=True, found=said)


def _buildkit(facts: EngineFacts) -> Check:
    # Docker engines have it since API 1.39; others take the request and build in the classic way
    if facts.product == "Docker":
        return Check("BuildKit", ok=True, found="part of this engine, beside the classic builder")
    return Check(
        "BuildKit",
        ok=None,
        found=f"{facts.product} has none; lessons that compare both builders show one",
        fix="Use a Docker engine for these lessons.",
    )


def _product(version: Mapping[str, Any]) -> str:
    names = [str(part.get("Name", "")) for part in version.get("Components") or ()]
    return "Podman" if any("podman" in name.lower() for name in names) else "Docker"
