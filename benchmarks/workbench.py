"""Where a benchmark works: an own session on the engine, a temporary folder, and no traces."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.docker_cli import Builder, choose, clock_skew
from stagelab.engine import clean
from stagelab.engine.connecting import Found, find
from stagelab.engine.labels import session
from stagelab.errors import StagelabError
from stagelab.show.style import count, humane_bytes


class Workbench:
    """Use it as a context manager: at its end, also after Ctrl-C, all that was made is removed.

    Args:
        docker: Path of the docker command line; None to choose one.

    Attributes:
        found: The engine.
        folder: A temporary folder.
        rivals: The command line's ways to build with BuildKit, by their names.

    Raises:
        EngineError: There is no engine.
        StagelabError: There is no docker command line that builds with BuildKit.
    """

    def __init__(self, docker: str | None = None) -> None:
        # Its own, whatever session runs it, because all of it is removed at the end.
        self._session = session()
        os.environ["STAGELAB_SESSION"] = f"bench-{secrets.token_hex(4)}"
        session.cache_clear()
        self.found: Found = find()
        self._version = self.found.client.version()
        self._program, self._others = choose(str(self._version["Version"]), docker)
        self._skew = clock_skew(self.found.client)
        self.folder = Path(tempfile.mkdtemp(prefix="stagelab-bench-"))
        self.rivals = {
            name: Builder(self.found, command, self.folder)
            for name, command in self._program.forms.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.sweep()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.environ["STAGELAB_SESSION"] = self._session
            session.cache_clear()

    def sweep(self) -> None:
        """Remove from the engine what this session made so far, the rivals' included."""
        self.remember()
        clean(self.found.client, session=session())

    def remember(self) -> None:
        """Note what the rivals left in the build cache."""
        for rival in self.rivals.values():
            rival.remember(self.found.client, self._skew)

    def need(self, size: int) -> None:
        """See that there is room, here and where a local engine keeps its data.

        Args:
            size: Bytes of the largest context: one copy lies here, four may lie on the engine.

        Raises:
            StagelabError: There is too little.
        """
        root = Path(str(self.found.client.info().get("DockerRootDir", "")))
        for place in (self.folder, root):
            with suppress(OSError):  # the engine's folder is on another machine
                free = shutil.disk_usage(place).free
                if free < 5 * size:
                    raise StagelabError(
                        f"There is too little room in {place}: {humane_bytes(free)}.",
                        fix=f"Free {humane_bytes(5 * size - free)}, or measure smaller contexts "
                        "by --scale.",
                    )

    def docker(self, *words: str) -> list[str]:
        """Give a command of the docker command line."""
        return [self._program.path, *words]

    def docker_environment(self) -> dict[str, str]:
        """Give the variables by which the command line finds the same engine."""
        endpoint = self.found.endpoint
        return {**os.environ, **({"DOCKER_HOST": endpoint.url} if endpoint.searched else {})}

    def environment(self) -> dict[str, str]:
        """Say what it runs on."""
        others = "; ".join(map(str, self._others))
        return {
            "engine": f"{self._version['Version']} ({self.found.client.info()['Driver']})",
            "docker": f"{self._program}" + (f"; not used: {others}" if others else ""),
            "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
            "cores": count(os.cpu_count() or 1, "core"),
        }
