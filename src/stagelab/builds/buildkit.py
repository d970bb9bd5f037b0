"""Understand a BuildKit build: from vertices to the steps of the Dockerfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stagelab.builds.dockerfile import Dockerfile, StageSource
from stagelab.builds.events import Observer, StepCompleted, StepFailed, StepLog, StepStarted
from stagelab.builds.facts import Step
from stagelab.builds.trace import Trace, Vertex

if TYPE_CHECKING:
    from collections.abc import Mapping

TRACE_ID = "moby.buildkit.trace"
_STEP = re.compile(
    r"^\[(?:(?:\S+ )*?(?P<stage>\S+) )?(?P<number>\d+)/(?P<total>\d+)\] (?P<text>.*)", re.DOTALL
)
_BASE = re.compile(r"^FROM ")
_COUNTED = {"RUN", "COPY", "ADD", "WORKDIR"}


class BuildKitDecoder:
    """Read the lines of a BuildKit stream.

    Args:
        source: The Dockerfile, to tell each step's line.
        observe: Is told each event as it happens.
    """

    def __init__(self, source: Dockerfile, observe: Observer) -> None:
        self._source = source
        self._observe = observe
        self._trace = Trace()
        self._reported: dict[str, set[str]] = {}

    def feed(self, line: Mapping[str, Any]) -> None:
        """Take one line of the stream; lines that are no trace are left to others."""
        if line.get("id") != TRACE_ID:
            return
        update = self._trace.feed(line["aux"])
        for vertex in update.vertices:
            self._report(vertex)
        for digest, text in update.logs:
            if "started" in self._reported.get(digest, ()):
                self._observe(StepLog(digest, text))

    @property
    def vertices(self) -> tuple[Vertex, ...]:
        """Everything that the builder did, its internal work included."""
        return tuple(self._trace.vertices.values())

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
                        cached=vertex.from_cache,
                        log="".join(vertex.log),
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

    def _report(self, vertex: Vertex) -> None:
        place = self._place(vertex.name)
        if place is None:
            return
        seen = self._reported.setdefault(vertex.digest, set())
        if "started" not in seen and (vertex.started is not None or vertex.cached):
            seen.add("started")
            stage, instruction, line = place
            self._observe(
                StepStarted(vertex.digest, stage, instruction, line, vertex.started or 0.0)
            )
        if "ended" in seen or "started" not in seen:
            return
        if vertex.error:
            seen.add("ended")
            self._observe(StepFailed(vertex.digest, vertex.error))
        elif vertex.completed is not None:
            seen.add("ended")
            self._observe(StepCompleted(vertex.digest, vertex.from_cache, vertex.completed))

    def _place(self, name: str) -> tuple[str | None, str, int | None] | None:
        """Tell stage, instruction and line of a vertex by its name; None if it is no step."""
        match = _STEP.match(name)
        if match is None:
            return (None, name, None) if _BASE.match(name) else None
        stage = self._stage(match.group("stage"))
        if stage is None:
            return match.group("stage"), match.group("text"), None
        line = _line(stage, self._source, int(match.group("number")), int(match.group("total")))
        return stage.name, match.group("text"), line

    def _stage(self, label: str | None) -> StageSource | None:
        stages = self._source.stages
        if label is None:
            return stages[0] if len(stages) == 1 else None
        return next((stage for stage in stages if stage.name == label.lower()), None)


def _line(stage: StageSource, source: Dockerfile, number: int, total: int) -> int | None:
    """Find the line of a stage's step `number` of `total`.

    BuildKit counts the FROM of an image (not of scratch, not of an earlier stage) and each
    instruction that changes files. If its total is another one (ONBUILD adds steps), none is told.
    """
    earlier = {other.name for other in source.stages[: stage.index]}
    counted = [] if stage.base.lower() in {"scratch", *earlier} else [stage.line]
    counted += [i.line for i in stage.instructions if i.keyword in _COUNTED]
    if number == 1 and counted and counted[0] == stage.line:
        return stage.line  # a base that builds share keeps the number that it got first
    return counted[number - 1] if len(counted) == total and number >= 1 else None
