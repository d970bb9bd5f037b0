"""A machine of its own for tests of the course's own engine: network, processes, mounts apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stagelab.engine import cgroup
from stagelab.engine.ownpaths import Paths

needs_root_on_linux = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="namespaces need Linux and root"
)

_PRELUDE = """
set -eu
ip link set lo up
mount -t tmpfs tmpfs /run
trap 'kill -9 $(cat "$STAGELAB_HOME/data/engine/dockerd.pid") 2>/dev/null || true' EXIT
"""
# The last process of a process namespace takes all others with it, so nothing can be left behind.


class Machine:
    """Runs scripts in new namespaces, with an own STAGELAB_HOME and no named engine."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, script: str, *, timeout: float = 240) -> list[dict[str, Any]]:
        """Run a shell script; gives the JSON objects that it printed, a line each."""
        done = subprocess.run(
            ["unshare", "--net", "--pid", "--fork", "--mount-proc", "bash", "-c",
             _PRELUDE + script],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )  # fmt: skip
        engine = self.home / "data" / "engine"
        cgroup.remove(Paths(engine, engine))  # an engine that was killed leaves it
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def environment(self) -> dict[str, str]:
        unwanted = ("DOCKER_", "STAGELAB_", "JUPYTER")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
        return kept | {
            "STAGELAB_HOME": str(self.home),
            "DOCKER_CONFIG": str(self.home / "no-config"),
            "PYTHON": sys.executable,
            "CI": "1",
        }
