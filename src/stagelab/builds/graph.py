"""`stages`: the graph of a Dockerfile's stages, and what a build did with each of them."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stagelab._render import Shown
from stagelab.builds.dockerfile import Dockerfile, StageSource, automatic_args, parse
from stagelab.builds.edges import Edge, needed, stage_edges
from stagelab.builds.facts import Build, BuilderName, Stage, StageState
from stagelab.builds.intervals import length, union
from stagelab.builds.loading import is_text
from stagelab.builds.platforms import architecture
from stagelab.errors import BuildFailed, ContextError


@dataclass(frozen=True, slots=True)
class StageNode:
    """One stage.

    Attributes:
        name: As in `AS name`, in lower case; `stage-N` if it has none.
        named: Whether it has an `AS`.
        index: Its place, from 0.
        base: What its FROM names, arguments expanded.
        line: The line of its FROM, 1-based.
        needed: Whether the target rests on it, or is it.
        is_target: Whether it is the target.
        state: What the build did with it, None if nothing was built.
        steps: How many of its steps the builder reported, None if nothing was built.
        seconds: In which a step of it was running; 0.0 if none was, None if nothing was built.
    """

    name: str
    named: bool
    index: int
    base: str
    line: int
    needed: bool
    is_target: bool
    state: StageState | None = None
    steps: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StageGraph(Shown):
    """The stages of a Dockerfile, and what each takes from where.

    Attributes:
        stages: In the order of the file.
        images: The images that are taken from, each once, in the order of the file; `scratch` is
            none.
        edges: From stages and images to stages, in the order of the file.
        refused: References that the builder does not accept, `written` as "nothing": a variable in
            `--from`, an index that no earlier stage has, a stage that is its own or a later one.
        target: The name of the stage that is built.
        builder: Which builder built it, None if nothing was built.
    """

    stages: tuple[StageNode, ...]
    images: tuple[str, ...]
    edges: tuple[Edge, ...]
    refused: tuple[Edge, ...]
    target: str
    builder: BuilderName | None = None

    @property
    def needed(self) -> tuple[StageNode, ...]:
        """The stages that the target rests on, itself included."""
        return tuple(stage for stage in self.stages if stage.needed)

    @property
    def skipped(self) -> tuple[StageNode, ...]:
        """The stages that the build left out; if nothing was built, those that are not needed."""
        if self.builder is None:
            return tuple(stage for stage in self.stages if not stage.needed)
        return tuple(stage for stage in self.stages if stage.state == "skipped")

    @property
    def mermaid(self) -> str:
        """The text of a Mermaid flowchart."""
        return str(self._form("text/vnd.mermaid"))

    def stage(self, name: str) -> StageNode:
        """Give the stage of this name, in any case; the last one of several.

        Raises:
            KeyError: No stage has this name.
        """
        for stage in reversed(self.stages):
            if stage.name == name.lower():
                return stage
        raise KeyError(name)

    def taken_by(self, stage: StageNode) -> tuple[Edge, ...]:
        """Give the edges that lead to a stage."""
        return tuple(edge for edge in self.edges if edge.stage_index == stage.index)


def stages(
    source: Build | str | os.PathLike[str],
    *,
    target: str | None = None,
    buildargs: Mapping[str, str] | None = None,
) -> StageGraph:
    """Tell how the stages of a Dockerfile rest on each other.

    Args:
        source: A build; or, without building, the path of a Dockerfile, the folder that holds one,
            or the text (a `DockerfileText`, or any string with a line break). Names are then
            resolved as BuildKit does, for this machine's platform.
        target: The stage to build; None for the last one. A build has its own.
        buildargs: Values for ARG. A build has had its own.

    Raises:
        ContextError: The Dockerfile cannot be read, or has no stage.
        BuildFailed: No stage is named `target`.
    """
    if isinstance(source, Build):
        return _of_build(source)
    here = f"linux/{architecture(platform.machine().lower())}"
    file = parse(_text(source), buildargs, automatic_args(here))
    if not file.stages:
        raise ContextError(
            "The Dockerfile has no stage: nothing in it is a FROM.",
            fix="Begin it with FROM and the base image, such as `FROM alpine:3.22`.",
        )
    return _graph(file, _target(file, target))


def _of_build(build: Build) -> StageGraph:
    file = parse(build.dockerfile)
    # The build knows its arguments, and so what each FROM came to.
    known = tuple(
        StageSource(s.name, s.named, s.index, done.base, s.line, s.instructions)
        for s, done in zip(file.stages, build.stages, strict=True)
    )
    file = Dockerfile(known, file.preamble, file.args)
    return _graph(file, _target(file, build.target), build)


def _target(file: Dockerfile, name: str | None) -> StageSource:
    if name is None:
        return file.stages[-1]
    found = [s for s in file.stages if s.named and s.name == name.lower()]
    if not found:
        names = ", ".join(stage.name for stage in file.stages if stage.named)
        raise BuildFailed(
            f"The Dockerfile has no stage named {name!r}.",
            fix=f"Give one of its stages as target: {names}."
            if names
            else "Name a stage with AS, as in `FROM alpine:3.22 AS runtime`.",
        )
    return found[-1]


def _graph(file: Dockerfile, target: StageSource, build: Build | None = None) -> StageGraph:
    classic = build is not None and build.builder == "classic"
    wanted = needed(file, target, classic=classic)
    edges = [edge for s in file.stages for edge in stage_edges(file, s, classic=classic)]
    done: tuple[Stage | None, ...] = build.stages if build else (None,) * len(file.stages)
    nodes = (
        StageNode(
            name=stage.name,
            named=stage.named,
            index=stage.index,
            base=stage.base,
            line=stage.line,
            needed=stage.index in wanted,
            is_target=stage.index == target.index,
            state=part.state if part else None,
            steps=len(part.steps) if part else None,
            seconds=_seconds(part) if part else None,
        )
        for stage, part in zip(file.stages, done, strict=True)
    )
    return StageGraph(
        stages=tuple(nodes),
        images=tuple(dict.fromkeys(e.origin for e in edges if e.written == "image")),
        edges=tuple(edge for edge in edges if edge.written != "nothing"),
        refused=tuple(edge for edge in edges if edge.written == "nothing"),
        target=target.name,
        builder=build.builder if build else None,
    )


def _seconds(stage: Stage) -> float:
    ran = (step for step in stage.steps if not step.cached)
    return length(union((s.started, s.completed) for s in ran if s.started and s.completed))


def _text(source: str | os.PathLike[str]) -> str:
    if isinstance(source, str) and is_text(source):
        return str(source)
    path = Path(source).expanduser()
    if path.is_dir():
        path /= "Dockerfile"
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        folder = path.parent
        there = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        others = ", ".join(name for name in there if "ockerfile" in name)
        raise ContextError(
            f"The Dockerfile {str(path)!r} cannot be read.",
            fix=f"Give the path of one, such as one of those there: {others}."
            if others
            else "Give the path of one, the folder that holds it, or its text.",
            detail=str(error),
        ) from None
