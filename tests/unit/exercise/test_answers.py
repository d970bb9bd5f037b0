"""References, starters and hints; the course's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagelab.errors import ExerciseError
from stagelab.exercise import context, course_root, hint, solution
from stagelab.exercise.answers import read_answer
from stagelab.exercise.course import sample_app
from stagelab.exercise.hints import _GIVEN
from stagelab.exercise.tasks import TASKS, find
from tests.unit.exercise.conftest import ANSWER, REASONING, Write, code, markdown

REFERENCE = 'FROM scratch\nCOPY main.go /\nLABEL org.opencontainers.image.title="One"\n'


def test_a_solution_comes_from_the_notebook(write: Write) -> None:
    write(markdown(REASONING), code("setup"), code(ANSWER, "00-1"), markdown(REASONING, "00-1"))
    shown = solution("00-1")
    assert shown.dockerfile == f"{REFERENCE}LABEL two=three\n"
    assert shown.reasoning == "Because."
    assert shown.title == TASKS["00-1"].title


def test_the_starter_comes_from_the_notebook_too(course: Path, write: Write) -> None:
    write(code(ANSWER, "00-1"))
    answer = read_answer("00-1", course / "solutions")
    assert answer is not None
    assert answer.starter == "FROM scratch\n# Copy main.go.\n"
    assert read_answer("01-1", course / "solutions") is None


def test_a_solution_that_is_not_there_is_an_error(course: Path) -> None:
    assert course.is_dir()
    with pytest.raises(ExerciseError, match="holds the solution of task 00-1"):
        solution("00-1")


def test_unknown_tasks_are_errors_with_a_suggestion() -> None:
    for asked in (hint, solution, context, find):
        with pytest.raises(ExerciseError) as caught:
            asked("03-9")
        assert "Did you mean '03-" in caught.value.fix
        assert "00-1" in caught.value.fix


def test_hints_come_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_GIVEN, "03-1", 0)
    given = [hint("03-1") for _ in range(4)]
    assert [each.number for each in given] == [1, 2, 3, 3]
    assert {each.count for each in given} == {3}
    assert [each.text for each in given[:3]] == list(TASKS["03-1"].hints)


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_tasks_are_well_formed(task: object) -> None:
    found = next(each for each in TASKS.values() if each is task)
    assert TASKS[found.id] is found
    assert 1 <= len(found.hints) <= 3
    texts = [requirement.text for requirement in found.requirements]
    assert len(texts) == len(set(texts))
    assert all(text.endswith((".", ".)", found.title, "program.")) for text in texts)
    assert (found.app is None) == bool(found.files)


def test_a_tasks_own_files_are_made_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path))
    task = TASKS["04-1"]
    folder = task.context()
    assert sorted(path.name for path in folder.iterdir()) == sorted(task.files)
    (folder / "fetch.sh").write_text("exit 1")
    assert (task.context() / "fetch.sh").read_text() == task.files["fetch.sh"]


def test_a_tasks_context_is_its_own_folder_or_the_sample_apps(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGELAB_HOME", str(course / "home"))
    folder = context("04-1")
    assert sorted(path.name for path in folder.iterdir()) == ["fetch.sh", "token.txt"]
    assert "is missing or has no line token=" in (folder / "fetch.sh").read_text()
    assert context("01-1") == course / "sample-apps" / "go-hello"


def test_the_course_is_found_from_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAGELAB_COURSE", raising=False)
    below = tmp_path / "exercises" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    with pytest.raises(ExerciseError) as caught:
        course_root()
    assert "STAGELAB_COURSE" in caught.value.fix
    (tmp_path / "sample-apps").mkdir()
    assert course_root() == tmp_path
    with pytest.raises(ExerciseError, match="no sample-apps/go-hello"):
        sample_app("go-hello")


def test_the_variable_names_the_course(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert course_root() == course
    assert sample_app("go-hello").name == "go-hello"
    monkeypatch.setenv("STAGELAB_COURSE", str(course / "solutions"))
    with pytest.raises(ExerciseError, match="no folder 'sample-apps' in it"):
        course_root()
