"""Every task of the course, by ID."""

from __future__ import annotations

import difflib

from stagelab.errors import ExerciseError
from stagelab.exercise.task import Task
from stagelab.exercise.tasks import lesson00, lesson01, lesson02, lesson03, lesson04

TASKS: dict[str, Task] = {
    task.id: task
    for lesson in (lesson00, lesson01, lesson02, lesson03, lesson04)
    for task in lesson.TASKS
}


def find(task: str) -> Task:
    """Give the task of this ID.

    Raises:
        ExerciseError: There is none.
    """
    try:
        return TASKS[str(task)]
    except KeyError:
        close = difflib.get_close_matches(str(task), TASKS, n=1)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        raise ExerciseError(
            f"The course has no task {task!r}.",
            fix=f"{meant}The tasks are {', '.join(TASKS)}.",
        ) from None
