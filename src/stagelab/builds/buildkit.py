"""Understand a BuildKit build: from vertices to the steps of the Dockerfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stagelab.builds.dockerfile import Dockerfile, Instruction, StageSource
from stagelab.builds.edges import base_stage
from stagelab.builds.events import (
    Observer,
    StepCached,
    StepCompleted,
    StepFailed,
    StepLog,
    StepProgress,
    StepStarted,
    Warned,
)
from stagelab.builds.facts import BuildWarning, Step
from stagelab.builds.masking import Masker
from stagelab.builds.trace import TRACE_ID, Trace, Vertex

if TYPE_CHECKING:
    from collections.abc import Mapping


# "[builder 3/5] RUN …"; from ten steps on the numbers are padded: "[builder  3/12] RUN …".
_STEP = re.compile(
    r"^\[(?:(?:\S+ +)*?(?P<stage>\S+) +)? *(?P<number>\d+)/(?P<total>\d+)\] (?P<text>.*)",
    re.DOTALL,
)
_BASE = re.compile(r"^FROM ")
_COUNTED = {"RUN", "COPY", "ADD", "WORKDIR"}


class BuildKitDecoder:
    """Read the lines of a BuildKit stream.

    Args:
        source: The Dockerfile, to tell each step's line.
        observe: Is told each event as it happens.
        masker: Keeps the build's secrets out of the logs and errors.
    """

    def __init__(self, source: Dockerfile, observe: Observer, masker: Masker | None = None) -> None:
        self._source = source
        self._observe = observe
        self._trace = Trace(masker)
        self._started: dict[str, str] = {}  # the instruction of each digest that was told of
        self._ended: set[str] = set()

    def feed(self, line: Mapping[str, Any]) -> None:
        """Take one line of the stream; lines that are no trace are left to others."""
        if line.get("id") != TRACE_ID:
            return
        update = self._trace.feed(line["aux"])
        # One message may hold a step's start, what it printed and its end.
        for vertex in update.vertices:
            self._tell_start(vertex)
        for moved in update.progress:
            if moved.digest in self._started and moved.digest not in self._ended:
                self._observe(StepProgress(moved.digest, moved.what, moved.current, moved.total))
        for digest, text in update.logs:
            if digest in self._started:
                self._observe(StepLog(digest, text))
        for vertex in update.vertices:
            self._tell_end(vertex)
        for warning in update.warnings:
            self._observe(Warned(warning))

    @property
    def vertices(self) -> tuple[Vertex, ...]:
        """Everything that the builder did, its internal work included."""
        return tuple(self._trace.vertices.values())

    @property
    def warnings(self) -> tuple[BuildWarning, ...]:
        """What the builder's checks of the Dockerfile say, in the order of its lines."""
        return tuple(sorted(self._trace.warnings, key=lambda warning: warning.line or 0))

    def steps(self) -> tuple[Step, ...]:
        """Give the steps of the Dockerfile that were reported, in the order of their start."""
        found = []
        for vertex in self._trace.vertices.values():
            place = self._place(vertex.name)
            if place and (vertex.started is not None or vertex.cached or vertex.error):
                stage, instruction, line = place
                found.append(
                    Step(
                        stage=stage,
                        instruction=instruction,
                        line=line,
                        started=vertex.started,
                        completed=vertex.completed,
                        cached=_from_cache(vertex, instruction),
                        log=str(vertex.log),
                        error=vertex.error,
                    )
                )
        # Cached steps all start at once, in no order: among them the order of the file is natural.
        return tuple(
            sorted(found, key=lambda s: (not s.cached, s.cached or s.started, s.line or 0))
        )

    def failed(self, error: str) -> Step | None:
        """Find the step that the stream's top-level `error` speaks of.

        Siblings that were cancelled because of it carry errors too, so theirs are not believed.
        """
        failing = [step for step in self.steps() if step.error]
        said = [step for step in failing if step.error in error]
        others = [step for step in failing if "cancel" not in step.error]
        return next(iter(said or others), None)

    def _tell_start(self, vertex: Vertex) -> None:
        place = self._place(vertex.name)
        begun = vertex.started is not None or vertex.cached
        if place is None or not begun or vertex.digest in self._started:
            return
        self._started[vertex.digest] = place[1]
        stage, instruction, line = place
        self._observe(StepStarted(vertex.digest, stage, instruction, line, vertex.started or 0.0))

    def _tell_end(self, vertex: Vertex) -> None:
        digest = vertex.digest
        if digest not in self._started or digest in self._ended:
            return
        if vertex.error:
            self._ended.add(digest)
            self._observe(StepFailed(digest, vertex.error))
        elif vertex.completed is not None:
            self._ended.add(digest)
            kind = StepCached if _from_cache(vertex, self._started[digest]) else StepCompleted
            self._observe(kind(digest, vertex.completed))

    def _place(self, name: str) -> tuple[str | None, str, int | None] | None:
        """Tell stage, instruction and line of a vertex by its name; None if it is no step."""
        match = _STEP.match(name)
        if match is None:
            return (None, name, None) if _BASE.match(name) else None
        label, text = match.group("stage", "text")
        stage = self._stage(label)
        number, total = map(int, match.group("number", "total"))
        found = _counted(stage, self._source, number, total) if stage else None
        if not (stage and found and _is_named(stage, found, text)):
            # Builds that run close to each other share vertices, with the name that the first gave:
            # then the place is one of another Dockerfile, and only the text can be trusted.
            stage, found = self._search(text) or (stage, found)
        if stage is None:
            return label, text, None
        fits = found is not None and found.keyword == text.split(maxsplit=1)[0].upper()
        return stage.name, text, found.line if found and fits else None

    def _stage(self, label: str | None) -> StageSource | None:
        stages = self._source.stages
        if label is None:
            return stages[0] if len(stages) == 1 else None
        return next((stage for stage in reversed(stages) if stage.name == label.lower()), None)

    def _search(self, text: str) -> tuple[StageSource, Instruction] | None:
        for stage in self._source.stages:
            for instruction in stage.instructions:
                if _is_named(stage, instruction, text):
                    return stage, instruction
        return None


