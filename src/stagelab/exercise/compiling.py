"""What Go does again after an edit: which packages it compiles, and which modules it fetches."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from stagelab.exercise.edits import Edit, after, first_again
from stagelab.exercise.task import Found, Requirement, met, unmet

if TYPE_CHECKING:
    from pathlib import Path

    from stagelab.builds import Build, Instruction, Step
    from stagelab.exercise.attempt import Attempt

BUILD_CACHE = "/root/.cache/go-build"
"""Where Go keeps what it compiled, in the golang image."""

MODULE_CACHE = "/go/pkg/mod"
"""Where Go keeps modules, in the golang image."""

_OWN = "example.com/"
_DOWNLOAD = "go mod download"
# A line of `go build -v` is a package's path.
_PACKAGE = re.compile(r"^[a-z][\w.]*(?:/[\w.-]+)*$", re.MULTILINE)

_FETCHED = re.compile(r"^go: downloading |^# get ", re.MULTILINE)
GO = re.compile(r"\bgo (?:build|install|run|test|vet)\b")
"""Go compiling."""

_RUN = re.compile(r"^\s*RUN\b", re.IGNORECASE)
_MOUNT = f"--mount=type=cache,id=stagelab-check,target={BUILD_CACHE}"


def edit_program(folder: Path) -> None:
    """Change main.go of a context to one that no build has seen."""
    main = folder / "main.go"
    stamped = main.read_text(encoding="utf-8") + f"// {secrets.token_hex(8)}\n"
    main.write_text(stamped, encoding="utf-8")


def compiles_little(*hints: str) -> Requirement:
    """After an edit of main.go Go compiles the program's own packages, and no others.

    Args:
        hints: Three, from a nudge to nearly the answer.
    """
    return Requirement(
        "After an edit of main.go only the program's own package is compiled.", _compiles, hints
    )


def keeps_modules(*hints: str) -> Requirement:
    """After an edit of main.go no module is downloaded; hints as above."""
    return Requirement("An edit of main.go does not download the modules again.", _keeps, hints)


def after_quickly(attempt: Attempt, edit: Edit) -> Build:
    """As `after`, with Go's build cache mounted, so that a check need not compile all anew.

    Which steps run again, and in which lines they are, is as in the answer itself.

    Raises:
        BuildError: It does not build.
    """
    return after(attempt, edit, quickened(attempt))


def quickened(attempt: Attempt) -> str:
    """Give the answer with Go's build cache mounted, and with a Go that says what it fetches.

    Every instruction stays in its line.

    Raises:
        BuildError: The answer does not build.
    """
    lines = attempt.text.splitlines()
    for instruction in attempt.source.instructions:
        if instruction.keyword != "RUN":
            continue
        line = lines[instruction.line - 1]
        if GO.search(instruction.value) and attempt.build.builder == "buildkit":
            mounted = "" if BUILD_CACHE in instruction.value else f" {_MOUNT}"
            lines[instruction.line - 1] = _RUN.sub(rf"\g<0>{mounted}", line, count=1)
    return re.sub(rf"\b{_DOWNLOAD}\b(?! -x)", f"{_DOWNLOAD} -x", "\n".join(lines) + "\n")


def _edited(attempt: Attempt) -> Build:
    """Build, edit main.go, and build again, with a Go that names the packages it compiles.

    Raises:
        BuildError: It does not build.
    """
    attempt.build  # noqa: B018 - that it does not build is told with the lines of the answer
    if "GOFLAGS" in attempt.text:
        spoken = re.sub(r"\bgo (build|install)\b", r"go \1 -v", attempt.text)
        return after(attempt, edit_program, spoken)
    lines = attempt.text.splitlines()
    for stage in reversed(attempt.source.stages):
        lines.insert(stage.instructions[0].end_line, "ENV GOFLAGS=-v")
    return after(attempt, edit_program, "\n".join(lines) + "\n")


def _written(attempt: Attempt, step: Step) -> Instruction | None:
    """Find the instruction of the answer that a RUN of `_edited` is."""
    said = " ".join(step.instruction.split())
    runs = [i for i in attempt.source.instructions if i.keyword == "RUN"]
    same = next((i for i in runs if " ".join(str(i).split()) == said), None)
    return same or next((i for i in runs if "go build" in i.value), None)


def _compiles(attempt: Attempt) -> Found:
    for step in _edited(attempt).steps:
        again = [name for name in _PACKAGE.findall(step.log) if not name.startswith(_OWN)]
        # A line of one word may come from another command. Go never compiles only such packages.
        if step.cached or not any("/" in name for name in again):
            continue
        at = _written(attempt, step)
        example = "fmt" if "fmt" in again else again[0]
        return unmet(
            f"after an edit of main.go this compiled {len(again)} packages that nobody edited, "
            f"{example} among them. {_why_all(attempt, at)}",
            at=at,
        )
    return met("After an edit of main.go only the program's own package is compiled.")


def _why_all(attempt: Attempt, at: Instruction | None) -> str:
    """Say why a RUN did not find what an earlier build had compiled."""
    mounts = _cache_mounts(at)
    if mounts:
        return (
            f"Its cache mount is at {mounts[0]}, and Go keeps what it compiled in {BUILD_CACHE}: "
            "mount that."
        )
    other = next(
        (i for i in attempt.source.instructions if i is not at and BUILD_CACHE in _cache_mounts(i)),
        None,
    )
    if other is not None:
        return (
            f"Line {other.line} mounts Go's build cache, and this does not: a mount is there for "
            "its own RUN only."
        )
    return (
        "It began without Go's build cache: let this RUN mount one, by "
        f"--mount=type=cache,target={BUILD_CACHE}."
    )


def _cache_mounts(instruction: Instruction | None) -> list[str]:
    """Give the targets of a RUN's cache mounts."""
    if instruction is None:
        return []
    return [
        mount.get("target") or mount.get("dst") or mount.get("destination") or ""
        for mount in instruction.mounts
        if mount.get("type") == "cache"
    ]


def _keeps(attempt: Attempt) -> Found:
    edited = after_quickly(attempt, edit_program)
    again = next((step for step in edited.steps if _downloads(step)), None)
    if again is None:
        return met("After an edit of main.go nothing is downloaded.")
    at = attempt.instruction_at(again.line)
    if _DOWNLOAD in again.instruction:
        sees = first_again(attempt, edited, again)
        because = (
            f" It rests on line {sees.line}, `{' '.join(str(sees).split())}`, which sees main.go."
            if sees
            else ""
        )
        return unmet(
            f"after an edit of main.go this downloads the module again.{because} It needs go.mod "
            "and go.sum: copy these two alone above it, and all else below it.",
            at=at,
        )
    mounting = next(
        (i for i in attempt.source.instructions if MODULE_CACHE in _cache_mounts(i)), None
    )
    why = (
        f"Line {mounting.line} mounts the module cache, so the module went there and into no "
        f"layer; this RUN needs the same mount: --mount=type=cache,target={MODULE_CACHE}."
        if mounting is not None
        else f"No step above keeps it. Copy go.mod and go.sum alone, and let RUN {_DOWNLOAD} "
        "follow, before the rest is copied."
    )
    return unmet(
        f"after an edit of main.go this downloads the module again. {why}", at=at, detail=again.log
    )


def _downloads(step: Step) -> bool:
    """Whether a step fetched modules: `go mod download` says so with -x."""
    return not step.cached and _FETCHED.search(step.log) is not None
