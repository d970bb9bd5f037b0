"""Lesson 06: the stage graph."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from stagelab.builds.edges import needed, stage_edges
from stagelab.exercise.requirements import (
    GREETING,
    builds,
    prints,
    ships_no_source,
    ships_no_toolchain,
)
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting
from stagelab.exercise.vetting import vetted

if TYPE_CHECKING:
    from stagelab.builds import Instruction, StageSource
    from stagelab.exercise.attempt import Attempt

_APP = "go-hello"
_RECORD = "/toolchain.sha256"
_LISTED = "/usr/local/go/bin/go"


def _ships_the_record(attempt: Attempt) -> Found:
    image = attempt.xray
    entry = image.file(_RECORD)
    if entry is None or entry.kind != "file":
        return unmet(
            f"There is no {_RECORD} in the image that ships. The stage that writes the record "
            "leaves it there, and the last stage takes it by COPY --from.",
            at=attempt.begins,
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
            at=attempt.begins,
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


TASKS = (
    Task(
        id="06-1",
        title="Let two stages run side by side",
        app=_APP,
        first="Look at the graph by stages(answer): which arrow makes one of the two wait for the "
        "other?",
        requirements=(
            builds(),
            Requirement(
                "Neither of the two stages has to wait for the other.",
                _side_by_side,
                hints=(
                    "Which arrow leads from one of the two stages to the other? stages(answer) "
                    "shows it.",
                    "FROM and COPY --from make arrows. The record needs the toolchain, and an "
                    "image that is no stage of yours has it.",
                    "FROM golang:1.27 AS record",
                ),
            ),
            prints(GREETING, f"The image starts the program, which prints: {GREETING}"),
            Requirement(
                f"It ships the record of the toolchain, {_RECORD}.",
                _ships_the_record,
                hints=(
                    "Which stage writes the record, and which instruction takes it from there?",
                    f"The stage that writes {_RECORD} needs the toolchain, so it starts from "
                    "golang. The last stage takes the file by COPY --from.",
                    f"COPY --from=record {_RECORD} {_RECORD}, in the last stage.",
                ),
            ),
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
            vetted(
                "Is checks carried out at all? Look for an arrow that leads away from it.",
                "An arrow is made by taking something: let checks leave a file behind when its "
                "checks have passed, and COPY that file in a stage that is needed.",
                "RUN go vet ./... && touch /passed in checks, and COPY --from=checks /passed "
                "/passed in builder, above RUN go build.",
            ),
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
