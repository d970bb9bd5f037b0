"""Lesson 01: one stage that works."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from stagelab.exercise import program
from stagelab.exercise.requirements import GREETING, builds, prints
from stagelab.exercise.task import Found, Requirement, Task, met, unmet

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

_FOLDER = "/app"


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


TASKS = (
    Task(
        id="01-1",
        title="Repair a one-stage Dockerfile",
        app="go-hello",
        first="Repair the fault that you see first, and run check again: it builds your answer and "
        "names the line that fails next. There is more than one.",
        requirements=(
            builds(),
            Requirement(f"The program lies in {_FOLDER}.", _lies_in_app),
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
)
