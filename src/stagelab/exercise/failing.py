"""Why an image's program did not start or failed, in words about the Dockerfile."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from stagelab.containers.facts import STOPPED
from stagelab.exercise import program
from stagelab.exercise.meanings import running_meaning
from stagelab.exercise.task import Found, unmet

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

_SHELL_MISSES = re.compile(
    r"^(?:\S*/)?(?:sh|bash|ash|dash): (?:.*\s)?([^\s:]+): (?:command )?not found", re.MULTILINE
)
_STOPPED = re.compile(rf"^{STOPPED}(.+)\s*\Z", re.MULTILINE)
_LIST = '["{}"]'
_WORD = "{}"


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
    at = program.starter(attempt)
    words = program.command(attempt)
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
    says = _stopped(output) or program.broken_list(attempt)
    says = says or _not_found(attempt, words[0], output)
    if says:
        return unmet(says, at=at, detail=output)
    known = running_meaning(output, " ".join(words))
    path = program.located(attempt, _missed(attempt, output))
    if path is None:
        says = f"this starts a shell, and {failed}. Its own words are below."
        return unmet(f"{says} {known}".rstrip(), at=at, detail=output)
    loader = missing_loader(attempt, path)
    if loader:
        return _without_loader(attempt, path, loader, output)
    entry = attempt.xray.file(path)
    says = f"this is to start {path}, and {failed}. Its own words are below."
    if entry is not None and entry.kind == "dir":
        says = f"this is to start {path}, and that is a folder."
    return unmet(f"{says} {known}".rstrip(), at=at, detail=output)


def missing_loader(attempt: Attempt, path: str) -> str | None:
    """Give the loader that the Go program at `path` asks for if the image does not have it.

    Raises:
        BuildError: The answer does not build.
        ImageError: The image cannot be read.
    """
    entry = attempt.xray.file(path)
    for binary in attempt.xray.binaries:
        if entry is not None and binary.path == entry.path and not binary.loader_present:
            return binary.loader
    return None


def _stopped(output: str) -> str:
    """Say that a container was stopped because it wanted too much; "" if it was not."""
    found = _STOPPED.search(output)
    return f"this was started, and stopped. {found.group(1)}" if found else ""


def _missed(attempt: Attempt, output: str) -> str | None:
    """Give the name that a shell says it did not find; None if no shell says so."""
    missed = _SHELL_MISSES.search(output) if program.through_shell(attempt) else None
    return missed.group(1) if missed else None


def _not_found(attempt: Attempt, first: str, output: str) -> str:
    """Explain that what is to be started is not where it is looked for; "" if it is."""
    if program.located(attempt, first) is None:
        if program.through_shell(attempt):
            return _no_shell(attempt, first)
        return _not_there(attempt, first)
    missed = _missed(attempt, output)
    if missed and program.located(attempt, missed) is None:
        return _shell_misses(attempt, missed)
    return ""


def _no_shell(attempt: Attempt, shell: str) -> str:
    """Explain that the image does not have the shell that its start needs."""
    says = f"this starts a shell, and `{shell}` is not in this image{_bare(attempt)}."
    there = program.located(attempt)
    if there:
        return f"{says} Write {_choices(attempt, there, _LIST)}, which needs none."
    return f"{says} Choose a base that has it."


def _not_there(attempt: Attempt, name: str) -> str:
    """Explain that what the engine is to start is not where it looks for it."""
    there = program.elsewhere(attempt, name)
    choices = _choices(attempt, there, _LIST) if there else ""
    if there and "/" not in name:
        return (
            f"`{name}` has no slash, so the engine looks for it in the folders of PATH only. It is "
            f"at {there}: write {choices}."
        )
    says = f"this is to start {name!r}, and no such file is in the image."
    if there:
        return f"{says} The program is at {there}: write {choices}."
    usual = posixpath.dirname(name) in {"", *program.search_path(attempt)}
    if usual and not program.is_own(attempt, name):
        return f"`{name}` is not in this image{_bare(attempt)}. Choose a base that has it."
    return f"{says} Name the program where COPY has put it; a relative path counts from WORKDIR."


def _shell_misses(attempt: Attempt, name: str) -> str:
    """Explain that a shell did not find what its line names."""
    says = f"The shell does not find `{name}`."
    there = program.elsewhere(attempt, name)
    if there:
        return f"{says} It is at {there}: write {_choices(attempt, there, _WORD)}."
    if program.is_own(attempt, name):
        return f"{says} Name the program where COPY has put it, or where RUN has made it."
    return f"{says} No program of this name is in the image."


def _choices(attempt: Attempt, path: str, form: str) -> str:
    """Give the ways to name a program, the one relative to WORKDIR first."""
    names = [path]
    if posixpath.dirname(path) == posixpath.normpath(program.workdir(attempt)):
        names.insert(0, f"./{posixpath.basename(path)}")
    return " or ".join(form.replace("{}", name) for name in names)


def _bare(attempt: Attempt) -> str:
    scratch = bool(attempt.chain) and attempt.chain[-1].base == "scratch"
    return ": scratch has no tools" if scratch else ""


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
