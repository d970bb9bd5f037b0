"""Lessons as slides: their slide types are in order, and the pages need no network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from stagelab.cli import main
from stagelab.cli.slides import export_slides, faults
from stagelab.errors import ExerciseError

ROOT = Path(__file__).parents[3]


def cell(text: str, kind: str | None, *, code: bool = False) -> Any:  # noqa: ANN401 - nbformat ships no types
    made = new_code_cell(text) if code else new_markdown_cell(text)
    if kind is not None:
        made.metadata["slideshow"] = {"slide_type": kind}
    return made


def of(*cells: Any) -> Any:  # noqa: ANN401 - as above
    return new_notebook(cells=list(cells))


def test_a_lesson_in_order() -> None:
    assert faults(of(cell("# 1", "slide"), cell("x", None, code=True), cell("y", "fragment"))) == []


def test_every_fault_is_named_with_its_cell() -> None:
    found = faults(
        of(
            cell("# 1", "subslide"),
            cell("## 2", None),
            cell("3", "slides"),
            *[cell(str(n), None, code=True) for n in range(5)],
        )
    )
    assert found == [
        "cell 1: the lesson does not begin with a slide",
        "cell 2: '## 2' begins no slide",
        "cell 3: 'slides' is no slide type",
        "cell 8: one slide has more than 4 code cells",
    ]


def test_what_is_skipped_is_not_counted() -> None:
    skipped = [cell(str(n), "skip", code=True) for n in range(9)]
    assert faults(of(cell("# 1", "slide"), cell("## Clean up", "skip"), *skipped)) == []


def course(folder: Path, *cells: Any) -> Path:  # noqa: ANN401 - as above
    (folder / "lessons").mkdir()
    (folder / "sample-apps").mkdir()
    nbformat.write(of(*cells), folder / "lessons" / "01_show.ipynb")
    return folder


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def test_the_page_loads_nothing_from_the_network(tmp_path: Path) -> None:
    root = course(
        tmp_path, cell("# First", "slide"), cell("## Second", "subslide"), cell("gone", "skip")
    )
    (page,) = export_slides(root, root / "slides")
    text = page.read_text("utf-8")
    loaded = re.findall(r'<(?:script|link)[^>]*?(?:src|href)="([^"]+)"', text)
    assert loaded
    for name in loaded:
        assert (page.parent / name).is_file(), name
        for imported in re.findall(
            r"@import\s+(?:url\()?[\"']?([^\"')]+)", _text(page.parent / name)
        ):
            assert (page.parent / name).parent.joinpath(imported).is_file(), imported
    assert text.count("<section>") == 3  # a slide around its two subslides
    assert "gone" not in re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)


def test_a_lesson_out_of_order_is_not_exported(tmp_path: Path) -> None:
    root = course(tmp_path, cell("# First", None))
    with pytest.raises(ExerciseError, match=r"01_show\.ipynb") as caught:
        export_slides(root, root / "slides")
    assert "cell 1" in caught.value.detail
    assert not (root / "slides").exists()


def test_the_command_writes_one_page_a_lesson(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lessons", "--slides", "--only", "00", "--to", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "00_check_your_setup.slides.html")
    assert main(["lessons", "--slides", "--only", "99", "--to", str(tmp_path)]) == 1
