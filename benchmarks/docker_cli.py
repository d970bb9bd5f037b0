"""The docker command line, as the rival: which one it is, and how it builds."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import docker

from stagelab.engine import ledger
from stagelab.engine.connecting import Found
from stagelab.engine.labels import labels
from stagelab.errors import StagelabError

_VERSION = re.compile(r"\bv?(\d+(?:\.\d+)+[^\s,]*)")
_BUILDX_ONLY = 23
"""From this version on `docker build` is buildx; before, BuildKit's client is part of it."""

_VERTEX = re.compile(r"^#\d+ (\[.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Program:
    """A docker command line of this machine.

    Args:
        path: Where it is.
        version: Its version.
        buildx: Version of its buildx, "" if it has none.
    """

    path: str
    version: str
    buildx: str

    @property
    def forms(self) -> dict[str, tuple[str, ...]]:
        """The commands that build with BuildKit, by the name that the report gives them."""
        built_in = int(self.version.split(".")[0]) < _BUILDX_ONLY
        forms: dict[str, tuple[str, ...]] = {}
        if built_in:
            forms["docker build"] = (self.path, "build")
        if self.buildx:
            forms["docker buildx build"] = (self.path, "buildx", "build", "--load")
        return forms

    def __str__(self) -> str:
        buildx = f"buildx {self.buildx}" if self.buildx else "without buildx"
        return f"{self.version} ({self.path}), {buildx}"


def choose(engine_version: str, wanted: str | None) -> tuple[Program, tuple[Program, ...]]:
    """Choose the docker command line: of those on PATH that have BuildKit, the engine's twin.

    Args:
        engine_version: The engine's version; the same one is preferred, else the first on PATH.
        wanted: Path or name of the one to take; None to choose.

    Returns:
        The chosen one, and the others that were found.

    Raises:
        StagelabError: There is none, or none that builds with BuildKit.
    """
    found = [program for place in _places(wanted) if (program := _look(place)) is not None]
    able = [program for program in found if program.forms]
    if not able:
        there = "; ".join(map(str, found)) or "there is none"
        raise StagelabError(
            f"No docker command line that builds with BuildKit was found: {there}.",
            fix="Install one (on Debian `docker.io`, or `docker-buildx` beside it), or name one "
            "by --docker PATH.",
        )
    chosen = next((program for program in able if program.version == engine_version), able[0])
    return chosen, tuple(program for program in found if program is not chosen)


@dataclass(slots=True)
class Builder:
    """Builds by a command line on the engine that the course uses.

    Args:
        found: The engine.
        command: The words before the options.
        folder: For what the command says.
    """

    found: Found
    command: tuple[str, ...]
    folder: Path
    _done: list[tuple[float, float, Path]] = field(default_factory=list)

    def build(self, context: Path, tag: str, *options: str, buildkit: bool = True) -> None:
        """Build as a user would; what it says goes to a file.

        Args:
            context: The folder.
            tag: The image's name.
            options: Further words.
            buildkit: With BuildKit; else with the classic builder, where the command has it.

        Raises:
            StagelabError: It failed.
        """
        marks = [
            word for name, value in labels().items() for word in ("--label", f"{name}={value}")
        ]
        plain = ["--progress=plain"] if buildkit else []
        words = [*self.command, *plain, "--tag", tag, *marks, *options, str(context)]
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as said:
            began = time.time()
            try:
                code = subprocess.run(
                    words,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    env={**self._environment(), "DOCKER_BUILDKIT": str(int(buildkit))},
                    check=False,
                ).returncode
            finally:
                self._done.append((began, time.time(), Path(said.name)))
        if code != 0:
            raise StagelabError(
                f"The rival's build failed: {' '.join(words[:2])} ended with {code}.",
                fix="Try the command by itself.",
                detail=Path(said.name).read_text(errors="replace")[-2000:],
            )

    def remember(self, client: docker.DockerClient, skew: float) -> None:
        """Note what the builds left in the build cache, so that `clean` removes it as ours.

        Args:
            client: The engine.
            skew: Seconds by which the engine's clock is ahead of this machine's.
        """
        while self._done:
            began, ended, said = self._done.pop()
            names = sorted(set(_VERTEX.findall(said.read_text(errors="replace"))))
            ledger.record_build(client, began + skew, ended + skew, names)
            said.unlink()

    def _environment(self) -> dict[str, str]:
        endpoint = self.found.endpoint
        environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
        environment["BUILDX_BUILDER"] = endpoint.name if endpoint.origin == "context" else "default"
        if endpoint.searched:
            environment["DOCKER_HOST"] = endpoint.url
        return environment


def clock_skew(client: docker.DockerClient) -> float:
    """Give the seconds by which the engine's clock is ahead of this machine's."""
    before = time.time()
    told = datetime.fromisoformat(client.info()["SystemTime"]).timestamp()
    return told - (before + time.time()) / 2


def _places(wanted: str | None) -> list[Path]:
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    if wanted is not None:
        folders = [Path(), *folders]
    names = (wanted,) if wanted else ("docker", "docker.exe")
    places = [folder / name for folder in folders for name in names]
    there = [place for place in places if place.is_file() and os.access(place, os.X_OK)]
    by_file: dict[Path, Path] = {}
    for place in there:
        by_file.setdefault(place.resolve(), place)
    return list(by_file.values())


def _look(place: Path) -> Program | None:
    path = str(place if place.is_absolute() else place.absolute())
    version = _VERSION.search(_ask(path, "--version"))
    buildx = _VERSION.search(_ask(path, "buildx", "version"))
    return Program(path, version[1], buildx[1] if buildx else "") if version else None


def _ask(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
