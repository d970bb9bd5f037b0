"""What `check` makes of answers, findings and errors; no engine is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stagelab.builds import parse
from stagelab.errors import BuildCancelled, BuildFailed, EngineUnreachable, StagelabError
from stagelab.exercise import checking
from stagelab.exercise.attempt import Attempt
from stagelab.exercise.checking import check
from stagelab.exercise.meanings import meaning
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting
from stagelab.exercise.tasks import TASKS
from tests.unit.exercise.conftest import ANSWER, Write, code

TEXT = "FROM scratch\nCOPY main.go \\\n  /\n"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, course: Path) -> Callable[..., list[object]]:
    """Check TEXT against requirements that look as given."""
    assert course.is_dir()

    def judge(*looks: Callable[[Attempt], Found], text: str = TEXT) -> list[object]:
        requirements = tuple(Requirement(f"R{n}.", look) for n, look in enumerate(looks))
        task = Task("00-1", "T", "First.", requirements, ("h",), app="go-hello")
        monkeypatch.setattr(checking, "find", lambda _task: task)
        verdict = check("00-1", text)
        assert verdict.started
        return list(verdict.requirements)

    return judge


def raising(error: StagelabError) -> Callable[[Attempt], Found]:
    def look(_attempt: Attempt) -> Found:
        raise error

    return look


@pytest.mark.parametrize("answer", [None, "", "\n\n", "# FROM scratch\n", "   # only this"])
@pytest.mark.parametrize("task", TASKS)
def test_an_empty_answer_is_not_yet(course: Path, task: str, answer: str | None) -> None:
    assert course.is_dir()
    verdict = check(task, answer)
    assert not verdict.started
    assert not verdict.passed
    assert not verdict
    assert verdict.advice == TASKS[task].first
    assert [outcome.ok for outcome in verdict.requirements] == [None] * len(verdict.requirements)


def test_the_starter_is_not_yet_however_it_is_spaced(write: Write) -> None:
    write(code(ANSWER, "00-1"))
    assert not check("00-1", "FROM scratch\n# Copy main.go.\n").started
    assert not check("00-1", "\n# a comment\nfrom   scratch").started


def test_findings_name_the_line_and_the_instruction(judged: Callable[..., list[object]]) -> None:
    instruction = parse(TEXT).instructions[1]
    good, bad = judged(
        lambda _: met("It is."), lambda _: unmet("it is not.", at=instruction, detail="words")
    )
    assert good == checking.Outcome("R0.", ok=True, feedback="It is.")
    assert bad == checking.Outcome(
        "R1.", ok=False, feedback="Line 2, `COPY main.go /`: it is not.", line=2, detail="words"
    )


def test_the_same_fault_is_told_once(judged: Callable[..., list[object]]) -> None:
    error = BuildFailed("It broke.", fix="Mend it.")
    outcomes = judged(raising(error), raising(error), lambda _: unmet("x"), lambda _: unmet("x"))
    assert [outcome.ok for outcome in outcomes] == [False, None, False, None]  # type: ignore[attr-defined]


def test_the_same_fault_in_other_words_of_the_engine_is_told_once(
    judged: Callable[..., list[object]],
) -> None:
    outcomes = judged(lambda _: unmet("x", detail="one"), lambda _: unmet("x", detail="two"))
    assert [outcome.ok for outcome in outcomes] == [False, None]  # type: ignore[attr-defined]


def test_what_cannot_be_looked_at_yet_is_to_do(judged: Callable[..., list[object]]) -> None:
    (outcome,) = judged(lambda _: waiting())
    assert outcome == checking.Outcome(
        "R0.", None, "Not looked at yet: this needs what failed above."
    )


def test_a_base_that_is_not_there_is_named_in_place_of_the_cause(
    judged: Callable[..., list[object]],
) -> None:
    error = BuildFailed("The build failed.", fix="See.", detail="base name () should not be blank")
    (outcome,) = judged(raising(error), text="FROM ${A}\n")
    assert outcome.line == 1  # type: ignore[attr-defined]
    assert outcome.feedback.startswith("Line 1, `FROM ${A}`: the base image is '': a ")  # type: ignore[attr-defined]


def test_a_failed_build_tells_line_cause_fix_log_and_meaning(
    judged: Callable[..., list[object]],
) -> None:
    error = BuildFailed(
        "The command ended.",
        fix="Read the log.",
        detail="exit code: 1",
        line=3,
        log="go: go.mod file not found in current directory",
    )
    (outcome,) = judged(raising(error))
    assert outcome == checking.Outcome(
        "R0.",
        ok=False,
        feedback="Line 2, `COPY main.go   /`: The command ended. Read the log. "
        + meaning("go: go.mod file not found"),
        line=3,
        detail="go: go.mod file not found in current directory\nexit code: 1",
    )


def test_a_line_that_only_the_cause_names_is_taken_from_there(
    judged: Callable[..., list[object]],
) -> None:
    (outcome,) = judged(raising(BuildFailed("Line 2: no such stage.", fix="Name it.")))
    assert outcome.line == 2  # type: ignore[attr-defined]
    assert outcome.feedback == "Line 2: no such stage. Name it."  # type: ignore[attr-defined]


def test_what_is_not_the_answers_fault_is_not_held_against_it(
    judged: Callable[..., list[object]],
) -> None:
    error = EngineUnreachable("No answer.", fix="Start it.", detail="refused")
    first, second = judged(raising(error), raising(error))
    assert first == checking.Outcome(
        "R0.", None, "This is not about your answer. No answer. Start it.", detail="refused"
    )
    assert second.ok is None  # type: ignore[attr-defined]


def test_an_attempt_makes_things_once_and_keeps_its_errors() -> None:
    attempt = Attempt(TASKS["00-1"], TEXT)
    made: list[int] = []
    assert attempt.once("a", lambda: made.append(1) or 5) == 5
    assert attempt.once("a", lambda: made.append(1) or 6) == 5
    assert made == [1]
    error = BuildFailed("x", fix="y")
    raised = []
    for _ in range(2):
        with pytest.raises(BuildFailed) as caught:
            attempt.once("b", lambda: raising(error)(attempt))
        raised.append(caught.value)
    assert raised[0] is raised[1] is error


def test_an_attempt_follows_the_stages_that_it_starts_from() -> None:
    attempt = Attempt(TASKS["00-1"], "FROM a AS one\nRUN x\nFROM b\nFROM one\nRUN y\nRUN z\n")
    assert [stage.index for stage in attempt.chain] == [2, 0]
    assert [i.value for i in attempt._lineage()] == ["x", "y", "z"]
    assert str(attempt.instruction("RUN")) == "RUN z"
    assert attempt.instruction("COPY") is None
    itself = Attempt(TASKS["00-1"], "FROM alpine AS alpine\n")
    assert [stage.base for stage in itself.chain] == ["alpine"]


@given(text=st.text(alphabet="FROMCOPY scratch.\\\n\t$#<-={}\"'[]", max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_makes_it_raise_before_the_engine_is_asked(text: str) -> None:
    attempt = Attempt(TASKS["02-1"], text)
    for requirement in TASKS["02-1"].requirements[:2]:
        assert requirement.look(attempt).words
    assert checking._untouched(TASKS["02-1"], text) in {True, False}


def test_who_interrupts_gets_no_verdict(judged: Callable[..., list[object]]) -> None:
    with pytest.raises(BuildCancelled):
        judged(raising(BuildCancelled("Stopped.", fix="Build again.")))
