"""Requirements on how an answer behaves: who it runs as, how it ends, how large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.errors import ExerciseError, StartFailed
from stagelab.exercise import failing, program, record
from stagelab.exercise.course import course_root
from stagelab.exercise.requirements import visit
from stagelab.exercise.task import Found, Requirement, met, unmet
from stagelab.exercise.traces import traces
from stagelab.image import XRay, xray
from stagelab.show.style import humane_bytes

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt


def predicted(text: str = "You said what you expect, before you ran it.") -> Requirement:
    """A prediction was made, whatever it was."""

    def look(attempt: Attempt) -> Found:
        said = record.read()["tasks"].get(attempt.task.id, {}).get("predicted")
        if said:
            return met(f"You expected: {said}")
        return unmet(
            "There is no prediction yet. Choose one in the cell above, or call its function "
            "`.choose(...)`: it is not scored, and what you expected is what you remember."
        )

    return Requirement(
        text,
        look,
        (
            "The cell with the question is above the answer: run it and choose.",
            "Any choice will do. It only has to be made.",
            'Without widgets: predict("…", ["…", "…"], task="…", choose="…").',
        ),
    )


def not_root(text: str = "It does not run as root.") -> Requirement:
    """The image's user is not root."""

    def look(attempt: Attempt) -> Found:
        user = attempt.xray.surface.user
        if not user.root:
            return met(f"It runs as {attempt.config.get('User')}.")
        at = attempt.instruction("USER")
        if at is None:
            return unmet(
                "no USER is set, so the program runs as root: whoever breaks into it is root in "
                "the container. Add USER with a number other than 0, such as USER 65532:65532.",
                at=attempt.begins,
            )
        return unmet(
            "this is root under another name. Use a number other than 0, such as USER 65532:65532.",
            at=at,
        )

    return Requirement(
        text,
        look,
        (
            "Who is the user if nobody says so? An instruction of the runtime stage says it.",
            "USER takes a name or a number. A name must be in the image's /etc/passwd, a number "
            "need not.",
            "USER 65532:65532, in the last stage, above ENTRYPOINT.",
        ),
    )


def no_shell(text: str = "It ships no shell.") -> Requirement:
    """No shell is in the image."""

    def look(attempt: Attempt) -> Found:
        shells = attempt.xray.surface.shells
        if not shells:
            return met("There is no shell in it.")
        layer = shells[0].layer
        brought = None if layer is None else attempt.layer_instruction(layer)
        if brought is not None:
            return unmet(
                f"this puts a shell into the image that ships: {shells[0].path}. Whoever breaks in "
                "has tools at hand. Leave it out: a program that is started in exec form needs no "
                "shell.",
                at=brought,
            )
        return unmet(
            f"there is a shell in the image that ships: {shells[0].path}. Whoever breaks in has "
            "tools at hand. Begin the last stage from scratch or from a base without one.",
            at=attempt.begins,
        )

    return Requirement(
        text,
        look,
        (
            "Which instruction brings the shell? Not one of those that copy.",
            "The base of the last stage has it. Two kinds of base have none.",
            "FROM scratch, or FROM gcr.io/distroless/static-debian13:nonroot, in the last stage.",
        ),
    )


def as_small_as_reference(factor: float = 1.1, text: str = "") -> Requirement:
    """It is at most `factor` times as large as the reference, built on the same engine.

    Size is the sum of uncompressed layer bytes.
    """

    def look(attempt: Attempt) -> Found:
        size = attempt.xray.size_bytes
        most = factor * _reference(attempt).size_bytes
        if size <= most:
            return met(f"It has {humane_bytes(size)}.")
        largest = max(attempt.xray.layers, key=lambda layer: layer.size_bytes)
        return unmet(
            f"the image has {humane_bytes(size)}, and at most {humane_bytes(most)} are needed "
            f"(measured on this engine). Its largest layer has {humane_bytes(largest.size_bytes)}.",
            at=attempt.layer_instruction(largest.index) or attempt.begins,
        )

    return Requirement(
        text or "It is not larger than it needs to be.",
        look,
        (
            "xray(image).layers shows which instruction brings how many bytes.",
            "What of the largest layer does the program need at run time?",
            "Begin the last stage from the smallest base that will do, and COPY single files.",
        ),
    )


