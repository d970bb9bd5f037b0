"""Lesson 06: the stage graph."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING

from stagelab.builds import DockerfileText, build
from stagelab.builds.edges import needed, stage_edges
from stagelab.errors import BuildFailed
from stagelab.exercise.requirements import (
    GREETING,
    builds,
    prints,
    ships_no_source,
    ships_no_toolchain,
)
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting

if TYPE_CHECKING:
    from stagelab.builds import Instruction, StageSource
    from stagelab.exercise.attempt import Attempt

_APP = "go-hello"
_RECORD = "/toolchain.sha256"
_LISTED = "/usr/local/go/bin/go"
_MAIN = "func main() {"
_MISTAKE = _MAIN + '\n\tfmt.Printf("%d\\n", "seven")'
_VET = "go vet"


def _ships_the_record(attempt: Attempt) -> Found:
    image = attempt.xray
    entry = image.file(_RECORD)
    if entry is None or entry.kind != "file":
        return unmet(
            f"There is no {_RECORD} in the image that ships. The stage that writes the record "
            "leaves it there, and the last stage takes it by COPY --from.",
            at=attempt.stage.instructions[0] if attempt.stage else None,
        )
    if _LISTED in image.read(_RECORD).decode("utf-8", "replace"):
        return met(f"{_RECORD} lists what the toolchain is made of.")
    return unmet(
        f"{_RECORD} is there, but it does not list {_LISTED}: the record is to be of the toolchain "
        "that compiles, so its stage has to start from golang.",
        at=_writer(attempt),
    )


def _side_by_side(attempt: Attempt) -> Found:
    if not attempt.source.stages:
        return waiting()
    makers = _makers(attempt)
    if len(makers) < 2:  # noqa: PLR2004 - program and record
        return unmet(
            "program and record come from one stage, and the instructions of a stage run one after "
            "another. Let two stages make them.",
            at=attempt.stage.instructions[0] if attempt.stage else None,
        )
    for late, early in permutations(makers, 2):
        if early.index in needed(attempt.source, late):
            return unmet(
                f"stage {late.name!r} rests on stage {early.name!r}, so it waits for all of it, "
                "although it uses nothing that was made there. Let both start from the same image.",
                at=_arrow(attempt, late, early),
            )
    names = " and ".join(stage.name for stage in makers)
    return met(f"Neither of {names} rests on the other: BuildKit runs them at the same time.")


def _makers(attempt: Attempt) -> list[StageSource]:
    """Give the stages that the last one copies from, each once."""
    if attempt.stage is None:
        return []
    edges = stage_edges(attempt.source, attempt.stage)
    found = {edge.origin_index for edge in edges if edge.kind != "FROM"} - {None}
    return [stage for stage in attempt.source.stages if stage.index in found]


def _arrow(attempt: Attempt, late: StageSource, early: StageSource) -> Instruction | None:
    """Find the instruction by which one stage rests on another, maybe through a third."""
    for edge in stage_edges(attempt.source, late):
        if edge.origin_index is None:
            continue
        between = attempt.source.stages[edge.origin_index]
        if early.index in needed(attempt.source, between):
            return attempt.instruction_at(edge.line)
    return None


def _writer(attempt: Attempt) -> Instruction | None:
    """Find the instruction that writes the record."""
    return next((i for i in attempt.source.instructions if _RECORD in i.value), None)


def _mistakes_stop_it(attempt: Attempt) -> Found:
    attempt.build  # noqa: B018 - what does not build at all is told by the requirement above
    error = attempt.once("mistaken", lambda: _Mistaken(_build_with_a_mistake(attempt))).error
    at = next((i for i in attempt.source.instructions if _VET in i.value), None)
    if error is None and at is None:
        return unmet(
            "a mistake that `go vet` finds went into the image: no instruction calls it. Keep the "
            "stage with RUN go vet ./..., and let a stage that ships take something from it."
        )
    if error is None:
        return unmet(
            "a mistake that this would find went into the image: the last stage does not rest on "
            "this stage, so BuildKit skips it. Let it leave a file behind (&& touch /passed), and "
            "take that file by COPY --from in a stage that the last one needs.",
            at=at,
        )
    if _VET in (error.step or ""):
        return met("With a mistake in the program the build stops at `go vet`.")
    return unmet(
        "with a mistake in the program the build stops, but somewhere else than at `go vet`.",
        at=attempt.instruction_at(error.line),
        detail=error.detail,
    )


@dataclass(frozen=True, slots=True)
class _Mistaken:
    """How the build of a program with a mistake ended; None if well."""

    error: BuildFailed | None


def _build_with_a_mistake(attempt: Attempt) -> BuildFailed | None:
    """Build the answer on a copy of the app that `go vet` finds a mistake in."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, _APP)
        shutil.copytree(attempt.task.context(), copy)
        main = copy / "main.go"
        main.write_text(main.read_text(encoding="utf-8").replace(_MAIN, _MISTAKE), encoding="utf-8")
        try:
            build(copy, dockerfile=DockerfileText(attempt.text), quiet=True, client=attempt.client)
        except BuildFailed as error:
            return error
    return None


TASKS = (
    Task(
        id="06-1",
        title="Let two stages run side by side",
        app=_APP,
        first="Look at the graph by stages(answer): which arrow makes one of the two wait for the "
        "other?",
        requirements=(
            builds(),
            Requirement("Neither of the two stages has to wait for the other.", _side_by_side),
            prints(GREETING, f"The image starts the program, which prints: {GREETING}"),
            Requirement(f"It ships the record of the toolchain, {_RECORD}.", _ships_the_record),
            ships_no_toolchain(),
        ),
        hints=(
            "A stage that starts FROM another one waits until that one is done.",
            "What does the record need? The toolchain, not the program. Which image has it?",
            "FROM golang:1.27 AS record",
        ),
    ),
    Task(
        id="06-2",
        title="Make the checks count",
        app=_APP,
        first="Look at the graph by stages(answer): no arrow leads away from checks. What could a "
        "stage that is needed take from it?",
        requirements=(
            builds(),
            Requirement("A mistake that go vet finds stops the build.", _mistakes_stop_it),
            prints(GREETING, f"The image starts the program, which prints: {GREETING}"),
            ships_no_toolchain(),
            ships_no_source(),
        ),
        hints=(
            "BuildKit runs a stage only if something that is needed takes something from it.",
            "A stage can leave an empty file behind when its checks have passed, and a later stage "
            "can COPY it.",
            "RUN go vet ./... && touch /passed in checks, COPY --from=checks /passed /passed in "
            "builder, above RUN go build.",
        ),
    ),
)
