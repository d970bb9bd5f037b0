"""Hints are about what the last answer lacks; solutions about how to get there."""

from __future__ import annotations

import pytest

from stagelab.errors import ExerciseError
from stagelab.exercise import Hint, Outcome, Verdict, hint, progress, solution
from stagelab.exercise.last import CHECKED, Checked
from stagelab.exercise.tasks import TASKS, find

from .conftest import ANSWER, REASONING, Write, code, markdown


def checked(task: str, states: str, text: str = "FROM scratch\n") -> None:
    """Pretend that an answer was checked: + is met, - is not, the rest was not looked at."""
    requirements = find(task).requirements
    outcomes = tuple(
        Outcome(each.text, {"+": True, "-": False}.get(state))
        for each, state in zip(requirements, states.ljust(len(requirements)), strict=True)
    )
    CHECKED[task] = Checked(text, Verdict(task, "T", started=True, requirements=outcomes))


def test_before_an_answer_the_hints_are_about_the_task() -> None:
    given = [hint("03-1") for _ in range(4)]
    assert [each.number for each in given] == [1, 2, 3, 3]
    assert [each.text for each in given[:3]] == list(find("03-1").hints)
    assert {each.about for each in given} == {""}


def test_hints_follow_what_the_answer_lacks() -> None:
    task = find("03-1")
    checked("03-1", "++-")
    first = hint("03-1")
    assert (first.text, first.about) == (task.requirements[2].hints[0], task.requirements[2].text)
    assert hint("03-1").text == task.requirements[2].hints[1]
    checked("03-1", "+-")
    assert hint("03-1").text == task.requirements[1].hints[0]
    checked("03-1", "++-")
    assert hint("03-1").text == task.requirements[2].hints[2]  # where one had left off


def test_an_answer_that_does_not_build_gets_the_tasks_hints() -> None:
    checked("03-1", "-")
    assert hint("03-1").text == find("03-1").hints[0]


def test_an_answer_that_passed_needs_none() -> None:
    checked("03-1", "+" * len(find("03-1").requirements))
    given = hint("03-1")
    assert (given.number, given.count) == (0, 0)
    assert str(given).startswith("No hint needed for exercise 03-1")


def test_hints_taken_are_noted_once_each() -> None:
    for _ in range(5):
        hint("03-1")
    assert next(task.hints for task in progress().tasks if task.task == "03-1") == 3


def test_an_unknown_task_has_no_hint() -> None:
    with pytest.raises(ExerciseError, match="no task"):
        hint("99-9")


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_three_hints_for_every_lack(task: str) -> None:
    found = find(task)
    assert len(found.hints) == 3
    for requirement in found.requirements[1:]:
        assert len(requirement.hints) in {0, 3}, requirement.text
    own = [requirement for requirement in found.requirements if requirement.hints]
    # What does not build is the task's own matter; all else has hints of its own.
    assert len(own) >= len(found.requirements) - 1, [
        r.text for r in found.requirements if not r.hints
    ]


@pytest.mark.parametrize("lesson", sorted({task[:2] for task in TASKS}))
def test_a_lesson_has_two_to_four_tasks(lesson: str) -> None:
    assert 2 <= len([task for task in TASKS if task[:2] == lesson]) <= 4


def test_a_hint_names_what_it_is_about() -> None:
    shown = Hint("03-1", 1, 3, "Use `COPY`.", "It builds.")
    assert str(shown) == "Hint 1 of 3 for exercise 03-1\n  About: It builds.\n  Use `COPY`."
    assert ">COPY</code>" in shown._repr_mimebundle_()["text/html"]


def test_a_solution_shows_what_leads_to_it(write: Write) -> None:
    write(code(ANSWER, "00-1"), markdown(REASONING, "00-1"))
    assert solution("00-1").diff == ""
    checked("00-1", "-", text="FROM scratch\nCOPY . /\n")
    shown = solution("00-1")
    assert shown.passed is False
    assert shown.diff.splitlines()[:3] == [" FROM scratch", "-COPY . /", "+COPY main.go /"]
    assert "From your answer to this one" in str(shown)
    page = shown._repr_mimebundle_()["text/html"]
    assert "-COPY . /" in page
    assert "+COPY main.go /" in page


def test_an_answer_can_be_given_to_the_solution(write: Write) -> None:
    write(code(ANSWER, "00-1"))
    assert "-ADD x /" in solution("00-1", "FROM scratch\nADD x /\n").diff
    assert solution("00-1", "FROM scratch\nADD x /\n").passed is None


def test_an_answer_that_passed_is_said_to_be_right_too(write: Write) -> None:
    write(code(ANSWER, "00-1"))
    checked("00-1", "+" * len(find("00-1").requirements), text="FROM scratch\nADD x /\n")
    assert "Yours passed as well." in str(solution("00-1"))


def test_looking_at_a_solution_is_noted(write: Write) -> None:
    write(code(ANSWER, "00-1"))
    solution("00-1")
    assert next(task.solved for task in progress().tasks if task.task == "00-1")


def test_a_line_of_dashes_is_a_line_as_others_are(write: Write) -> None:
    write(code(ANSWER, "00-1"))
    yours = "FROM scratch\nRUN \\\n--mount=type=cache,target=/x \\\ntrue\n"
    assert "---mount=type=cache,target=/x \\" in solution("00-1", yours).diff.splitlines()
