"""Lesson 02: the builder stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stagelab.builds import parse
from stagelab.builds.edges import chain
from stagelab.containers import run
from stagelab.errors import RunTimeout
from stagelab.exercise.arguments import HIDDEN, built_with, hiding, no_value
from stagelab.exercise.requirements import GREETING, builds
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting
from stagelab.exercise.vetting import vetted

if TYPE_CHECKING:
    from stagelab.builds import Build, Instruction
    from stagelab.exercise.attempt import Attempt

_STAGE = "builder"
_PROGRAM = "/app/myapp"
_DEFAULT = "1.27"
_OTHER = "9.99"  # no release: it is looked for in the text of FROM, and never built

_MODULE = "example.com/greet"
_GREET = {
    "go.mod": f"module {_MODULE}\n\ngo 1.25\n",
    "main.go": """\
// Command greet prints one line, with the version that it was built as.
package main

import "fmt"

// version is replaced at link time: go build -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() {
	fmt.Println("Hello from version " + version + ".")
}
""",
}
_DEV = "dev"
_CHOSEN = "4.2.0"


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
    fault = _not_there(attempt)
    if fault is not None:
        return fault
    said = _said(attempt, attempt.build)
    if GREETING in said:
        return met(f"{_PROGRAM} is there and prints: {said.strip()}")
    return unmet(
        f"{_PROGRAM} is there, but run it does not print {GREETING!r}.",
        at=attempt.instruction("RUN"),
        detail=said,
    )


def _not_there(attempt: Attempt) -> Found | None:
    """Say that the program is not where it is to be; None if it is."""
    if attempt.stage is None and attempt.source.stages:
        return waiting()
    if _ran(attempt, attempt.build).started:
        return None  # known without looking into an image as large as the builder's
    image = attempt.xray
    entry = image.file(_PROGRAM)
    if entry is None or entry.kind != "file":
        elsewhere = [b.path for b in image.binaries if b.module.endswith(("go-hello", "greet"))]
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
    return None


class _Ran(NamedTuple):
    """Whether the program could be started, and what it printed, or why it printed nothing."""

    started: bool
    said: str


def _ran(attempt: Attempt, made: Build) -> _Ran:
    """Run the program in the builder, once."""

    def go() -> _Ran:
        try:
            ran = run(made, entrypoint=[_PROGRAM], client=attempt.client)
        except RunTimeout as error:
            return _Ran(started=True, said=f"{error.cause} {error.detail}")
        return _Ran(ran.exit_code is not None, ran.stdout if ran.ok else ran.output)

    return attempt.once(f"ran {made.image.id}", go)


def _said(attempt: Attempt, made: Build) -> str:
    return _ran(attempt, made).said


def _says(version: str) -> str:
    return f"Hello from version {version}."


def _is_dev_by_default(attempt: Attempt) -> Found:
    fault = _not_there(attempt)
    if fault is not None:
        return fault
    said = _said(attempt, attempt.build)
    at = _compiles(attempt)
    if _says(_DEV) in said:
        return met(f"It prints: {said.strip()}")
    if _says("") in said:
        why = no_value(attempt, "VERSION", _DEV, at)
        return unmet(f"the version is empty: VERSION has no value here. {why}", at=at, detail=said)
    if "VERSION" in said:
        return unmet(
            "the program got the name of the variable in place of its value: in single quotes a "
            'shell puts nothing in. Write double quotes: -ldflags "-X main.version=${VERSION}".',
            at=at,
            detail=said,
        )
    return unmet(f"it does not print {_says(_DEV)!r}.", at=at, detail=said)


def _is_what_was_chosen(attempt: Attempt) -> Found:
    if _not_there(attempt) is not None:
        return waiting()
    said = _said(attempt, built_with(attempt, "VERSION", _CHOSEN))
    if _says(_CHOSEN) in said:
        return met(f"With VERSION={_CHOSEN} it prints: {said.strip()}")
    at = _compiles(attempt)
    setting = hiding(attempt, "VERSION", at)
    if setting is not None:
        return unmet(HIDDEN, at=setting, detail=said)
    if at is None or "VERSION" not in at.value:
        what = (
            "this does not use VERSION. Hand its value to the linker, which puts it in for the "
            'variable: -ldflags "-X main.version=${VERSION}".'
        )
    elif "main.version" not in at.value:
        what = (
            "the linker knows a variable by its package and its name, and skips what it does not "
            "find: write main.version."
        )
    else:
        what = no_value(attempt, "VERSION", _DEV, at)
    return unmet(
        f"with VERSION={_CHOSEN} the program says the same. {what[0].upper()}{what[1:]}",
        at=at,
        detail=said,
    )


def _compiles(attempt: Attempt) -> Instruction | None:
    """Find the instruction that compiles, in whatever stage."""
    found = [i for i in attempt.source.instructions if i.keyword == "RUN" and "go " in i.value]
    return next((i for i in found if "go build" in i.value), found[-1] if found else None)


_NAMED = Requirement(
    f"There is a stage named {_STAGE}.",
    _is_named,
    hints=(
        "Which instruction begins a stage, and where does the stage get its name?",
        "Two words at the end of FROM name the stage.",
        f"FROM golang:1.27 AS {_STAGE}",
    ),
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
            _NAMED,
            Requirement(
                f"The build argument GO_VERSION chooses its version of Go, {_DEFAULT} by default.",
                _version_can_be_chosen,
                hints=(
                    "Where does the version of Go stand, and where may a variable come from there?",
                    "FROM may use an ARG that stands before the first FROM, with a default behind "
                    "its equals sign.",
                    f"ARG GO_VERSION={_DEFAULT} in the first line, below it FROM "
                    f"golang:${{GO_VERSION}} AS {_STAGE}.",
                ),
            ),
            builds(f"It builds with {_STAGE} as target."),
            Requirement(
                f"The stage leaves the program as {_PROGRAM}, and it runs.",
                _leaves_the_program,
                hints=(
                    "Which instruction decides the folder, and which one the name of the program?",
                    "go build writes into the work folder, by the name behind -o. It needs the "
                    "source and go.mod there.",
                    "WORKDIR /app, then COPY . ., then RUN go build -o myapp.",
                ),
            ),
        ),
        hints=(
            "An ARG before the first FROM can be used in FROM as ${NAME}. AS names a stage.",
            "Below FROM come three instructions: the folder to work in, the source, the compiler. "
            "Each needs the one before it.",
            "WORKDIR /app, then COPY . ., then RUN go build -o myapp.",
        ),
    ),
    Task(
        id="02-2",
        title="Design a builder that checks, and bakes in a version",
        files=_GREET,
        target=_STAGE,
        first=f"Begin with a stage named {_STAGE} that compiles, as in task 02-1. Add the check "
        "and the version to it one after the other.",
        requirements=(
            _NAMED,
            builds(f"It builds with {_STAGE} as target."),
            Requirement(
                f"Without a build argument {_PROGRAM} prints: {_says(_DEV)}",
                _is_dev_by_default,
                hints=(
                    "Which value does VERSION have in the RUN that compiles, if nobody gives one?",
                    "A stage sees an ARG of its own, from its line on. The default stands behind "
                    "the equals sign, and only double quotes let a shell put it in.",
                    f"ARG VERSION={_DEV} inside the stage, above RUN go build -ldflags "
                    '"-X main.version=${VERSION}" -o myapp.',
                ),
            ),
            Requirement(
                f"With the build argument VERSION={_CHOSEN} it prints: {_says(_CHOSEN)}",
                _is_what_was_chosen,
                hints=(
                    "main.go says in a comment how its version is replaced. Where could the build "
                    "argument go?",
                    "go build -ldflags takes one text for the linker: -X, a space, and "
                    "main.version=VALUE. Quote the whole text.",
                    'RUN go build -ldflags "-X main.version=${VERSION}" -o myapp',
                ),
            ),
            vetted(
                "Which instruction would notice a mistake that the compiler accepts?",
                "go vet ./... ends with an error if it finds a mistake, and a RUN that fails stops "
                "the build.",
                "RUN go vet ./... on a line of its own, between COPY and RUN go build.",
                needs=_is_what_was_chosen,
            ),
        ),
        hints=(
            "The stage of task 02-1 is the beginning. The check is one more RUN, the version one "
            "ARG and one option of go build.",
            "An ARG that a RUN is to see stands in the same stage, above it. RUN go vet ./... "
            "needs the source.",
            f'WORKDIR, COPY . ., RUN go vet ./..., ARG VERSION={_DEV}, RUN go build -ldflags "-X '
            'main.version=${VERSION}" -o myapp, in this order.',
        ),
    ),
)
