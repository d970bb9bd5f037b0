"""Exercises are made from solutions, the same bytes every time, and show none of them."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from stagelab.errors import ExerciseError
from stagelab.exercise import sync
from tests.unit.exercise.conftest import ANSWER, REASONING, Write, code, markdown


def made(course: Path, name: str = "00_setup.ipynb") -> dict[str, object]:
    found = json.loads((course / "exercises" / name).read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def sources(course: Path) -> list[str]:
    return [cell.source for cell in nbformat.reads(json.dumps(made(course)), as_version=4).cells]


def test_an_exercise_keeps_what_is_shown_and_the_starter(course: Path, write: Write) -> None:
    write(markdown("# Zero"), code(ANSWER, "00-1"), markdown(REASONING, "00-1"), code("check()"))
    assert sync(course) == (course / "exercises" / "00_setup.ipynb",)
    assert sources(course) == [
        "# Zero",
        "%%dockerfile answer\nFROM scratch\n# Copy main.go.",
        "Well.",
        "check()",
    ]


def test_nothing_of_a_run_stays(course: Path, write: Write) -> None:
    write(
        code(ANSWER, "00-1", execution={"iopub.status.idle": "now"}, tags=["nbval-check-output"]),
        code("x", tags=["keep", "nbval-check-output"]),
    )
    sync(course)
    notebook = nbformat.reads(json.dumps(made(course)), as_version=4)
    nbformat.validate(notebook)
    first, second = notebook.cells
    assert [cell.outputs for cell in notebook.cells] == [[], []]
    assert [cell.execution_count for cell in notebook.cells] == [None, None]
    assert first.metadata == {"stagelab": {"task": "00-1"}}
    assert second.metadata == {"tags": ["keep"]}
    assert "widgets" not in notebook.metadata


def test_cell_ids_stay_and_solution_only_markdown_goes(course: Path, write: Write) -> None:
    only = "<!-- BEGIN SOLUTION -->\nBecause.\n<!-- END SOLUTION -->"
    cells = (code(ANSWER, "00-1"), markdown(only), markdown("End"))
    write(*cells)
    sync(course)
    notebook = nbformat.reads(json.dumps(made(course)), as_version=4)
    assert [cell.id for cell in notebook.cells] == [cells[0]["id"], cells[2]["id"]]


def test_bytes_are_the_same_and_check_writes_nothing(course: Path, write: Write) -> None:
    write(code(ANSWER, "00-1"))
    target = course / "exercises" / "00_setup.ipynb"
    assert sync(course, check=True) == (target,)
    assert not target.exists()
    sync(course)
    before = target.read_bytes()
    assert before.endswith(b"}\n")
    assert sync(course) == sync(course, check=True) == ()
    target.write_text(target.read_text("utf-8").replace("Copy main.go", "Copy it"), "utf-8")
    assert sync(course, check=True) == (target,)
    sync(course)
    assert target.read_bytes() == before


def test_layout_is_that_of_jupyter(course: Path, write: Write) -> None:
    write(markdown("Größe"), code(ANSWER, "00-1"))
    sync(course)
    text = (course / "exercises" / "00_setup.ipynb").read_text("utf-8")
    assert nbformat.writes(nbformat.reads(text, as_version=4)) + "\n" == text


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([code("FROM x\n", "00-1")], "stands there without solution markers"),
        ([code(ANSWER, "00-1"), code(ANSWER, "00-1")], "has an answer already, in 00_setup"),
        ([code(ANSWER, "99-1")], "no task '99-1'"),
        ([code("# BEGIN SOLUTION\n")], "00_setup.ipynb, cell 1, line 1"),
        ([markdown("a"), markdown("<!-- END SOLUTION -->")], "00_setup.ipynb, cell 2, line 1"),
    ],
)
def test_faults_are_errors(
    course: Path, write: Write, cells: list[dict[str, object]], words: str
) -> None:
    write(*cells)
    with pytest.raises(ExerciseError) as caught:
        sync(course)
    assert words in caught.value.cause
    assert not (course / "exercises").exists()


def test_an_exercise_without_a_solution_is_an_error(course: Path, write: Write) -> None:
    write(code(ANSWER, "00-1"))
    sync(course)
    (course / "exercises" / "07_old.ipynb").write_text("{}")
    with pytest.raises(ExerciseError, match="07_old"):
        sync(course, check=True)


def test_a_notebook_that_is_none_is_an_error(course: Path) -> None:
    (course / "solutions" / "00_x.ipynb").write_text("{")
    with pytest.raises(ExerciseError, match="cannot be read"):
        sync(course)
    (course / "solutions" / "00_x.ipynb").write_text("[]")
    with pytest.raises(ExerciseError, match="format 4"):
        sync(course)


LEAK = 'Text\n\n    COPY   main.go /\n    LABEL org.opencontainers.image.title="One"\n'


def test_a_leak_is_an_error(course: Path, write: Write) -> None:
    write(code(ANSWER, "00-1"), markdown(LEAK + "\n    LABEL two=three\n"))
    with pytest.raises(ExerciseError) as caught:
        sync(course)
    assert "exercises/00_setup.ipynb, cell 2 shows the solution of" in caught.value.detail


def test_a_part_of_a_solution_is_no_leak(course: Path, write: Write) -> None:
    write(code(ANSWER, "00-1"), markdown(LEAK))
    assert sync(course)


def test_a_leak_in_an_earlier_lesson_is_an_error_in_a_later_one_not(
    course: Path, write: Write
) -> None:
    shown = markdown(LEAK + "\n    LABEL two=three\n")
    write(code(ANSWER, "00-1"))
    write(shown, name="01_later.ipynb")
    assert sync(course)
    (course / "solutions" / "01_later.ipynb").unlink()
    (course / "exercises" / "01_later.ipynb").unlink()
    (course / "solutions" / "00_setup.ipynb").rename(course / "solutions" / "02_setup.ipynb")
    (course / "exercises" / "00_setup.ipynb").unlink()
    write(shown)
    with pytest.raises(ExerciseError, match="shows lines"):
        sync(course)
