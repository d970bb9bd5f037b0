"""An engine that may be killed, filled and cut off: the course's own, in namespaces of its own."""

from __future__ import annotations

import contextlib
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker

from tests.engine.namespace import Machine

_BEGIN = """
set -u
ip link set lo up
mount -t tmpfs tmpfs /run
ENGINE="$STAGELAB_HOME/data/engine"
mkdir -p "$ENGINE/data"
mount -t tmpfs -o size={size} tmpfs "$ENGINE/data"
course() {{ "$PYTHON" -m stagelab "$@" >&2; }}
trap 'kill -9 $(cat "$ENGINE/dockerd.pid")' EXIT
"""
SIZE = "120m"
"""Of the engine's disk."""


class OwnEngine:
    """A shell within the namespaces; the engine's socket can be reached from outside.

    Args:
        home: STAGELAB_HOME, with a path short enough for sockets.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data" / "engine"
        self.socket = self.data / "docker.sock"
        self.url = f"unix://{self.socket}"
        self._log = (home / "shell.log").open("wb")
        self._shell = subprocess.Popen(
            ["unshare", "--net", "--pid", "--fork", "--mount-proc", "bash", "-s"],
            env=Machine(home).environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        self.do(_BEGIN.format(size=SIZE))
        self.do("course engine start")
        self.client = docker.DockerClient(base_url=self.url, version="auto", timeout=60)

    def do(self, script: str) -> str:
        """Run commands in the shell and wait for their end; gives what they printed."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        end = f"end-{secrets.token_hex(8)}"
        self._shell.stdin.write(f"{{\n{script}\n}} </dev/null\necho {end} $?\n")
        self._shell.stdin.flush()
        printed: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(end):
                said = (self.home / "shell.log").read_text()
                assert line.split()[1] == "0", f"{script}\n{said[-2000:]}"
                return "".join(printed)
            printed.append(line)
        raise AssertionError("the shell has ended")

    def kill(self) -> None:
        """End the daemon as a crash does."""
        self.do('P=$(cat "$ENGINE/dockerd.pid"); kill -9 $P; while test -d /proc/$P; do :; done')

    def stop(self) -> None:
        """End it as a system that shuts down does."""
        self.do("course engine stop")

    def start(self) -> None:
        """Start it anew; one that runs goes on."""
        self.do("course engine start")

    def resize(self, size: str) -> None:
        """Give it a larger or smaller disk."""
        self.do(f'mount -o remount,size={size} "$ENGINE/data"')

    def close(self) -> None:
        self.client.close()
        with contextlib.suppress(AssertionError, BrokenPipeError):
            self.stop()
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        try:
            self._shell.wait(30)
        except subprocess.TimeoutExpired:
            self._shell.send_signal(signal.SIGKILL)
            self._shell.wait()
        self._shell.stdout.close()
        self._log.close()


@contextlib.contextmanager
def own_engine(home: Path, client: docker.DockerClient) -> Iterator[OwnEngine]:
    """Run one while the block lasts, with alpine from another engine."""
    engine = OwnEngine(home)
    try:
        with contextlib.closing(client.api.get_image("alpine:3.22")) as pieces:
            engine.client.images.load(b"".join(pieces))
        yield engine
    finally:
        engine.close()
