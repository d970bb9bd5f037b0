"""The places where engines usually listen, on each system."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from stagelab.engine.endpoint import Endpoint

_PIPES = {
    "docker_engine": "Docker",
    "dockerDesktopLinuxEngine": "Docker Desktop",
    "podman-machine-default": "Podman",
}


def usual_places(
    *,
    platform: str = sys.platform,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> tuple[Endpoint, ...]:
    """List where engines usually listen on a system, the most usual place first.

    Args:
        platform: As `sys.platform`.
        environ: Environment variables; None is this process's.
        home: The user's home folder; None is this user's.
    """
    environ = os.environ if environ is None else environ
    if platform == "win32":
        return tuple(
            Endpoint(f"npipe:////./pipe/{pipe}", "usual place", name)
            for pipe, name in _PIPES.items()
        )
    seen: dict[str, Endpoint] = {}
    for path, name in _sockets(platform, environ, Path.home() if home is None else home):
        seen.setdefault(str(path), Endpoint(f"unix://{path}", "usual place", name))
    return tuple(seen.values())


def _sockets(platform: str, environ: Mapping[str, str], home: Path) -> Iterator[tuple[Path, str]]:
    # as_posix paths: a Unix socket's address, whatever system this list is made on
    yield Path("/var/run/docker.sock"), "Docker"
    yield home / ".docker/run/docker.sock", "Docker Desktop"
    if platform != "darwin":
        yield home / ".docker/desktop/docker.sock", "Docker Desktop"
    colima = environ.get("COLIMA_HOME")
    if colima:
        yield Path(colima, "default/docker.sock"), "Colima"
    yield home / ".colima/default/docker.sock", "Colima"
    yield home / ".config/colima/default/docker.sock", "Colima"
    yield home / ".rd/docker.sock", "Rancher Desktop"
    yield home / ".orbstack/run/docker.sock", "OrbStack"
    if platform == "darwin":
        machine = home / ".local/share/containers/podman/machine"
        yield machine / "podman.sock", "Podman"
        yield machine / "qemu/podman.sock", "Podman"
        temporary = environ.get("TMPDIR")
        if temporary:
            yield Path(temporary, "podman/podman-machine-default-api.sock"), "Podman"
        return
    runtime = _runtime_dir(environ)
    if runtime is not None:
        yield runtime / "docker.sock", "rootless Docker"
        yield runtime / "podman/podman.sock", "rootless Podman"
    yield Path("/run/podman/podman.sock"), "Podman"


def _runtime_dir(environ: Mapping[str, str]) -> Path | None:
    """Folder of this user's sockets: XDG_RUNTIME_DIR, else where systemd puts it."""
    named = environ.get("XDG_RUNTIME_DIR")
    if named:
        return Path(named)
    getuid = getattr(os, "getuid", None)  # Windows has none
    return Path(f"/run/user/{getuid()}") if getuid else None
