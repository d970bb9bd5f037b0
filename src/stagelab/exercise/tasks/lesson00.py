"""Lesson 00: an image from nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stagelab.exercise.requirements import builds
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

TITLE_LABEL = "org.opencontainers.image.title"
"""OCI image specification, "Annotations": the human-readable title of the image."""

_FILE = "/main.go"
_EMPTY = unmet(
    f"There is no {_FILE} in the image. An image holds what the Dockerfile brings and nothing "
    f"else: add COPY main.go {_FILE}."
)


def _holds_the_file(attempt: Attempt) -> Found:
    if not attempt.layers:
        return _EMPTY
    image = attempt.xray
    entry = image.file(_FILE)
    if entry is not None and entry.kind == "file":
        if image.read(_FILE) == (attempt.task.context() / "main.go").read_bytes():
            return met(f"{_FILE} is there, {entry.size} bytes, the same as in the build context.")
        return unmet(
            f"{_FILE} is in the image, but it is not the file of the build context.",
            at=attempt.instruction("COPY", "ADD"),
        )
    elsewhere = [found.path for found in image.find("*/main.go")]
    if elsewhere:
        return unmet(
            f"this put the file at {elsewhere[0]}. COPY's last word says where it goes: "
            f"write COPY main.go {_FILE}.",
            at=attempt.instruction("COPY", "ADD"),
        )
    return replace(_EMPTY, at=attempt.instruction("COPY", "ADD"))


def _holds_nothing_else(attempt: Attempt) -> Found:
    if not attempt.layers:
        return _EMPTY
    image = attempt.xray
    if attempt.chain[-1].base != "scratch":
        return unmet(
            f"the image starts from another one and has {image.files} files. FROM scratch starts "
            "from an empty file system.",
            at=attempt.chain[-1].instructions[0],
        )
    others = [e.path for e in image.tree if e.kind != "dir" and e.path != _FILE]
    others += [hidden.path for hidden in image.waste.worst if hidden.path != _FILE]
    if others and image.file(_FILE) is None:
        # the file in the wrong place is told of already
        others = [path for path in others if not path.endswith(_FILE)]
        if not others:
            return waiting()
    if others:
        return unmet(
            f"besides {_FILE} the image holds {', '.join(sorted(others))}. What is not needed "
            "makes an image larger and gives more away: name the one file in COPY.",
            at=attempt.instruction("COPY", "ADD"),
        )
    return met(f"{_FILE} is the only file.")


def _has_a_title(attempt: Attempt) -> Found:
    labels = attempt.config.get("Labels") or {}
    title = labels.get(TITLE_LABEL, "").strip()
    if title:
        return met(f"Its title is: {title}")
    at = attempt.instruction("LABEL")
    if at is None:
        return unmet(f'There is no LABEL. Add LABEL {TITLE_LABEL}="…" with a title of your choice.')
    return unmet(
        f"this sets another label, or an empty one. Tools look for exactly {TITLE_LABEL}.", at=at
    )


TASKS = (
    Task(
        id="00-1",
        title="Build an image from nothing",
        app="go-hello",
        first="Write two instructions below FROM scratch: one that copies main.go from the build "
        "context into the image, and one that gives the image a label.",
        requirements=(
            builds(),
            Requirement(
                f"The image holds main.go of the build context as {_FILE}.", _holds_the_file
            ),
            Requirement("It holds nothing else.", _holds_nothing_else),
            Requirement(f"It has the label {TITLE_LABEL}, with a title.", _has_a_title),
        ),
        hints=(
            "COPY takes two words: what to take from the build context, and where to put it.",
            f'A label has a name and a value: LABEL name="value". The name here is {TITLE_LABEL}.',
            f'COPY main.go {_FILE} brings the file. LABEL {TITLE_LABEL}="My first image" is the '
            "other line.",
        ),
    ),
)
