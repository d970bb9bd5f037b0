"""Lessons as reveal.js slides, from their stored outputs: nothing is executed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import SlidesExporter
from traitlets.config import Config

from stagelab.errors import ExerciseError, StagelabError

KINDS = {"slide", "subslide", "fragment", "skip", "notes", "-"}
"""What `slideshow.slide_type` of a cell's metadata may be (nbformat's convention)."""

MOST_CODE = 4
"""Most code cells that one slide shows; more is not read in a room."""

_BREAKS = {"slide", "subslide"}
_TEMPLATES = Path(__file__).parent
_REVEAL = "reveal"
_WIDTH, _HEIGHT = "1280", "800"


def faults(notebook: Any) -> list[str]:  # noqa: ANN401 - nbformat ships no types
    """Say what keeps a lesson from being shown as slides: one line for each fault."""
    return list(_faults(notebook))


def export_slides(root: Path, folder: Path, only: str = "") -> list[Path]:
    """Write each lesson as slides, with reveal.js beside them.

    Args:
        root: The course's folder.
        folder: Where the slides go.
        only: Lessons whose name begins so; "" is all.

    Raises:
        ExerciseError: A lesson's slide types are not in order.
        StagelabError: reveal.js is not installed.
    """
    assets = _assets()
    paths = sorted((root / "lessons").glob(f"{only}*.ipynb"))
    pages = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        wrong = faults(notebook)
        if wrong:
            raise ExerciseError(
                f"{path.name} cannot be shown as slides: its slide types are not in order.",
                fix="Set them in JupyterLab's property inspector, Slide Type.",
                detail="\n".join(wrong),
            )
        pages.append((folder / path.with_suffix(".slides.html").name, _slides(notebook, path)))
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("dist", "plugin/notes"):
        shutil.copytree(assets / part, folder / _REVEAL / part, dirs_exist_ok=True)
    for page, text in pages:
        page.write_text(text, encoding="utf-8")
    return [page for page, _ in pages]


def _slides(notebook: Any, path: Path) -> str:  # noqa: ANN401 - as above
    config = Config()
    config.SlidesExporter.reveal_url_prefix = _REVEAL
    config.SlidesExporter.reveal_theme = "white"  # one whose fonts lie beside it
    config.SlidesExporter.reveal_transition = "none"
    config.SlidesExporter.reveal_width = _WIDTH
    config.SlidesExporter.reveal_height = _HEIGHT
    exporter = SlidesExporter(
        config=config,
        template_name="slides_template",
        extra_template_basedirs=[str(_TEMPLATES)],
        embed_images=True,
    )
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": path.stem}})
    return str(body)


def _assets() -> Path:
    """Find reveal.js, which comes with a package.

    Raises:
        StagelabError: It is not installed.
    """
    spec = find_spec("sphinx_revealjs")
    if spec is None or spec.origin is None:
        raise StagelabError(
            "reveal.js is not installed, which shows the slides.",
            fix='Install it in the course\'s folder: python -m pip install -e ".[slides]"',
        )
    return Path(spec.origin).parent / "_static" / "revealjs"


def _faults(notebook: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    code = 0
    for number, cell in enumerate(notebook.cells, start=1):
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        title = cell.source.partition("\n")[0]
        if kind not in KINDS:
            yield f"cell {number}: {kind!r} is no slide type"
        if number == 1 and kind != "slide":
            yield "cell 1: the lesson does not begin with a slide"
        heading = cell.cell_type == "markdown" and cell.source.startswith("#")
        if heading and kind not in _BREAKS | {"skip"}:
            yield f"cell {number}: {title!r} begins no slide"
        if kind in _BREAKS:
            code = 0
        if cell.cell_type == "code" and kind != "skip":
            code += 1
            if code == MOST_CODE + 1:
                yield f"cell {number}: one slide has more than {MOST_CODE} code cells"
