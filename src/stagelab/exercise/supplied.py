"""Why a program misses a folder, its user's name or the time zones, told of a Dockerfile."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from stagelab.exercise import failing
from stagelab.exercise.task import Found, unmet, waiting

if TYPE_CHECKING:
    from stagelab.builds import Instruction
    from stagelab.exercise.attempt import Attempt

_OPENED = re.compile(r"open (\S+)/note-")  # as the sample app go-needs names its files


def cannot_write(attempt: Attempt, output: str) -> Found | None:
    """Explain why a temporary file could not be made; None if the output is not about that."""
    opened = _OPENED.search(output)
    if opened is None:
        return None
    folder = opened.group(1)
    if "permission denied" in output:
        entry, user = attempt.xray.file(folder), attempt.xray.surface.user
        if user.root:
            return waiting()  # only the cage keeps root from writing to somebody else's folder
        return unmet(
            f"{folder} is there and belongs to user {entry.uid if entry else 0}, and the program "
            f"runs as user {user.number}, who may not write to it. What COPY makes, and WORKDIR "
            "above USER, belongs to root unless you say otherwise. Give it to that user: COPY "
            f"--chown={user.number}:{user.group_number}.",
            at=_making(attempt, folder),
            detail=output,
        )
    return unmet(
        f"the image has no folder {folder}, and scratch has no mkdir to make one. Make an empty "
        f"folder in another stage, and COPY it to {folder} with --chown.",
        at=_making(attempt, folder) or attempt.begins,
        detail=output,
    )


def _making(attempt: Attempt, folder: str) -> Instruction | None:
    """Find the instruction of the built stage that makes a folder."""
    stage = attempt.stage
    for instruction in reversed(stage.instructions if stage else ()):
        words = instruction.arguments.replace('"', " ").replace(",", " ").strip("[] ").split()
        if instruction.keyword in {"COPY", "ADD", "WORKDIR"} and words:
            made = posixpath.normpath(posixpath.join("/", words[-1]))
            if made == folder:
                return instruction
    return None


def nameless(attempt: Attempt, output: str) -> Found:
    """Explain that a program cannot tell the name of its user."""
    if "no such file" in output:
        return unmet(
            "the image has no /etc/passwd, the file that gives names to the numbers of users. A "
            "user by number starts without it, but a program that asks for its name fails. Write "
            "one in another stage, or take the builder's, and COPY it.",
            at=attempt.instruction("USER") or attempt.begins,
            detail=output,
        )
    if "unknown userid 0" in output:
        return waiting()  # root is told of already
    if "unknown userid" in output:
        return unmet(
            "the image's /etc/passwd has no line for this number. Add one in the stage that the "
            "file comes from, or use the number of a user whom it lists.",
            at=attempt.instruction("USER") or attempt.begins,
            detail=output,
        )
    return failing.why_not(attempt, output)


def zoneless(attempt: Attempt, output: str) -> Found:
    """Explain `unknown time zone`."""
    return unmet(
        "the image has no time zone database, and the program was built without one. COPY "
        "/usr/share/zoneinfo from the builder, to the same path.",
        at=_making(attempt, "/usr/share/zoneinfo") or attempt.begins,
        detail=output,
    )
