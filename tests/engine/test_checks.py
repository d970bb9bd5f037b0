"""`check` accepts every right answer and tells each wrong one what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import docker
import pytest

from stagelab.bases import Base
from stagelab.engine import tidy
from stagelab.exercise import Verdict, check, course_root
from stagelab.exercise.answers import SOLUTIONS, read_answer
from stagelab.exercise.tasks import TASKS, lesson04

BUILDER = """\
FROM golang:1.27 AS builder
WORKDIR /app
COPY . .
RUN go build -o myapp
"""
RUNTIME = """\
FROM alpine:3.22
WORKDIR /app
COPY --from=builder /app/myapp .
ENTRYPOINT ["./myapp"]
"""
LABEL = 'LABEL org.opencontainers.image.title="One"\n'
WORK = """\
FROM alpine:3.22 AS work
WORKDIR /app
COPY . .
RUN sh fetch.sh
RUN sha256sum archive.bin > report.txt
"""
RECORDER = """\
FROM golang:1.27 AS record
RUN find /usr/local/go -type f -exec sha256sum {} + > /toolchain.sha256
"""
SHIPS_BOTH = """\
FROM alpine:3.22
COPY --from=builder /app/myapp /usr/local/bin/myapp
COPY --from=record /toolchain.sha256 /toolchain.sha256
ENTRYPOINT ["myapp"]
"""
VETTED = """\
FROM golang:1.27 AS checks
WORKDIR /app
COPY . .
RUN go vet ./... && touch /passed
"""
REPORT = 'CMD ["cat", "/app/report.txt"]\n'


@dataclass(frozen=True)
class Wrong:
    """A wrong answer: where its first fault is, and the words that tell."""

    answer: str
    phrase: str
    line: int | None


RIGHT = {
    "00-1": (
        f"FROM scratch\nADD main.go /main.go\n{LABEL}",
        f'FROM scratch AS one\nCOPY ["main.go", "/"]\nFROM one\n{LABEL}',
    ),
    "01-1": (
        'FROM golang:1.27\nWORKDIR /app\nADD . /app/\nRUN go build -o hi .\nCMD ["/app/hi"]\n',
        "FROM golang:1.27\nWORKDIR /src\nCOPY . .\nRUN go build -o /app/hello\n"
        "ENTRYPOINT /app/hello\n",
    ),
    "02-1": (
        "ARG GO_VERSION=1.27\nFROM golang:$GO_VERSION as builder\nWORKDIR /src\n"
        "COPY main.go go.mod ./\nRUN go build -o /app/myapp .\n",
        "# the version\nARG GO_VERSION=1.27\nFROM golang:${GO_VERSION:-1.27} AS toolchain\n"
        "FROM toolchain AS builder\nCOPY . /app\nRUN cd /app && go build -o myapp\n"
        "FROM scratch\nCOPY --from=builder /app/myapp /\n",
    ),
    "03-1": (
        f"{BUILDER}FROM scratch\nCOPY --from=builder /app/myapp /myapp\n" + 'CMD ["/myapp"]\n',
        BUILDER.replace(" AS builder", "")
        + "FROM debian:trixie-slim\nCOPY --from=0 /app/myapp /usr/local/bin/hello\n"
        + 'ENTRYPOINT ["hello"]\n',
    ),
    "03-2": (
        BUILDER.replace("WORKDIR", "ENV CGO_ENABLED=0\nWORKDIR") + RUNTIME,
        BUILDER.replace("build -o", "build -tags netgo,osusergo -o") + RUNTIME,
        BUILDER.replace("build -o", "build -ldflags '-linkmode external -extldflags -static' -o")
        + RUNTIME.replace('["./myapp"]', '["/app/myapp"]').replace("ENTRYPOINT", "CMD"),
    ),
    "04-1": (
        f"{WORK}FROM alpine:3.22\nCOPY --from=0 /app/report.txt /app/report.txt\n{REPORT}",
        "FROM debian:trixie-slim AS work\nCOPY . /w\nWORKDIR /w\n"
        "RUN sh fetch.sh && sha256sum archive.bin > /report\n"
        'FROM debian:trixie-slim\nCOPY --from=work /report /\nENTRYPOINT ["cat", "/report"]\n',
    ),
    "06-1": (
        RECORDER + BUILDER + SHIPS_BOTH,
        "FROM golang:1.27 AS toolchain\n"
        + BUILDER.replace("golang:1.27", "toolchain")
        + RECORDER.replace("golang:1.27", "toolchain")
        + SHIPS_BOTH,
        BUILDER
        + RECORDER
        + "FROM scratch\nCOPY --from=0 /app/myapp /\nCOPY --from=1 /toolchain.sha256 /\n"
        + 'CMD ["/myapp"]\n',
    ),
    "06-2": (
        VETTED
        + BUILDER
        + RUNTIME.replace("ENTRYPOINT", "COPY --from=checks /passed /\nENTRYPOINT"),
        BUILDER.replace("RUN go", "RUN go vet . && go") + RUNTIME,
        VETTED + BUILDER.replace("golang:1.27", "checks") + RUNTIME,
    ),
}

WRONG = {
    "00-1": (
        Wrong(f"FROM scratch\nCOPY . /\n{LABEL}", "besides /main.go the image holds /go.mod", 2),
        Wrong(f"FROM scratch\nCOPY Main.go /\n{LABEL}", "not where it looks for it", 2),
        Wrong(f"FROM scratch\nCOPY main.go /src/\n{LABEL}", "this put the file at /src", 2),
        Wrong(f"FROM alpine:3.22\nCOPY main.go /\n{LABEL}", "starts from another one", 1),
        Wrong("FROM scratch\nCOPY main.go /\n", "There is no LABEL", None),
        Wrong("FROM scratch\nCOPY main.go /\nLABEL title=One\n", "this sets another label", 3),
        Wrong(f"FROM scratch\n{LABEL}", "There is no /main.go in the image", None),
    ),
    "01-1": (
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY main.go .\nRUN go build -o myapp\n"
            'CMD ["./myapp"]\n',
            "`go build` finds no go.mod",
            4,
        ),
        Wrong(
            'FROM golang:1.27\nCOPY . .\nRUN go build -o myapp\nENTRYPOINT ["./myapp"]\n',
            "Without WORKDIR",
            None,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\n"
            'ENTRYPOINT ["myapp"]\n',
            'It is at /app/myapp: write ["./myapp"] or ["/app/myapp"]',
            5,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\nCMD myapp\n",
            "The shell does not find `myapp`. It is at /app/myapp: write ./myapp or /app/myapp",
            5,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\n"
            "ENTRYPOINT ['./myapp']\n",
            "it needs double quotes. Docker took this line for a shell command",
            5,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nRUN go build -o myapp\nCOPY . .\n"
            'ENTRYPOINT ["./myapp"]\n',
            "`go build` finds no go.mod",
            3,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nENTRYPOINT go run .\n",
            "this starts /usr/local/go/bin/go, a tool of the base image",
            4,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\n",
            "neither ENTRYPOINT nor CMD",
            None,
        ),
        Wrong("FORM golang:1.27\nWORKDIR /app\n", "Did you mean FROM?", 1),
    ),
    "02-1": (
        Wrong(
            "ARG GO_VERSION=1.27\nFROM golang:${GO_VERSION} AS build\nWORKDIR /app\nCOPY . .\n"
            "RUN go build -o myapp\n",
            "the name here is build.",
            2,
        ),
        Wrong(BUILDER, "whatever GO_VERSION is", 1),
        Wrong(
            "FROM golang:1.27 AS builder\nARG GO_VERSION=1.27\nWORKDIR /app\nCOPY . .\n"
            "RUN go build -o myapp\n",
            "this ARG belongs to its stage",
            2,
        ),
        Wrong(
            "ARG GO_VERSION\nFROM golang:${GO_VERSION} AS builder\nWORKDIR /app\nCOPY . .\n"
            "RUN go build -o myapp\n",
            "without a build argument the base is 'golang:'",
            2,
        ),
        Wrong(
            "ARG GO_VERSION=1.27\nFROM golang:${GO_VERSION} AS builder\nWORKDIR /app\nCOPY . .\n"
            "RUN go build\n",
            "the program is /app/go-hello",
            5,
        ),
        Wrong(
            "ARG GO_VERSION=1.27\nFROM golang:${GO_VERSION} AS builder\nWORKDIR /app\nCOPY . .\n",
            "There is no /app/myapp",
            None,
        ),
    ),
    "03-1": (
        Wrong(
            BUILDER + 'ENTRYPOINT ["./myapp"]\n',
            "starts from here and holds the Go toolchain",
            1,
        ),
        Wrong(
            BUILDER + 'RUN rm -rf /usr/local/go main.go\nENTRYPOINT ["./myapp"]\n',
            "only from view",
            5,
        ),
        Wrong(BUILDER + RUNTIME.replace("=builder", "=bulider"), "no stage is named 'bulider'", 7),
        Wrong(BUILDER + RUNTIME.replace("/app/myapp .", "/app ."), "/app/main.go", 7),
        Wrong(
            BUILDER + RUNTIME.replace('["./myapp"]', "./myapp"),
            "The engine starts a shell, and the",
            8,
        ),
        Wrong(BUILDER + RUNTIME.replace("./myapp", "/myapp"), "The program is at /app/myapp", 8),
        Wrong(
            BUILDER + RUNTIME.replace("COPY --from=builder /app/myapp .\n", ""),
            "no such file is in the image",
            7,
        ),
        Wrong(
            BUILDER + RUNTIME.replace("alpine:3.22", "scratch").replace('["./myapp"]', "./myapp"),
            "this starts a shell, and `/bin/sh` is not in this image: scratch has no tools. Write "
            '["./myapp"]',
            8,
        ),
        Wrong(BUILDER + "FROM alpine:3.22\n", "neither ENTRYPOINT nor CMD", None),
        Wrong(
            BUILDER + RUNTIME.replace("--from=builder /app/myapp", "myapp"),
            "not where it looks for it",
            7,
        ),
    ),
    "03-2": (
        Wrong(
            BUILDER + RUNTIME.replace("WORKDIR", "ENV CGO_ENABLED=0\nWORKDIR"),
            "after the program was built",
            6,
        ),
        Wrong(
            BUILDER.replace("RUN go", "RUN export CGO_ENABLED=0\nRUN go") + RUNTIME,
            "a shell of its own",
            4,
        ),
        Wrong(
            "ARG CGO_ENABLED=0\n" + BUILDER + RUNTIME,
            "not seen inside the stages",
            1,
        ),
        Wrong(
            BUILDER + RUNTIME.replace("alpine:3.22", "debian:trixie-slim"), "keep FROM alpine", 5
        ),
        Wrong(BUILDER + RUNTIME, "so that it needs no loader", 4),
        Wrong(
            BUILDER.replace("RUN go", "RUN CGO_ENABLED=0 go")
            + RUNTIME.replace('["./myapp"]', "./myapp; echo ended"),
            "did not end when the engine asked it to",
            8,
        ),
    ),
    "04-1": (
        Wrong(
            "FROM alpine:3.22\nWORKDIR /app\nCOPY . .\n"
            "RUN sh fetch.sh && sha256sum archive.bin > report.txt && rm archive.bin token.txt\n"
            + REPORT,
            "the layer of this instruction holds the token, even if no container sees it",
            3,
        ),
        Wrong(
            WORK.replace(" AS work", "") + "RUN rm archive.bin\n" + REPORT,
            "this hides /app/archive.bin",
            6,
        ),
        Wrong(
            f"{WORK}FROM alpine:3.22\nCOPY --from=work /app /app\n{REPORT}",
            "the image that ships holds /app/archive.bin",
            7,
        ),
        Wrong(
            "FROM alpine:3.22\nWORKDIR /app\nCOPY fetch.sh .\n"
            f"RUN echo token={lesson04.TOKEN} > token.txt && sh fetch.sh && "
            "sha256sum archive.bin > report.txt && rm archive.bin token.txt\n" + REPORT,
            "in the image's history or settings",
            4,
        ),
        Wrong(
            WORK.replace("COPY . .", "COPY fetch.sh .") + "FROM alpine:3.22\n"
            f"COPY --from=work /app/report.txt /app/\n{REPORT}",
            "token.txt is missing or has no line token=",
            4,
        ),
        Wrong(
            f"{WORK}FROM scratch\nCOPY --from=work /app/report.txt /app/report.txt\n{REPORT}",
            "`cat` is not in this image: scratch has no tools",
            8,
        ),
    ),
    "06-1": (
        Wrong(
            BUILDER + RECORDER.replace("golang:1.27", "builder") + LABEL + SHIPS_BOTH,
            "stage 'record' rests on stage 'builder', so it waits for all of it",
            5,
        ),
        Wrong(
            RECORDER
            + BUILDER.replace("RUN", "COPY --from=record /etc/os-release /x\nRUN")
            + SHIPS_BOTH,
            "stage 'builder' rests on stage 'record'",
            6,
        ),
        Wrong(
            BUILDER
            + "RUN find /usr/local/go -type f -exec sha256sum {} + > /toolchain.sha256\n"
            + SHIPS_BOTH.replace("--from=record", "--from=builder"),
            "program and record come from one stage",
            6,
        ),
        Wrong(
            BUILDER
            + RECORDER.replace("golang:1.27", "alpine:3.22").replace("/usr/local/go", "/etc")
            + SHIPS_BOTH,
            "it does not list /usr/local/go/bin/go",
            6,
        ),
        Wrong(
            BUILDER
            + RECORDER.replace("/toolchain.sha256", "/record")
            + SHIPS_BOTH.replace("/toolchain.sha256 /toolchain.sha256", "/record /record"),
            "There is no /toolchain.sha256",
            7,
        ),
        Wrong(BUILDER + SHIPS_BOTH, "base image", None),
    ),
    "06-2": (
        Wrong(VETTED + BUILDER + RUNTIME, "the last stage does not rest on this stage", 4),
        Wrong(BUILDER + RUNTIME, "no instruction calls it", None),
        Wrong(
            VETTED.replace("vet ./... &&", "vet ./... ;")
            + BUILDER.replace("RUN", "COPY --from=checks /passed /\nRUN")
            + RUNTIME,
            "went into the image",
            4,
        ),
        Wrong(
            VETTED.replace(" && touch /passed", "")
            + BUILDER.replace("RUN", "COPY --from=checks /passed /\nRUN")
            + RUNTIME,
            "not where it looks for it",
            8,
        ),
        Wrong(
            VETTED + 'RUN go build -o myapp\nENTRYPOINT ["./myapp"]\n',
            "holds the Go toolchain",
            1,
        ),
    ),
}


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
    assert len(WRONG[task]) >= 3
    assert len(RIGHT[task]) >= 2


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
