"""`check` accepts every right answer and tells each wrong one what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from stagelab.bases import Base
from stagelab.engine import tidy
from stagelab.exercise import Verdict, check, course_root, record
from stagelab.exercise.answers import SOLUTIONS, read_answer
from stagelab.exercise.progressing import note_prediction
from stagelab.exercise.tasks import TASKS
from tests.engine.answers import BUILDER, LABEL, RUNTIME, Wrong, right, wrong
from tests.engine.answers.lesson04 import REPORT

RIGHT = right()
WRONG = wrong()

FEWEST_RIGHT = 2  # beside the reference
FEWEST_WRONG = 5


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a learner who has made every prediction that a task asks for."""
    path = tmp_path_factory.mktemp("predicted") / "progress.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(record.VARIABLE, str(path))
        for task in TASKS:
            note_prediction(task, "It will be seen.")
    return path.read_bytes()


@pytest.fixture(autouse=True)
def _predictions(progress_file: Path, predicted: bytes) -> None:
    progress_file.write_bytes(predicted)


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert {"golang", "alpine", "debian"} <= set(bases)
    yield
    tidy()


def first_fault(verdict: Verdict) -> tuple[str, int | None]:
    fault = next(outcome for outcome in verdict.requirements if outcome.ok is False)
    return f"{fault.feedback}\n{fault.detail}", fault.line


@pytest.mark.parametrize("task", TASKS)
def test_the_reference_is_right(task: str) -> None:
    answer = read_answer(task, course_root() / SOLUTIONS)
    assert answer is not None
    verdict = check(task, answer.reference)
    assert verdict.passed, str(verdict)


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        pytest.param(task, answer, id=f"{task}-{number}")
        for task, answers in RIGHT.items()
        for number, answer in enumerate(answers)
    ],
)
def test_other_right_answers_are_right(task: str, answer: str) -> None:
    verdict = check(task, answer)
    assert verdict.passed, str(verdict)


@pytest.mark.parametrize(
    ("task", "wrong"),
    [
        pytest.param(task, wrong, id=f"{task}-{number}")
        for task, answers in WRONG.items()
        for number, wrong in enumerate(answers)
    ],
)
def test_wrong_answers_are_told_what_is_wrong(task: str, wrong: Wrong) -> None:
    verdict = check(task, wrong.answer)
    assert verdict.started
    assert not verdict.passed
    words, line = first_fault(verdict)
    assert wrong.phrase in words
    assert line == wrong.line, words
    if line is not None:
        assert f"Line {line}" in words


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_wrong_and_right_answers(task: str) -> None:
    assert len(WRONG[task]) >= FEWEST_WRONG
    assert len(RIGHT[task]) >= FEWEST_RIGHT


def test_a_prediction_is_asked_for_and_not_scored() -> None:
    record.forget()
    answer = read_answer("01-2", course_root() / SOLUTIONS)
    assert answer is not None
    before = check("01-2", answer.reference)
    assert [outcome.ok for outcome in before.requirements] == [False, True, True, True, True]
    note_prediction("01-2", "whatever")
    assert check("01-2", answer.reference).passed


def test_a_mount_keeps_the_token_out_too(client: docker.DockerClient) -> None:
    verdict = check(
        "04-1",
        "FROM alpine:3.22\nWORKDIR /app\n"
        "RUN --mount=type=bind,target=/work mkdir /tmp/w && cd /tmp/w && cp /work/* . && "
        "sh fetch.sh && sha256sum archive.bin > /app/report.txt && rm -rf /tmp/w\n" + REPORT,
        client=client,
    )
    assert verdict.passed, str(verdict)


def test_what_follows_from_a_failed_build_is_not_held_against_the_answer() -> None:
    verdict = check("03-1", BUILDER.replace("go build", "go bulid") + RUNTIME)
    assert [outcome.ok for outcome in verdict.requirements] == [False, None, None, None, None]
    assert "go bulid: unknown command" in verdict.requirements[0].detail


def test_a_stand_in_without_apk_is_named(bases: dict[str, Base]) -> None:
    verdict = check("03-2", BUILDER + RUNTIME.replace("WORKDIR", "RUN apk add gcompat\nWORKDIR"))
    told = "This alpine is a stand-in without apk." in verdict.requirements[0].feedback
    assert told == (bases["alpine"].kind == "stand-in")


def test_a_stage_without_its_name_is_one_fault() -> None:
    verdict = check("02-1", f"ARG GO_VERSION=1.27\n{BUILDER}".replace(" AS builder", ""))
    assert [outcome.ok for outcome in verdict.requirements] == [False, None, None, None]
    assert "this stage has no name" in verdict.requirements[0].feedback


def test_a_keyword_mistyped_is_named_if_no_stage_is_there() -> None:
    verdict = check("02-1", BUILDER.replace("FROM", "FORM"))
    assert [outcome.ok for outcome in verdict.requirements] == [False, None, False, None]
    assert "Did you mean FROM?" in verdict.requirements[2].feedback


def test_a_base_without_tag_is_named_with_its_line() -> None:
    verdict = check("02-1", "ARG GO_VERSION\n" + BUILDER.replace("1.27", "$GO_VERSION"))
    built = verdict.requirements[2]
    assert (built.ok, built.line) == (False, 2)
    assert "the base image is 'golang:': a variable in it has no value" in built.feedback


def test_a_file_in_the_wrong_place_is_one_fault() -> None:
    verdict = check("00-1", f"FROM scratch\nCOPY main.go /src/\n{LABEL}")
    assert [outcome.ok for outcome in verdict.requirements] == [True, False, None, True]


def test_the_cage_is_named_where_it_keeps_a_program_from_writing() -> None:
    verdict = check("01-1", 'FROM golang:1.27\nWORKDIR /app\nCOPY . .\nCMD ["go", "run", "."]\n')
    assert "compile in the build (RUN go build)" in verdict.requirements[2].feedback


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("exec ./myapp", "The engine starts a shell, and `exec` puts your program in its place."),
        ('["sh", "-c", "./myapp"]', "This list starts a shell, and the shell your program."),
    ],
)
def test_every_way_through_a_shell_is_told_as_it_is(start: str, words: str) -> None:
    verdict = check("03-1", BUILDER + RUNTIME.replace('["./myapp"]', start))
    assert [outcome.ok for outcome in verdict.requirements] == [True, True, True, True, False]
    assert words in verdict.requirements[4].feedback


def test_the_image_carries_the_tasks_tag_and_label(client: docker.DockerClient) -> None:
    assert check("00-1", f"FROM scratch\nCOPY main.go /\n{LABEL}").passed
    image = client.images.get("stagelab/exercise-00-1")
    assert image.labels["org.stagelab.task"] == "00-1"
    assert image.labels["org.stagelab.course"] == "1"
