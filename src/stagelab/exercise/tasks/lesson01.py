"""Lesson 01: one stage that works."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from stagelab.builds.edges import stage_edges
from stagelab.exercise import program
from stagelab.exercise.behaviours import predicted
from stagelab.exercise.requirements import GREETING, builds, prints
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting
from stagelab.show.style import humane_bytes

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

_FOLDER = "/app"

MOST_SPARE_BYTES = 1_000_000
"""What the instructions of task 01-2 may add to the base image beside the program."""


def _lies_in_app(attempt: Attempt) -> Found:
    words = program.command(attempt)
    path = program.located(attempt) if words else None
    if path is not None and posixpath.dirname(path) == _FOLDER:
        return met(f"It is {path}.")
    built = [found.path for found in attempt.xray.binaries if found.module.endswith("go-hello")]
    wanted = f"{_FOLDER}, a folder that holds your program and nothing of the base image"
    if path is not None and program.starter(attempt) is not None:
        if path not in built and not program.is_own(attempt, path):
            return unmet(
                f"this starts {path}, a tool of the base image. The program is to lie in {wanted}: "
                "let a RUN build it there, and start that.",
                at=program.starter(attempt),
            )
        workdir = attempt.instruction("WORKDIR")
        if workdir is None:
            return unmet(
                f"The program is {path}. Without WORKDIR an instruction works wherever the base "
                f"image works. Set WORKDIR {_FOLDER} before COPY: it is to lie in {wanted}."
            )
        return unmet(f"the program is {path}. It is to lie in {wanted}.", at=workdir)
    if any(posixpath.dirname(path) == _FOLDER for path in built):
        return met(f"It is {built[0]}.")
    where = f"The program is {built[0]}" if built else "The image holds no program of yours"
    return unmet(f"{where}. It is to lie in {wanted}: set WORKDIR {_FOLDER} before COPY.")


def _has_one_stage(attempt: Attempt) -> Found:
    taken = [
        edge
        for stage in attempt.chain
        for edge in stage_edges(attempt.source, stage)
        if edge.kind != "FROM" and edge.origin_index is not None
    ]
    if not attempt.source.stages:
        return waiting()
    if not taken:
        return met("It takes from no other stage.")
    return unmet(
        "this takes from another stage. That is the better way, and lesson 03 goes it. Here find "
        "out how far one stage gets.",
        at=attempt.instruction_at(taken[0].line),
    )


def _adds_little(attempt: Attempt) -> Found:
    words = program.command(attempt)
    entry = attempt.xray.file(program.located(attempt) or "") if words else None
    if entry is None:
        return waiting()
    image = attempt.xray
    own = {
        layer.index: layer
        for layer in image.layers
        if attempt.layer_instruction(layer.index) is not None
    }
    spare = sum(layer.size_bytes for layer in own.values()) - entry.size
    if spare <= MOST_SPARE_BYTES:
        return met(f"Beside the program your instructions add {humane_bytes(max(spare, 0))}.")
    hidden = [item for item in image.waste.worst if item.wrote in own]
    gone = sum(item.size_bytes for item in hidden)
    if gone > MOST_SPARE_BYTES:
        return unmet(
            f"this removes {humane_bytes(gone)} only from view, {hidden[0].path} among them: the "
            "layer of an earlier instruction still holds them. What is made and removed by one "
            "RUN gets into no layer.",
            at=attempt.layer_instruction(hidden[0].hidden_by),
        )
    largest = max(own.values(), key=lambda layer: layer.size_bytes)
    return unmet(
        f"your instructions add {humane_bytes(spare)} beside the program. This one adds most, "
        f"and most of that lies in {_fullest(attempt, largest.index, entry.path)}. The program "
        "does not need it: remove it in the RUN that makes it.",
        at=attempt.layer_instruction(largest.index),
    )


def _fullest(attempt: Attempt, layer: int, but: str) -> str:
    """Give the folder, two names deep, in which a layer has most bytes, one file left out."""
    sizes: Counter[str] = Counter()
    for entry in attempt.xray.tree:
        if entry.size and entry.path != but and attempt.xray.layer_of(entry.path) == layer:
            sizes["/".join(entry.path.split("/")[:3])] += entry.size
    return sizes.most_common(1)[0][0] if sizes else "files that nobody sees"


TASKS = (
    Task(
        id="01-1",
        title="Repair a one-stage Dockerfile",
        app="go-hello",
        first="Repair the fault that you see first, and run check again: it builds your answer and "
        "names the line that fails next. There is more than one.",
        requirements=(
            builds(),
            Requirement(
                f"The program lies in {_FOLDER}.",
                _lies_in_app,
                hints=(
                    "Which folder do your instructions work in? None of them says so yet.",
                    "WORKDIR makes a folder and works in it from its line on. COPY and go build "
                    "then write there.",
                    f"WORKDIR {_FOLDER}, above COPY.",
                ),
            ),
            prints(GREETING, f"The image starts the program, which prints: {GREETING}"),
        ),
        hints=(
            "What does `go build` need besides main.go? Look into the folder sample-apps/go-hello.",
            "Three things to look at: which files COPY brings, in which folder they arrive, and "
            "where the engine looks for the program that ENTRYPOINT names.",
            "COPY . . brings the module file too, WORKDIR /app comes before it, and ENTRYPOINT "
            'needs a path, as in ["./myapp"].',
        ),
    ),
    Task(
        id="01-2",
        title="Make one stage as small as one stage gets",
        app="go-hello",
        first="Say what you expect in the cell above. Then find out which of your instructions "
        "adds most to the base image, and what of it is not the program.",
        requirements=(
            predicted(),
            builds(),
            Requirement(
                "It has one stage.",
                _has_one_stage,
                hints=(
                    "Which instruction takes files from another stage?",
                    "Without COPY --from and without a mount from another stage there is one.",
                    "One FROM, and all the work below it.",
                ),
            ),
            prints(GREETING, f"The image starts the program, which prints: {GREETING}"),
            Requirement(
                "Beside the program its instructions add less than a megabyte to the base image.",
                _adds_little,
                hints=(
                    'xray("stagelab/exercise-01-2").layers shows what each instruction of your '
                    "checked answer adds. What does the largest one leave behind?",
                    "A layer holds what is there when its instruction ends. So the RUN that "
                    "compiles has to remove Go's cache itself.",
                    "Behind go build, in the same RUN: && rm -rf /root/.cache",
                ),
            ),
        ),
        hints=(
            "An instruction that removes files makes an image larger, never smaller: which one has "
            "to do the removing?",
            "Go keeps its cache in /root/.cache/go-build; `go clean -cache` or rm empties it.",
            "Join the two commands by && in one RUN: go build as it is, && rm -rf /root/.cache.",
        ),
    ),
)
