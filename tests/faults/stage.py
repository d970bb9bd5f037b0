"""Where faults are played: a kernel, a gate before the real engine, and what is left afterwards."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import docker

from stagelab.engine.labels import SESSION_LABEL
from tests.faults.gate import Gate
from tests.faults.kernels import Kernel
from tests.helpers import happens

_HIDE = "mount -t tmpfs tmpfs /run"
"""Engines of this machine that listen in usual places are not to be found by the kernel."""


class Stage:
    """A learner's kernel, whose DOCKER_HOST is a gate before an engine.

    Args:
        folder: With a path short enough for sockets.
        client: The engine's.
        engine: Its socket.
    """

    def __init__(self, folder: Path, client: docker.DockerClient, engine: str) -> None:
        self.folder = folder
        folder.chmod(0o755)
        self.client = client
        self.session = f"faults-{secrets.token_hex(4)}"
        self.marker = f"600.{secrets.randbelow(10**8):08}"
        self.home = folder / "home"
        self.config = folder / "config"
        self.config.mkdir()
        self.gate = Gate(folder / "e.sock", engine)
        self.gate.open()
        self.kernel = Kernel(folder / "kernel", self.environment(), _HIDE)
        self.engines = [client]

    def environment(self) -> dict[str, str]:
        return {
            "DOCKER_HOST": self.gate.url,
            "DOCKER_CONFIG": str(self.config),
            "STAGELAB_HOME": str(self.home),
            "STAGELAB_SESSION": self.session,
            "STAGELAB_PROGRESS": str(self.folder / "progress.json"),
            "HOME": str(self.folder),
            "IPYTHONDIR": str(self.folder / "ipython"),
        }

    @contextlib.contextmanager
    def variables(self, **values: str | None) -> Iterator[None]:
        """Set environment variables of the kernel (None unsets) while the block runs."""
        self._set(values)
        try:
            yield
        finally:
            self._set({name: self.environment().get(name) for name in values})

    def _set(self, values: dict[str, str | None]) -> None:
        lines = ["import os"]
        for name, value in values.items():
            if value is None:
                lines.append(f"os.environ.pop({name!r}, None)")
            else:
                lines.append(f"os.environ[{name!r}] = {value!r}")
        said = self.kernel.run("\n".join(lines))
        assert not said.error, said.text

    def running(self) -> bool:
        """Whether a process with the marker in its command line runs on this machine."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = path.read_bytes().split(b"\0")
                if self.marker.encode() in words and words[0].endswith(b"sleep"):
                    return True
        return False

    def until_running(self) -> None:
        """Wait until such a process runs."""
        assert happens(self.running, 120), "the step runs"

    def leftovers(self) -> dict[str, list[str]]:
        """What is left of the kernel's session, after some seconds for what ends by itself."""
        found: dict[str, list[str]] = {}

        def gone() -> bool:
            found.clear()
            found.update(self._left())
            return not any(found.values())

        happens(gone, 10)
        return found

    def _left(self) -> dict[str, list[str]]:
        filters = {"label": f"{SESSION_LABEL}={self.session}"}
        containers: list[str] = []
        images: list[str] = []
        for client in self.engines:
            containers += [str(c["Id"]) for c in client.api.containers(all=True, filters=filters)]
            images += [str(i["Id"]) for i in client.api.images(all=True, filters=filters)]
        return {
            "containers": containers,
            "images": images,
            "files": [
                str(path)
                for path in self.kernel.temporary.iterdir()
                if "exercises" not in path.name  # goes with the kernel: see `close`
            ],
            "processes": [*self._children(), *([self.marker] if self.running() else [])],
        }

    def _children(self) -> list[str]:
        """Processes that the kernel started and that still run, its own helper left out."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parent = path.read_text().rpartition(")")[2].split()[1]
                command = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if int(parent) == self.kernel.process.pid and "reap" not in command:
                    found.append(command)
        return found

    def close(self) -> None:
        self.kernel.stop()
        self.gate.shut()
        assert list(self.kernel.temporary.iterdir()) == []
