"""The program that an image starts: which one, by which instruction, and what keeps it from it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from stagelab.exercise.task import Found, unmet

if TYPE_CHECKING:
    from stagelab.builds import Instruction
    from stagelab.exercise.attempt import Attempt

_SHELLS = {"sh", "bash", "dash", "ash", "busybox"}
_SHELL_FORM = 2  # words: the shell and its -c
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def command(attempt: Attempt) -> list[str]:
    """Give the words that the built image starts with: its entrypoint, then its command.

    Raises:
        BuildError: The answer does not build.
    """
    config = attempt.config
    return [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]


def starter(attempt: Attempt) -> Instruction | None:
    """Find the instruction of the built stage that says what is started."""
    return attempt.instruction("ENTRYPOINT") or attempt.instruction("CMD")


def through_shell(attempt: Attempt) -> bool:
    """Whether a shell stands between the engine and the program (shell form, or written so).

    Raises:
        BuildError: The answer does not build.
    """
    words = command(attempt)
    shell = bool(words) and posixpath.basename(words[0]) in _SHELLS
    return shell and len(words) >= _SHELL_FORM and words[1].startswith("-") and "c" in words[1]


def why_not(attempt: Attempt, output: str, *, failed: str = "it failed") -> Found:
    """Explain why the built image's program did not start or failed.

    Args:
        attempt: The answer; it has been built.
        output: What the engine or the program said.
        failed: What it did wrong if it did start, half a sentence.

    Raises:
        BuildError: The answer does not build.
        ImageError: The image cannot be read.
    """
    at = starter(attempt)
    words = command(attempt)
    if not words:
        return unmet(
            "The image does not say what to start. End the last stage with ENTRYPOINT, as a list: "
            'ENTRYPOINT ["./myapp"].',
            detail=output,
        )
    if at is None:
        return unmet(
            f"The last stage has neither ENTRYPOINT nor CMD, so the image starts what its base "
            f"starts: {' '.join(words)}. Add an ENTRYPOINT that starts your program.",
            detail=output,
        )
    path = located(attempt, words)
    if path is None:
        return unmet(
            f"this is to start {words[0]!r}, and no such file is in the image. Name the program "
            "where COPY has put it; a relative path counts from WORKDIR.",
            at=at,
            detail=output,
        )
    loader = missing_loader(attempt, path)
    if loader:
        return _without_loader(attempt, path, loader, output)
    entry = attempt.xray.file(path)
    if entry is not None and entry.kind == "dir":
        return unmet(f"this is to start {path}, and that is a folder.", at=at, detail=output)
    return unmet(
        f"this is to start {path}, and {failed}. Its own words are below.", at=at, detail=output
    )


def missing_loader(attempt: Attempt, path: str) -> str | None:
    """Give the loader that the Go program at `path` asks for if the image does not have it.

    Raises:
        BuildError: The answer does not build.
        ImageError: The image cannot be read.
    """
    entry = attempt.xray.file(path)
    for binary in attempt.xray.go_binaries:
        if entry is not None and binary.path == entry.path and not binary.loader_present:
            return binary.loader
    return None


def located(attempt: Attempt, words: list[str]) -> str | None:
    """Find the program that a command starts, as the engine would; None if it is not there.

    A command in shell form is looked through to its first word.

    Raises:
        BuildError: The answer does not build.
        ImageError: The image cannot be read.
    """
    if through_shell(attempt):
        inner = " ".join(words[_SHELL_FORM:]).removeprefix("exec ").split()
        words = inner or words
    config = attempt.config
    name = words[0]
    if "/" in name:
        folders = [str(config.get("WorkingDir") or "/")]
    else:
        settings = dict(item.partition("=")[::2] for item in config.get("Env") or ())
        folders = settings.get("PATH", _DEFAULT_PATH).split(":")
    for folder in folders:
        path = posixpath.normpath(posixpath.join("/", folder, name))
        if attempt.xray.file(path) is not None:
            return path
    return None


def _without_loader(attempt: Attempt, path: str, loader: str, output: str) -> Found:
    """Explain a program that is there but needs a loader that is not: the cgo trap."""
    says = (
        f"{path} is in the image, but it cannot start: it was linked with cgo on and asks for the "
        f"loader {loader} of glibc, which this base does not have. That loader is the file "
        "that the engine's 'no such file' is about. "
    )
    for instruction in attempt.source.instructions:
        value = instruction.value
        if "CGO_ENABLED" not in value:
            continue
        if instruction in attempt.source.preamble:
            return unmet(
                says + "An ARG before the first FROM is not seen inside the stages: set "
                "CGO_ENABLED=0 in the RUN that builds.",
                at=instruction,
                detail=output,
            )
        if attempt.stage is not None and instruction in attempt.stage.instructions:
            return unmet(
                says + "Here CGO_ENABLED is set in the runtime stage, after the program was built: "
                "set it in the stage that runs go build.",
                at=instruction,
                detail=output,
            )
        if instruction.keyword == "RUN" and "go build" not in value:
            return unmet(
                says + "Each RUN is a shell of its own, so what this one sets is gone when the "
                "next one builds: write RUN CGO_ENABLED=0 go build, or ENV CGO_ENABLED=0 before "
                "it.",
                at=instruction,
                detail=output,
            )
    building = next(
        (i for i in attempt.source.instructions if i.keyword == "RUN" and "go build" in i.value),
        None,
    )
    return unmet(
        says + "Build it without cgo, so that it needs no loader: CGO_ENABLED=0.",
        at=building,
        detail=output,
    )
