"""How far a learner has come."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from stagelab.errors import ExerciseError
from stagelab.exercise import Outcome, Verdict, progress
from stagelab.exercise.progressing import (
    TaskProgress,
    note_check,
    note_hint,
    note_prediction,
    note_quiz,
    note_solution,
)
from stagelab.exercise.quizzes import QUIZZES
from stagelab.exercise.tasks import TASKS


def verdict(*, ok: bool) -> Verdict:
    return Verdict("03-1", "Write", started=True, requirements=(Outcome("It builds.", ok),))


def of(task: str) -> TaskProgress:
    return next(each for each in progress().tasks if each.task == task)


def test_nothing_is_done_at_first() -> None:
    seen = progress()
    assert [task.task for task in seen.tasks] == list(TASKS)
    assert [quiz.quiz for quiz in seen.quizzes] == list(QUIZZES)
    assert seen.passed == 0
    assert seen.kept


def test_the_first_answer_that_passes_counts_whatever_comes_after() -> None:
    for ok in (False, True, False):
        note_check(verdict(ok=ok))
    found = of("03-1")
    assert (found.tries, found.passed) == (3, date.today().isoformat())  # noqa: DTZ011 - a learner's day is the local one
    assert progress().passed == 1


def test_a_solution_seen_after_passing_is_no_matter() -> None:
    note_solution("03-2")
    note_check(verdict(ok=True))
    note_solution("03-1")
    assert (of("03-1").solved, of("03-2").solved) == (False, True)


def test_the_first_prediction_and_the_first_choice_count() -> None:
    note_prediction("03-1", "all")
    note_prediction("03-1", "none")
    note_hint("03-1")
    assert (of("03-1").predicted, of("03-1").hints) == ("all", 1)
    name = next(iter(QUIZZES))
    note_quiz(name, right=False)
    note_quiz(name, right=True)
    quiz = next(each for each in progress().quizzes if each.quiz == name)
    assert (quiz.answered, quiz.right) == (True, False)


def test_a_line_for_a_lesson_and_a_table_for_the_course() -> None:
    note_check(verdict(ok=True))
    note_check(Verdict("03-2", "Make", started=True, requirements=(Outcome("It runs.", ok=False),)))
    line = str(progress("03"))
    assert line.startswith("Exercise 03: ✓ 03-1 passed  ! 03-2 not yet, 1 check")
    assert line.endswith(f"1 of {len(TASKS)} tasks of the course passed")
    table = str(progress()).splitlines()
    assert table[0].split()[0] == "lesson"
    assert any(re.match(r"03 +✓ passed", row) for row in table)
    assert "✓</b>&nbsp;03-1 passed" in progress("03")._repr_mimebundle_()["text/html"]
    assert "<table" in progress()._repr_mimebundle_()["text/html"]


def test_plain_values_for_json() -> None:
    note_check(verdict(ok=True))
    told = progress().to_dict()
    assert told["passed"] == 1
    assert {"task", "title", "tries", "passed", "hints", "solved", "predicted"} == set(
        told["tasks"][0]
    )


def test_an_unknown_lesson_is_named() -> None:
    with pytest.raises(ExerciseError, match="no lesson '77'"):
        progress("77")


def test_a_file_that_someone_wrote_into_is_read_with_patience(progress_file: Path) -> None:
    progress_file.write_text(
        '{"version": 1, "tasks": {"03-1": {"tries": "many", "passed": null}, "99-9": {}}}'
    )
    assert (of("03-1").tries, of("03-1").passed) == (0, "")
