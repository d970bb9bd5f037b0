"""`check`: build, run and look into a learner's answer, requirement by requirement."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from stagelab.builds import Build, parse
from stagelab.engine.lost import watched
from stagelab.errors import (
    BaseError,
    BuildCancelled,
    BuildFailed,
    EngineError,
    ExerciseError,
    StagelabError,
)
from stagelab.exercise.answers import SOLUTIONS, read_answer
from stagelab.exercise.attempt import Attempt
from stagelab.exercise.course import course_root
from stagelab.exercise.facts import Outcome, Verdict
from stagelab.exercise.last import CHECKED, Checked
from stagelab.exercise.meanings import base_fault, meaning, stand_in_lacks
from stagelab.exercise.progressing import note_check
from stagelab.exercise.task import waiting
from stagelab.exercise.tasks import find

if TYPE_CHECKING:
    import docker

    from stagelab.exercise.task import Found, Requirement, Task

_AT_LINE = re.compile(r"Line (\d+)\b")


def check(
    task: str, answer: str | Build | None = None, *, client: docker.DockerClient | None = None
) -> Verdict:
    """Look at a learner's Dockerfile: builds it, runs it caged, and looks into the image.

    Nothing that a learner may have written raises; the verdict says what is wrong with it.

    Args:
        task: The task's ID, such as "03-1".
        answer: The Dockerfile's text, or what was built from it, as `%%dockerfile` binds them.
        client: The engine; None for the one that `connect` finds.

    Raises:
        ExerciseError: No task has this ID.
        BuildCancelled: Interrupted while it built.
    """
    found = find(task)
    text = answer.dockerfile if isinstance(answer, Build) else str(answer or "")
    if _untouched(found, text):
        CHECKED.pop(found.id, None)
        waiting = tuple(Outcome(each.text, None) for each in found.requirements)
        return Verdict(
            found.id, found.title, started=False, requirements=waiting, advice=found.first
        )
    attempt = Attempt(found, text, client=client)
    told: list[StagelabError | Found] = []
    outcomes = tuple(_judge(requirement, attempt, told) for requirement in found.requirements)
    verdict = Verdict(found.id, found.title, started=True, requirements=outcomes)
    CHECKED[found.id] = Checked(text, verdict)
    note_check(verdict)
    return verdict


def _judge(
    requirement: Requirement, attempt: Attempt, told: list[StagelabError | Found]
) -> Outcome:
    """Look at one requirement; `told` is what earlier ones have reported, said once only."""
    try:
        with watched("the check", attempt.client):
            found = requirement.look(attempt)
    except BuildCancelled:
        raise  # whoever interrupts a check wants its end, no verdict
    except StagelabError as error:
        if any(error is each for each in told):
            return _outcome(requirement, waiting())
        told.append(error)
        return _failure(requirement, attempt, error)
    if found.ok is False and any(_same(found, each) for each in told):
        return _outcome(requirement, waiting())
    told.append(found)
    return _outcome(requirement, found)


def _same(found: Found, told: StagelabError | Found) -> bool:
    """Whether a fault has been told already, be it with other words of the engine."""
    return not isinstance(told, StagelabError) and (found.words, found.at) == (told.words, told.at)


def _outcome(requirement: Requirement, found: Found) -> Outcome:
    if found.at is None:
        return Outcome(requirement.text, found.ok, found.words, detail=found.detail)
    where = f"Line {found.at.line}, `{' '.join(str(found.at).split())}`: "
    return Outcome(requirement.text, found.ok, where + found.words, found.at.line, found.detail)


def _failure(requirement: Requirement, attempt: Attempt, error: StagelabError) -> Outcome:
    words = f"{error.cause} {error.fix}"
    if isinstance(error, BaseError | EngineError | ExerciseError):
        return Outcome(
            requirement.text, None, f"This is not about your answer. {words}", detail=error.detail
        )
    if isinstance(error, BuildFailed):
        return _build_failure(requirement, attempt, error)
    return Outcome(requirement.text, ok=False, feedback=words, detail=error.detail)


def _build_failure(requirement: Requirement, attempt: Attempt, error: BuildFailed) -> Outcome:
    detail = "\n".join(part for part in (error.log, error.detail) if part)
    fault = base_fault(attempt.source, error)
    if fault is not None:
        return _outcome(requirement, replace(fault, detail=detail))
    words = f"{error.cause} {error.fix}"
    at_line = _AT_LINE.match(error.cause)
    line = error.line or (int(at_line.group(1)) if at_line else None)
    instruction = attempt.instruction_at(line)
    if instruction is not None and f"Line {instruction.line}" not in error.cause:
        words = f"Line {instruction.line}, `{instruction}`: {words}"
    known = meaning(detail) or stand_in_lacks(attempt, instruction, detail)
    words = " ".join(part for part in (words, known) if part)
    return Outcome(requirement.text, ok=False, feedback=words, line=line, detail=detail)


def _untouched(task: Task, text: str) -> bool:
    """Whether an answer has no instruction, or is what the exercise begins with."""
    instructions = parse(text).instructions
    if not instructions:
        return True
    starter = _starter(task)
    return starter is not None and _essence(text) == _essence(starter)


def _starter(task: Task) -> str | None:
    """Read the task's starter; None if the solutions' notebooks are not at hand."""
    try:
        answer = read_answer(task.id, course_root() / SOLUTIONS)
    except ExerciseError:
        return None
    return answer.starter if answer else None


def _essence(text: str) -> list[tuple[str, str]]:
    return [(i.keyword, " ".join(i.value.split())) for i in parse(text).instructions]
