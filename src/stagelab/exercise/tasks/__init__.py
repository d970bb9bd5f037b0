"""Every task of the course, by ID."""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from stagelab.errors import ExerciseError
from stagelab.exercise.task import Task

TASKS: dict[str, Task] = {
    task.id: task
    for lesson in sorted(module.name for module in iter_modules(__path__))
    for task in import_module(f"{__name__}.{lesson}").TASKS
}
"""Of every module beside this one, in order."""


def context(task: str) -> Path:
    """Give the folder that a task's answers are built in, its build context; made if needed.

    Args:
        task: The task's ID, such as "04-1".

    Raises:
        ExerciseError: No task has this ID, or the sample app that it is about is not there.
    """
    return find(task).context()


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
