"""Lesson 02: the builder stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.builds import parse
from stagelab.builds.edges import chain
from stagelab.containers import run
from stagelab.errors import RunTimeout
from stagelab.exercise.requirements import GREETING, builds
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

_STAGE = "builder"
_PROGRAM = "/app/myapp"
_DEFAULT = "1.27"
_OTHER = "9.99"  # no release: it is looked for in the text of FROM, and never built


def _is_named(attempt: Attempt) -> Found:
    stages = attempt.source.stages
    if attempt.stage is not None and attempt.stage.named:
        return met(f"Stage {_STAGE!r} begins in line {attempt.stage.line}.")
    if not stages:
        return unmet("There is no stage yet: a stage begins with FROM.")
    names = [stage.name for stage in stages if stage.named]
    there = (
        f"the name here is {', '.join(names)}."
        if names
        else "this stage has no name. Without a name a stage has only its number;"
    )
    return unmet(
        f"{there} `target` and this exercise ask for the name {_STAGE}: write AS {_STAGE} at the "
        "end of its FROM.",
        at=stages[0].instructions[0],
    )


def _version_can_be_chosen(attempt: Attempt) -> Found:
    stage = attempt.stage
    if stage is None:
        return waiting()
    usual = chain(attempt.source, stage)[-1].base
    other = parse(attempt.text, {"GO_VERSION": _OTHER})
    chosen = chain(other, other.stages[stage.index])[-1].base
    begins = attempt.chain[-1].instructions[0]
    if _OTHER in chosen and usual.startswith(f"golang:{_DEFAULT}"):
        return met(f"{usual} unless GO_VERSION says otherwise.")
    if _OTHER in chosen:
        return unmet(
            f"GO_VERSION reaches FROM, but without a build argument the base is {usual!r}. Give "
            f"the default where you declare it: ARG GO_VERSION={_DEFAULT}.",
            at=begins,
        )
    late = next(
        (
            i
            for each in attempt.source.stages
            for i in each.instructions
            if i.keyword == "ARG" and i.value.startswith("GO_VERSION")
        ),
        None,
    )
    if late is not None and not any("GO_VERSION" in i.value for i in attempt.source.preamble):
        return unmet(
            "this ARG belongs to its stage. FROM only sees an ARG that stands before the first "
            "FROM: move it to the top.",
            at=late,
        )
    return unmet(
        f"the base is {usual} whatever GO_VERSION is. Declare ARG GO_VERSION={_DEFAULT} before "
        "the first FROM, and use it here: golang:${GO_VERSION}.",
        at=begins,
    )


def _leaves_the_program(attempt: Attempt) -> Found:
    if attempt.stage is None and attempt.source.stages:
        return waiting()
    image = attempt.xray
    entry = image.file(_PROGRAM)
    if entry is None or entry.kind != "file":
        elsewhere = [b.path for b in image.binaries if b.module.endswith("go-hello")]
        at = attempt.instruction("RUN")
        if elsewhere:
            return unmet(
                f"the program is {elsewhere[0]}, and the next stage looks for {_PROGRAM}. The "
                "folder comes from WORKDIR, the name from go build -o.",
                at=at or attempt.instruction("WORKDIR"),
            )
        return unmet(
            f"There is no {_PROGRAM}, and no other program of yours either. RUN go build -o myapp "
            "makes it, in the folder that WORKDIR names, from the source that COPY brought.",
            at=at,
        )
    try:
        ran = run(attempt.build, entrypoint=[_PROGRAM], client=attempt.client)
    except RunTimeout as error:
        return unmet(f"{_PROGRAM} does not end.", detail=error.detail)
    if ran.ok and GREETING in ran.stdout:
        return met(f"{_PROGRAM} is there and prints: {ran.stdout.strip()}")
    return unmet(
        f"{_PROGRAM} is there, but run it does not print {GREETING!r}.",
        at=attempt.instruction("RUN"),
        detail=ran.output,
    )


TASKS = (
    Task(
        id="02-1",
        title="Write the builder stage",
        app="go-hello",
        target=_STAGE,
        first="Begin with the line that declares the version of Go, and with a FROM that uses it "
        f"and names the stage {_STAGE}.",
        requirements=(
            Requirement(f"There is a stage named {_STAGE}.", _is_named),
            Requirement(
                f"The build argument GO_VERSION chooses its version of Go, {_DEFAULT} by default.",
                _version_can_be_chosen,
            ),
            builds(f"It builds with {_STAGE} as target."),
            Requirement(
                f"The stage leaves the program as {_PROGRAM}, and it runs.", _leaves_the_program
            ),
        ),
        hints=(
            "An ARG before the first FROM can be used in FROM as ${NAME}. AS names a stage.",
            "Below FROM come three instructions: the folder to work in, the source, the compiler. "
            "Each needs the one before it.",
            "WORKDIR /app, then COPY . ., then RUN go build -o myapp.",
        ),
    ),
)
