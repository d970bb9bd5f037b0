"""Lesson 03: the runtime stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.exercise.behaviours import ends_on_sigterm
from stagelab.exercise.requirements import (
    GREETING,
    answers,
    builds,
    prints,
    ships_no_source,
    ships_no_toolchain,
    starts_without_shell,
)
from stagelab.exercise.task import Found, Requirement, Task, met, unmet

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

_PORT = 8080
_HEALTH = "/healthz"
_HELLO = "/api/hello?name=Ada"


def _starts_from_alpine(attempt: Attempt) -> Found:
    base = attempt.chain[-1].base if attempt.chain else ""
    if base.partition(":")[0].rpartition("/")[2] == "alpine":
        return met(f"It starts from {base}.")
    return unmet(
        f"the image that ships starts from {base}. That may well run, but this task is about "
        "making the program fit a base without glibc: keep FROM alpine, and change how the "
        "program is built.",
        at=attempt.chain[-1].instructions[0] if attempt.chain else None,
    )


TASKS = (
    Task(
        id="03-1",
        title="Write the runtime stage",
        app="go-hello",
        first="Below the builder stage, begin a second stage with a small base image, and copy "
        "the program into it from the builder.",
        requirements=(
            builds(),
            prints(GREETING, f"The image starts the program, which prints: {GREETING}"),
            ships_no_toolchain(),
            ships_no_source(),
            starts_without_shell(),
        ),
        hints=(
            "A second FROM begins a stage with the files of its own base and nothing of the "
            "builder. Only the last stage ships.",
            "COPY --from=NAME takes from the stage of that name, with paths as that stage has "
            "them. The program there is /app/myapp.",
            "FROM alpine:3.22, then WORKDIR /app, then COPY --from=builder /app/myapp . and an "
            "ENTRYPOINT as a list.",
        ),
    ),
    Task(
        id="03-2",
        title="Make the web service start on alpine",
        app="go-web",
        first="It builds, and its image does not start, as in lesson 03. Remember which file is "
        "missing there, and change the instruction that makes the program need it.",
        requirements=(
            builds(),
            Requirement(
                "The image that ships starts from alpine.",
                _starts_from_alpine,
                hints=(
                    "Which instruction chooses the base of the image that ships?",
                    "Leave the last stage as it was. What has to change is how the program is "
                    "built.",
                    "FROM alpine:3.22 in the last stage, and RUN CGO_ENABLED=0 go build -o myapp "
                    "in the first.",
                ),
            ),
            answers(
                _PORT,
                _HEALTH,
                "ok",
                (_HELLO,),
                f"The service starts and answers GET {_HEALTH}.",
            ),
            answers(
                _PORT,
                _HELLO,
                "Hello, Ada!",
                (_HEALTH,),
                f"It answers GET {_HELLO} with a greeting.",
            ),
            ends_on_sigterm(
                _PORT,
                _HEALTH,
                _HELLO,
                text="It ends by itself when the engine asks it to (SIGTERM).",
            ),
        ),
        hints=(
            "The program is in the image. What else does the kernel need to start a program that "
            "is dynamically linked?",
            "Do not look for the missing loader: build a program that needs none. One environment "
            "variable of `go build` decides.",
            "RUN CGO_ENABLED=0 go build -o myapp, in the builder stage.",
        ),
    ),
)
