"""Lesson 00: an image from nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stagelab.errors import BuildFailed
from stagelab.exercise.arguments import HIDDEN, built_with, hiding, no_value
from stagelab.exercise.requirements import builds
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting
from stagelab.image import xray

if TYPE_CHECKING:
    from stagelab.builds import Build
    from stagelab.exercise.attempt import Attempt

TITLE_LABEL = "org.opencontainers.image.title"
"""OCI image specification, "Annotations": the human-readable title of the image."""

VERSION_LABEL = "org.opencontainers.image.version"
"""OCI image specification, "Annotations": the version of the packaged software."""

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


_NOTES = "/notes.txt"
_DEFAULT = "1.0"
_OTHER = "2.0"
_TEXTS = {
    f"notes-{_DEFAULT}.txt": f"Notes of version {_DEFAULT}: the first one.\n",
    f"notes-{_OTHER}.txt": f"Notes of version {_OTHER}: faster, and in colour.\n",
}


def _builds_by_default(attempt: Attempt) -> Found:
    try:
        attempt.build  # noqa: B018 - built here for the first time
    except BuildFailed as error:
        at = attempt.instruction_at(error.line)
        if at is None or "VERSION" not in at.value or "notes-.txt" not in error.detail:
            raise
        why = no_value(attempt, "VERSION", _DEFAULT, at)
        return unmet(f"here VERSION has no value. {why}", at=at, detail=error.detail)
    return met("It builds.")


def _notes_in(attempt: Attempt, made: Build) -> bytes | None:
    """Give what an image has in the file of notes, None if nothing."""
    if not made.image.attrs["RootFS"].get("Layers"):
        return None
    image = xray(made, client=attempt.client)
    entry = image.file(_NOTES)
    return image.read(_NOTES) if entry is not None and entry.kind == "file" else None


def _notes_by_default(attempt: Attempt) -> Found:
    fault = _builds_by_default(attempt)
    if not fault.ok:
        return fault
    notes = _notes_in(attempt, attempt.build)
    at = attempt.instruction("COPY", "ADD")
    if notes == _TEXTS[f"notes-{_DEFAULT}.txt"].encode():
        return met(f"{_NOTES} holds the notes of version {_DEFAULT}.")
    if notes is not None:
        return unmet(
            f"{_NOTES} holds other notes than those of version {_DEFAULT}, which is the default.",
            at=at,
        )
    return unmet(
        f"there is no {_NOTES} in the image. COPY's last word says where the file goes and what "
        "it is called there.",
        at=at,
    )


def _notes_by_choice(attempt: Attempt) -> Found:
    fault = _notes_by_default(attempt)
    if not fault.ok:
        return waiting()
    if (
        _notes_in(attempt, built_with(attempt, "VERSION", _OTHER))
        == _TEXTS[f"notes-{_OTHER}.txt"].encode()
    ):
        return met(f"With VERSION={_OTHER} {_NOTES} holds the notes of version {_OTHER}.")
    return _without_effect(attempt, "COPY", "ADD")


def _without_effect(attempt: Attempt, *keywords: str) -> Found:
    """Say why the build argument has no effect on an instruction."""
    at = attempt.instruction(*keywords)
    setting = hiding(attempt, "VERSION", at)
    if setting is not None:
        return unmet(HIDDEN, at=setting)
    if at is not None and "VERSION" in at.value:
        why = no_value(attempt, "VERSION", _DEFAULT, at)
        return unmet(f"with VERSION={_OTHER} nothing changes. {why}", at=at)
    return unmet(
        f"with VERSION={_OTHER} nothing changes: this names one version itself. Write "
        "${VERSION} where the version stands.",
        at=at,
    )


def _holds_only_the_notes(attempt: Attempt) -> Found:
    fault = _builds_by_default(attempt)
    if not fault.ok or not attempt.layers:
        return waiting()
    others = [e.path for e in attempt.xray.tree if e.kind != "dir" and e.path != _NOTES]
    others += [hidden.path for hidden in attempt.xray.waste.worst if hidden.path != _NOTES]
    if not others:
        return met(f"{_NOTES} is the only file.")
    if attempt.xray.file(_NOTES) is None and set(others) <= {f"/{name}" for name in _TEXTS}:
        return waiting()  # the file in the wrong place is told of already
    return unmet(
        f"besides {_NOTES} the image holds {', '.join(sorted(others)[:5])}. Start from scratch, "
        "and copy the one file.",
        at=attempt.instruction("COPY", "ADD"),
    )


def _says_its_version(attempt: Attempt) -> Found:
    fault = _builds_by_default(attempt)
    if not fault.ok:
        return fault
    usual = _label(attempt.build)
    if usual == _DEFAULT:
        if _label(built_with(attempt, "VERSION", _OTHER)) != _OTHER:
            return _without_effect(attempt, "LABEL")
        return met(f"It says {_DEFAULT}, and {_OTHER} where that is asked for.")
    at = attempt.instruction("LABEL")
    if usual is None:
        says = f"no label is named {VERSION_LABEL}. Add one by LABEL."
    elif "VERSION" in usual:
        says = (
            f"the label says {usual}, as it is written: in single quotes nothing is put in for a "
            "variable. Write double quotes."
        )
    elif usual:
        says = f"the label says {usual}, and the notes are of version {_DEFAULT}."
    else:
        says = f"here VERSION has no value. {no_value(attempt, 'VERSION', _DEFAULT, at)}"
    return unmet(says, at=at)


def _label(made: Build) -> str | None:
    labels = made.image.attrs["Config"].get("Labels") or {}
    return labels.get(VERSION_LABEL)


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
                f"The image holds main.go of the build context as {_FILE}.",
                _holds_the_file,
                hints=(
                    "Which instruction takes a file from the build context into the image?",
                    "COPY takes two words: the file in the build context, and its place in the "
                    "image. A place that begins with / counts from the root.",
                    f"COPY main.go {_FILE}",
                ),
            ),
            Requirement(
                "It holds nothing else.",
                _holds_nothing_else,
                hints=(
                    "Which instruction brought the other files: FROM, or COPY?",
                    "FROM scratch brings none. COPY brings what its first word names, and a dot "
                    "names the whole build context.",
                    f"FROM scratch, then COPY main.go {_FILE}, and no other COPY.",
                ),
            ),
            Requirement(
                f"It has the label {TITLE_LABEL}, with a title.",
                _has_a_title,
                hints=(
                    "Which instruction writes a label into the image's configuration?",
                    'LABEL name="value". The name has to be exactly the one asked for.',
                    f'LABEL {TITLE_LABEL}="My first image"',
                ),
            ),
        ),
        hints=(
            "COPY takes two words: what to take from the build context, and where to put it.",
            f'A label has a name and a value: LABEL name="value". The name here is {TITLE_LABEL}.',
            f'COPY main.go {_FILE} brings the file. LABEL {TITLE_LABEL}="My first image" is the '
            "other line.",
        ),
    ),
    Task(
        id="00-2",
        title="Let a build argument choose",
        files=_TEXTS,
        first=f"Declare the build argument below FROM, by ARG VERSION={_DEFAULT}. Then find the "
        "places where the version is written, and use the argument there.",
        requirements=(
            Requirement(
                "It builds without a build argument.",
                _builds_by_default,
                hints=(
                    "Which value does VERSION have at the line that fails? Where would it get it?",
                    "ARG declares a build argument from its line on, with a default behind the "
                    "equals sign. It has to stand below FROM.",
                    f"ARG VERSION={_DEFAULT}, in the line below FROM scratch.",
                ),
            ),
            Requirement(
                f"Without a build argument {_NOTES} holds notes-{_DEFAULT}.txt.",
                _notes_by_default,
                hints=(
                    "What is the file called in the build context, and what in the image?",
                    "COPY can rename: its last word is the whole path in the image.",
                    f"COPY notes-${{VERSION}}.txt {_NOTES}, and {_DEFAULT} is the default.",
                ),
            ),
            Requirement(
                f"With the build argument VERSION={_OTHER} it holds notes-{_OTHER}.txt.",
                _notes_by_choice,
                hints=(
                    "Does the name in COPY change when VERSION changes?",
                    "${VERSION} stands for the value of VERSION, also in the middle of a file's "
                    "name.",
                    f"COPY notes-${{VERSION}}.txt {_NOTES}",
                ),
            ),
            Requirement(
                "It holds nothing else.",
                _holds_only_the_notes,
                hints=(
                    "Which instruction brought the other files: FROM, or COPY?",
                    "Copy one file, with its whole name, and start from scratch.",
                    f"FROM scratch, and one COPY: COPY notes-${{VERSION}}.txt {_NOTES}",
                ),
            ),
            Requirement(
                f"The label {VERSION_LABEL} says the same version.",
                _says_its_version,
                hints=(
                    "Does the label change when VERSION changes?",
                    "A variable is put in between double quotes, and not between single quotes. "
                    "It needs a value at that line.",
                    f'LABEL {VERSION_LABEL}="${{VERSION}}", below the ARG.',
                ),
            ),
        ),
        hints=(
            "A build argument is declared by ARG, with a default behind the equals sign, and used "
            "as ${NAME}.",
            "ARG counts from its line on, within its stage: it comes below FROM and above the "
            "instructions that use it.",
            f"ARG VERSION={_DEFAULT} below FROM, COPY notes-${{VERSION}}.txt {_NOTES}, and "
            f'LABEL {VERSION_LABEL}="${{VERSION}}".',
        ),
    ),
)
