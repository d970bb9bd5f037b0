"""`sync`: make the exercises' notebooks from the solutions' notebooks."""

from __future__ import annotations

import os
from pathlib import Path

from stagelab.errors import ExerciseError
from stagelab.exercise import markers, notebooks
from stagelab.exercise.answers import SOLUTIONS
from stagelab.exercise.leaks import leaks
from stagelab.exercise.notebooks import Cell, Notebook
from stagelab.exercise.tasks import find

EXERCISES = "exercises"

_COMPARED = "nbval-check-output"
_OF_A_RUN = ("execution", "collapsed", "scrolled")


def sync(root: str | os.PathLike[str], *, check: bool = False) -> tuple[Path, ...]:
    """Make each `exercises/NN_*.ipynb` from the solutions' notebook of the same name.

    Args:
        root: The course's folder.
        check: Compare only, write nothing.

    Returns:
        The exercises' notebooks that were written, or with `check` would be.

    Raises:
        ExerciseError: Markers or tasks are not in order, an exercise has no solution that it comes
            from, or a solution shows in an exercise.
    """
    folder = Path(root)
    made = generate(folder)
    target = folder / EXERCISES
    for path in sorted(target.glob(notebooks.PATTERN)):
        if path.name not in made:
            raise ExerciseError(
                f"{EXERCISES}/{path.name} comes from no notebook in {SOLUTIONS}.",
                fix="Delete it, or rename it so that its name does not begin with two digits.",
            )
    differing = []
    for name, text in made.items():
        path = target / name
        if path.is_file() and path.read_bytes() == text.encode():
            continue
        differing.append(path)
        if not check:
            target.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
    return tuple(differing)


def generate(root: Path) -> dict[str, str]:
    """Make the text of every exercise's notebook, by file name.

    Raises:
        ExerciseError: As `sync`.
    """
    solved = {
        path.name: notebooks.read(path)
        for path in sorted((root / SOLUTIONS).glob(notebooks.PATTERN))
    }
    _check_tasks(solved)
    exercises = {name: exercise(notebook, name) for name, notebook in solved.items()}
    shown = leaks(solved, exercises)
    if shown:
        raise ExerciseError(
            "An exercise shows lines of a solution.",
            fix="Put those lines between solution markers, or say it in other words.",
            detail="\n".join(shown),
        )
    return {name: notebooks.text(notebook) for name, notebook in exercises.items()}


def exercise(notebook: Notebook, name: str) -> Notebook:
    """Make an exercise's notebook: solutions, outputs and what a run left are taken out.

    Cell IDs and metadata stay, but for the tag that has outputs compared: there are none.
    """
    cells = [_exercise_cell(cell, where) for where, cell in notebooks.cells(notebook, name)]
    metadata = {key: value for key, value in notebook["metadata"].items() if key != "widgets"}
    return {**notebook, "metadata": metadata, "cells": [cell for cell in cells if cell]}


def _exercise_cell(cell: Cell, where: str) -> Cell | None:
    """Make one cell; None if a Markdown cell is for the solution only."""
    kind: markers.Kind = "markdown" if cell["cell_type"] == "markdown" else "code"
    parts = markers.split(notebooks.source(cell), kind=kind, where=where)
    if kind == "markdown" and parts.marked and not parts.starter.strip():
        return None
    text = parts.starter.strip("\n") if kind == "markdown" and parts.marked else parts.starter
    made: Cell = {
        **cell,
        "source": text.removesuffix("\n").splitlines(keepends=True),
        "metadata": _exercise_metadata(cell.get("metadata", {})),
    }
    if cell["cell_type"] == "code":
        made |= {"outputs": [], "execution_count": None}
    return made


def _exercise_metadata(metadata: dict[str, object]) -> dict[str, object]:
    kept = {key: value for key, value in metadata.items() if key not in _OF_A_RUN}
    tags = kept.pop("tags", None)
    if isinstance(tags, list) and (rest := [tag for tag in tags if tag != _COMPARED]):
        kept["tags"] = rest
    return kept


def _check_tasks(solved: dict[str, Notebook]) -> None:
    """See that every answer's cell names a task that exists, once, and has solution markers.

    Raises:
        ExerciseError: Of these is not so.
    """
    seen: dict[str, str] = {}
    for name, notebook in solved.items():
        for where, cell in notebooks.cells(notebook, name):
            task = notebooks.task_id(cell)
            if cell["cell_type"] != "code":
                continue
            marked = markers.split(notebooks.source(cell), where=where).marked
            if task is None:
                continue
            find(task)
            if not marked:
                raise ExerciseError(
                    f"{where}: the answer of task {task} stands there without solution markers.",
                    fix="Put the answer between # BEGIN SOLUTION and # END SOLUTION.",
                )
            if task in seen:
                raise ExerciseError(
                    f"{where}: task {task} has an answer already, in {seen[task]}.",
                    fix="Give each task's ID to one code cell.",
                )
            seen[task] = where