def ends_on_sigterm(
    port: int, ready: str, *others: str, text: str = "It ends within a second of SIGTERM."
) -> Requirement:
    """Asked to end, the service ends by itself, with exit code 0, within a second.

    Args:
        port: Where it listens.
        ready: A path that it answers.
        others: What the task's further requirements ask for.
        text: The requirement.
    """

    def look(attempt: Attempt) -> Found:
        try:
            stopped = visit(attempt, port, ready, *others).stopped
        except StartFailed as error:
            return failing.why_not(attempt, error.detail, failed="it does not answer")
        at = program.starter(attempt)
        if stopped.killed:
            return unmet(
                "the program did not end within a second when the engine asked it to (SIGTERM), so "
                "the engine killed it, and open requests with it. The signal goes to the first "
                'process: let that be your program, by a list: ENTRYPOINT ["./myapp"].',
                at=at,
            )
        if stopped.exit_code != 0:
            return unmet(
                f"asked to end (SIGTERM), it ended with exit code {stopped.exit_code}: the signal "
                "killed something on the way, not the program, which would finish its work and "
                'end with 0. Let the engine start the program itself: ENTRYPOINT ["./myapp"].',
                at=at,
            )
        return met("It ended by itself, with exit code 0.")

    return Requirement(
        text,
        look,
        (
            "The engine sends SIGTERM to the first process of the container. Which one is that?",
            "A shell in between keeps the signal to itself. Which form of ENTRYPOINT has none?",
            'ENTRYPOINT as a list, the exec form: ENTRYPOINT ["./myapp"].',
        ),
    )


def no_canary(needle: bytes, text: str, path: str | None = None) -> Requirement:
    """Some bytes are in no layer, nor in the settings or the history.

    Args:
        needle: The bytes, such as a made-up token.
        text: The requirement.
        path: Where they would be in the image, if that is known.
    """

    def look(attempt: Attempt) -> Found:
        found = attempt.once(
            f"traces of {needle!r}",
            lambda: traces(attempt.build.image, needle, diff_ids=attempt.layers),
        )
        if not found:
            return met("It is in no layer, and not in the settings or the history.")
        if not found.layers:
            told = [i for i in attempt.source.instructions if needle.decode() in i.value]
            return unmet(
                "it stands in the image's history or settings, which everyone who has the image "
                "can read: docker history shows it.",
                at=told[0] if told else None,
            )
        layer = next(each for each in attempt.xray.layers if each.diff_id in found.layers)
        hidden = path is not None and attempt.xray.file(path) is None
        return unmet(
            "the layer of this instruction holds it"
            + (", even if no container sees it any more: " if hidden else ": ")
            + "whoever has the image can read every layer. Do not let it get into a stage that "
            "ships.",
            at=attempt.layer_instruction(layer.index),
        )

    return Requirement(
        text,
        look,
        (
            "Which instruction puts it into a layer? A later one cannot take it out.",
            "What is in a stage that does not ship is in no layer of the image.",
            "COPY only what is needed, by name, or let the last stage COPY --from only the result.",
        ),
    )


def _reference(attempt: Attempt) -> XRay:
    """Give what is in the image that the reference answer builds.

    Raises:
        ExerciseError: There is no reference answer.
        BuildError: It does not build.
    """
    # Answers belong to tasks, and tasks use this module.
    from stagelab.exercise.answers import SOLUTIONS, read_answer  # noqa: PLC0415

    def look() -> XRay:
        answer = read_answer(attempt.task.id, course_root() / SOLUTIONS)
        if answer is None:
            raise ExerciseError(
                f"No notebook in {SOLUTIONS} holds the solution of task {attempt.task.id}, which "
                "sizes are compared with.",
                fix="Bring the folder back from the course's repository: git checkout -- solutions",
            )
        return xray(attempt.variant(text=answer.reference), client=attempt.client)

    return attempt.once("reference", look)
