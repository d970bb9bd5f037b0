"""Execute the notebooks of the course: to see that they run, to export them, to store outputs."""

from __future__ import annotations

import base64
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from stagelab import _home
from stagelab.cli.pacing import pace
from stagelab.errors import ExerciseError
from stagelab.show.style import humane_seconds

FOLDERS = ("lessons", "solutions", "exercises")
"""Folders with notebooks, in the order in which they are executed."""

STORED = ("lessons", "solutions")
"""Those whose notebooks are stored with outputs."""

CELL_TIMEOUT = 900
"""Seconds that one cell may take."""

_PICTURE = re.compile(r'<img (?:alt="[^"]*" )?src="data:image/svg\+xml;base64,([^"]*)"/?>')
_LABEL = re.compile(r'<svg [^>]*?aria-label="([^"]*)"')
_WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, slots=True)
class Executed:
    """A notebook that ran to its end, and how long that took, in seconds."""

    path: Path
    notebook: Any
    seconds: float


def notebooks(root: Path, folders: Sequence[str] = FOLDERS, only: str = "") -> list[Path]:
    """List the course's notebooks.

    Args:
        root: The course's folder.
        folders: Where to look.
        only: Keep those whose name begins so, such as "03"; "" keeps all.
    """
    return [path for folder in folders for path in sorted((root / folder).glob(f"{only}*.ipynb"))]


def execute(path: Path, *, watch: Progress | None = None) -> Executed:
    """Run every cell of a notebook, in its own folder and a fresh kernel.

    Raises:
        ExerciseError: A cell failed; the detail has its source and what it printed.
    """
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    task = watch.add_task(f"{path.parent.name}/{path.name}", total=len(code)) if watch else None

    def advance(**_: object) -> None:
        if watch and task is not None:
            watch.advance(task)

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,  # the widgets are gone when the notebook is read
        on_cell_executed=advance,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # nothing that a reader could act upon
    )
    began = time.monotonic()
    try:
        client.execute()
    except CellExecutionError as error:
        raise ExerciseError(
            f"{path.parent.name}/{path.name} stopped at a cell that failed.",
            fix="Read the cell's own error below; `stagelab doctor` tells whether the engine and "
            "the base images are as the course needs them.",
            detail=str(error),
        ) from None
    return Executed(path, notebook, time.monotonic() - began)


def store(executed: Executed, root: Path) -> None:
    """Write a notebook with its outputs, without what differs from machine to machine.

    Args:
        executed: The notebook.
        root: The course's folder; its place on this machine is not stored.
    """
    notebook = executed.notebook
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": notebook.metadata.get("kernelspec", {}),
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            # A stored widget has no model behind it; its plain text says the same.
            output.get("data", {}).pop(_WIDGET, None)
        if cell.cell_type == "code":
            cell.outputs = _without_places(cell.outputs, root)
    nbformat.validate(notebook)
    text = nbformat.writes(notebook, indent=1, ensure_ascii=False)
    executed.path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def _without_places(value: Any, root: Path) -> Any:  # noqa: ANN401 - any part of a JSON value
    """Replace the places of this machine's files in every text."""
    if isinstance(value, str):
        for place in (str(root), sys.prefix, str(_home.data_dir()), str(_home.cache_dir())):
            value = value.replace(place, "…")
        return value
    if isinstance(value, list):
        return [_without_places(each, root) for each in value]
    if isinstance(value, dict):
        return nbformat.from_dict({k: _without_places(v, root) for k, v in value.items()})
    return value


def export(executed: Executed, root: Path, folder: Path) -> Path:
    """Write a notebook as a page of HTML; gives its path."""
    body, _ = HTMLExporter(embed_images=True).from_notebook_node(executed.notebook)
    page = folder / executed.path.relative_to(root).with_suffix(".html")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_PICTURE.sub(_with_words, body), encoding="utf-8")
    return page


def _with_words(picture: re.Match[str]) -> str:
    """Give an image element the words that its SVG has for those who do not see it."""
    svg = base64.b64decode(picture.group(1)).decode("utf-8", "replace")
    words = _LABEL.search(svg)
    alt = f' alt="{words.group(1)}"' if words else ""
    return f'<img{alt} src="data:image/svg+xml;base64,{picture.group(1)}">'


def run_all(
    root: Path, console: Console, *, folder: Path, refresh: bool = False, only: str = ""
) -> int:
    """Execute notebooks one after another and export them, or store their outputs.

    Args:
        root: The course's folder.
        console: Where progress is shown.
        folder: Where the pages go.
        refresh: Store the outputs in the notebooks instead of writing pages.
        only: As in `notebooks`.

    Returns:
        How many notebooks were executed.
    """
    paths = notebooks(root, STORED if refresh else FOLDERS, only)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
    )
    with bar:
        for executed in _execute_each(paths, bar):
            if refresh:
                store(executed, root)
                what = "outputs stored"
            else:
                what = str(export(executed, root, folder).relative_to(folder.parent))
            name = f"{executed.path.parent.name}/{executed.path.name}"
            taken = humane_seconds(executed.seconds)
            asked = pace(executed.notebook, executed.seconds)
            learner = f"about {asked.minutes:.0f} min for a learner"
            bar.console.print(f"✓ {name} · ran {taken} · {learner} · {what}")
    return len(paths)


def _execute_each(paths: list[Path], bar: Progress) -> Iterator[Executed]:
    for path in paths:
        yield execute(path, watch=bar)
