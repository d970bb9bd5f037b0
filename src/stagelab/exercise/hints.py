"""`hint`: the next hint of a task, about what the answer lacks."""

from __future__ import annotations

from collections import Counter

from stagelab.exercise.facts import Hint
from stagelab.exercise.last import CHECKED
from stagelab.exercise.progressing import note_hint
from stagelab.exercise.task import Task
from stagelab.exercise.tasks import find

_GIVEN: Counter[tuple[str, str]] = Counter()


def hint(task: str) -> Hint:
    """Give the next of three hints: about the first thing that your last checked answer lacks.

    Before an answer was checked they are about the task as a whole. After the last one comes the
    last one again. Which ones were given is remembered as long as the kernel lives.

    Args:
        task: The task's ID, such as "03-1".

    Raises:
        ExerciseError: No task has this ID.
    """
    found = find(task)
    checked = CHECKED.get(found.id)
    if checked is not None and checked.verdict.passed:
        return Hint(found.id, 0, 0, "Your last answer meets every requirement.")
    about, hints = _ladder(found)
    number = min(_GIVEN[found.id, about] + 1, len(hints))
    if number > _GIVEN[found.id, about]:
        note_hint(found.id)
    _GIVEN[found.id, about] = number
    return Hint(found.id, number, len(hints), hints[number - 1], about)


def _ladder(task: Task) -> tuple[str, tuple[str, ...]]:
    """Give what the hints are about, "" for the whole task, and the hints."""
    checked = CHECKED.get(task.id)
    if checked is not None:
        outcomes = checked.verdict.requirements
        for requirement, outcome in zip(task.requirements, outcomes, strict=True):
            if outcome.ok is False and requirement.hints:
                return requirement.text, requirement.hints
            if outcome.ok is False:
                break
    return "", task.hints
