"""Where the course's own engine keeps its files, and the configuration it runs by."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stagelab import _home

_LONGEST_SOCKET = 100
"""Bytes: the kernel takes 107 for a socket's path (unix(7)), less a margin."""

_DEEPEST_SOCKET = "exec/containerd/containerd-debug.sock.ttrpc"
"""The longest path of a socket below the runtime folder."""

_KEPT_SETTINGS = (
    "bip",
    "default-address-pools",
    "dns",
    "dns-opts",
    "dns-search",
    "insecure-registries",
    "mtu",
    "proxies",
    "registry-mirrors",
)
"""How this machine reaches its network: taken over from its own daemon.json, if it has one."""

_MACHINE_CONFIG = Path("/etc/docker/daemon.json")


@dataclass(frozen=True, slots=True)
class Paths:
    """The own engine's files.

    Args:
        home: Folder of all that is kept.
        runtime: Folder of sockets; `home` unless its path is too long for a socket.
    """

    home: Path
    runtime: Path

    @property
    def data_root(self) -> Path:
        """Images, containers, volumes, build cache."""
        return self.home / "data"

    @property
    def exec_root(self) -> Path:
        """What lives only as long as the daemon."""
        return self.runtime / "exec"

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.runtime / "docker.sock"

    @property
    def pidfile(self) -> Path:
        """Written by the daemon."""
        return self.home / "dockerd.pid"

    @property
    def config(self) -> Path:
        """Its daemon.json: says where everything else is."""
        return self.home / "daemon.json"

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.home / "dockerd.log"

    @property
    def lock(self) -> Path:
        """Held while it is started or stopped."""
        return self.home.parent / "engine.lock"


def paths() -> Paths:
    """Give the own engine's files; none of them need exist."""
    home = _home.data_dir().absolute() / "engine"
    if len(os.fsencode(home / _DEEPEST_SOCKET)) <= _LONGEST_SOCKET:
        return Paths(home, home)
    short = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Paths(home, Path("/run" if Path("/run").is_dir() else "/tmp") / f"stagelab-{short}")  # noqa: S108  (made by root, mode 0700)


def write_config(
    place: Paths, machine: Path = _MACHINE_CONFIG, *, cgroup_parent: str | None = None
) -> None:
    """Write the configuration that the own engine runs by.

    Args:
        place: The own engine's files.
        machine: The machine's own daemon.json, whose network settings are taken over.
        cgroup_parent: The control group that all its containers and builds are put below; None for
            the engine's default, which has no limits.
    """
    settings: dict[str, Any] = {
        name: value for name, value in _settings(machine).items() if name in _KEPT_SETTINGS
    }
    settings |= {
        "hosts": [f"unix://{place.socket}"],
        "data-root": str(place.data_root),
        "exec-root": str(place.exec_root),
        "pidfile": str(place.pidfile),
    }
    if cgroup_parent is not None:
        # systemd's driver wants a slice of systemd's in place of a group
        settings |= {
            "cgroup-parent": cgroup_parent,
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
        }
    place.config.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def _settings(machine: Path) -> dict[str, Any]:
    try:
        value = json.loads(machine.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
