"""Notebook files as plain JSON: read, written with the same bytes every time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stagelab.errors import ExerciseError

Cell = dict[str, Any]
Notebook = dict[str, Any]

PATTERN = "[0-9][0-9]_*.ipynb"
"""Names of the course's notebooks."""

_NAMESPACE = "stagelab"


def read(path: Path) -> Notebook:
    """Read a notebook of format 4.

    Raises:
        ExerciseError: It cannot be read or is no such notebook.
    """
    try:
        notebook = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ExerciseError(
            f"The notebook {path.name} cannot be read.",
            fix=f"Bring it back from the course's repository: git checkout -- {path}",
            detail=str(error),
        ) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ExerciseError(
            f"{path.name} is not a notebook of format 4.",
            fix="Open it in JupyterLab and save it; that brings it to the present format.",
        )
    return notebook


def text(notebook: Notebook) -> str:
    """Give a notebook as the text of its file, in the layout that Jupyter writes."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def source(cell: Cell) -> str:
    """Give a cell's text."""
    found = cell.get("source", "")
    return found if isinstance(found, str) else "".join(found)


def task_id(cell: Cell) -> str | None:
    """Give the ID of the task that a cell belongs to: `stagelab.task` of its metadata."""
    metadata = cell.get("metadata", {}).get(_NAMESPACE)
    found = metadata.get("task") if isinstance(metadata, dict) else None
    return None if found is None else str(found)


def cells(notebook: Notebook, name: str) -> Iterator[tuple[str, Cell]]:
    """Give each cell with words that name it in an error, as in "03_build.ipynb, cell 4"."""
    for number, cell in enumerate(notebook["cells"], start=1):
        yield f"{name}, cell {number}", cell