def _from_cache(vertex: Vertex, instruction: str) -> bool:
    """Tell whether a step was cached; a FROM was if its image was here and nothing was pulled."""
    here = instruction.startswith("FROM ") and not vertex.fetched and not vertex.error
    return here or vertex.from_cache


def _counted(stage: StageSource, source: Dockerfile, number: int, total: int) -> Instruction | None:
    """Find a stage's step `number` of `total`.

    BuildKit counts the FROM of an image (not of scratch, not of an earlier stage) and each
    instruction that changes files. If its total is another one (ONBUILD adds steps), none is told.
    """
    start, *rest = stage.instructions
    image = stage.base != "scratch" and base_stage(source, stage) is None
    counted = [start] if image else []
    counted += [i for i in rest if i.keyword in _COUNTED]
    return counted[number - 1] if len(counted) == total and 1 <= number <= total else None


def _is_named(stage: StageSource, instruction: Instruction, text: str) -> bool:
    """Tell whether a vertex with this text may be this instruction of the stage."""
    if instruction.keyword == "FROM":
        return text.startswith("FROM ") and _short(text[5:]) == _short(stage.base)
    if "\t" in text and " " not in text:  # Docker 20.10 tells `WORKDIR<TAB>/x` in upper case
        return str(instruction).upper().split() == text.upper().split()
    return str(instruction).split() == text.split()


def _short(reference: str) -> str:
    """Leave out of an image's reference what the engine adds to a short one."""
    name = reference.partition("@")[0].removeprefix("docker.io/").removeprefix("library/")
    return name.removesuffix(":latest")
