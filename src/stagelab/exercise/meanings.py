"""What the engine's, the Go command's and the kernel's words mean for a Dockerfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stagelab.bases import kind_of
from stagelab.builds import kernel
from stagelab.containers.cage import PIDS
from stagelab.engine import connect
from stagelab.exercise.task import Found, unmet

if TYPE_CHECKING:
    from stagelab.builds import Dockerfile, Instruction
    from stagelab.errors import BuildFailed
    from stagelab.exercise.attempt import Attempt

_MEANINGS = (
    (
        r"GOPATH/go\.mod exists but should not|ignoring go\.mod in \$GOPATH",
        "The build runs in /go, Go's own folder, where no module may be: set WORKDIR to a folder "
        "of its own, such as /app, before you COPY.",
    ),
    (
        r"go\.mod file not found|cannot find main module",
        "`go build` finds no go.mod in the working directory: COPY it there together with the "
        "source, before RUN.",
    ),
    (
        r"build constraints exclude all Go files",
        'With CGO_ENABLED=0 Go leaves out each file that says import "C", and here none is left. '
        "This program needs cgo: leave it on, and see to what the program then needs at run time.",
    ),
    (
        r"cannot copy to non-directory",
        "COPY does not put a folder where this stage has a file or a symbolic link. In many bases "
        "/lib and /lib64 are links to folders below /usr: copy to the folder behind the link, or "
        "begin from scratch.",
    ),
    (
        r"no Go files in",
        "There is no Go source in the working directory: COPY it there before RUN go build.",
    ),
    (
        r"go: not found|\"go\": executable file not found|exec: \"go\"",
        "This stage has no Go toolchain: `go build` must run in a stage FROM golang.",
    ),
    (
        r"go: no modules specified",
        "`go mod download` finds no go.mod in the working directory: COPY go.mod and go.sum there, "
        "above this RUN.",
    ),
    (
        r"read-only file system",
        "This RUN writes to a folder that is mounted to be read, as every bind mount is, and every "
        "mount without type=. What is kept for later needs type=cache; the program goes to a "
        "folder outside of the mounts.",
    ),
    (
        r"go\.mod requires go >= \S+ \(running go",
        "This Go is older than the program wants: build FROM golang:1.27.",
    ),
)
_COMPILED = tuple((re.compile(pattern), words) for pattern, words in _MEANINGS)

_READ_ONLY = re.compile(r"read-only file system", re.IGNORECASE)
_GO_BUILDS = re.compile(r"\bgo (?:run|build|install|test)\b")
_NO_APK = re.compile(r"\bapk: (?:command )?not found|\"apk\": executable file not found")
_NO_IMAGE = re.compile(
    r"manifest|pull access denied|repository does not exist|failed to do request|not found$|"
    r"failed to resolve source metadata|no such host|connection refused|i/o timeout|"
    r"toomanyrequests",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"invalid reference format|failed to parse stage name|should not be blank", re.IGNORECASE
)


def meaning(words: str) -> str:
    """Say what a program's words mean for the Dockerfile; "" if they are not known."""
    return next((found for pattern, found in _COMPILED if pattern.search(words)), "")


def running_meaning(words: str, command: str) -> str:
    """Say what a container's words mean for what it was started with; "" if not known."""
    if kernel.NO_PROCESS.search(words):
        return (
            f"The course's cage lets a container have {PIDS} processes and threads, and it wanted "
            "more. Let it start fewer, and wait for those that it starts."
        )
    if not _READ_ONLY.search(words):
        return ""
    cage = "The course's cage lets a container write to /tmp only: "
    if _GO_BUILDS.search(command):
        return f"{cage}compile in the build (RUN go build), not at the start."
    return f"{cage}write files in the build, with RUN, not at the start."


def stand_in_lacks(attempt: Attempt, instruction: Instruction | None, words: str) -> str:
    """Say that a command is not there because a base image is a stand-in; "" if not so."""
    if not _NO_APK.search(words):
        return ""
    stages = attempt.source.stages
    stage = next((each for each in stages if instruction in each.instructions), None)
    base = attempt.down_from(stage)[-1].base if stage is not None else ""
    name = base.partition(":")[0].rpartition("/")[2]
    if name != "alpine" or kind_of(attempt.client or connect(), base) != "stand-in":
        return ""
    instead = (
        "Change how the program is built instead."
        if attempt.task.app is not None
        else "Do it with what is there instead."
    )
    return f"This {name} is a stand-in without apk. {instead}"


def base_fault(source: Dockerfile, error: BuildFailed) -> Found | None:
    """Find the FROM whose base image a build failed for, and name the image.

    None if the build failed for something else, or the engine's words do not tell for which.
    """
    words = error.detail
    bases = [
        (stage.base, stage.instructions[0])
        for stage in source.stages
        if stage.base != "scratch"
        and not any(stage.base.lower() == below.name for below in source.stages[: stage.index])
    ]
    if _NO_NAME.search(words):
        for base, begins in bases:
            if base and not base.endswith(":"):
                continue
            why = (
                "a variable in it has no value. Give its ARG a default, before the first FROM."
                if "$" in begins.value
                else "the tag behind the colon is missing."
            )
            return unmet(f"the base image is {base!r}: {why}", at=begins)
    if "exit code" in words or not _NO_IMAGE.search(words):
        return None
    scores = [_named_in(words, base) for base, _ in bases]
    if not any(scores):
        return None
    base, begins = bases[scores.index(max(scores))]
    return unmet(
        f"the base image {base} is neither on this engine, nor could it be pulled. {error.fix}",
        at=begins,
    )


def _named_in(words: str, reference: str) -> int:
    """Tell how well an engine's words name an image: 2 with its tag, 1 without, 0 not at all."""
    name, _, tag = reference.partition("@")[0].rpartition("/")[2].partition(":")
    if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", words):
        return 0
    return 1 + bool(re.search(rf"(?<![\w.-]){re.escape(tag or 'latest')}(?![\w-])", words))
