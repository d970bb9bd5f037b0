"""From the engine's words to cause and cure; the words are those of real engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stagelab.builds.buildkit import BuildKitDecoder
from stagelab.builds.classic import ClassicDecoder
from stagelab.builds.dockerfile import parse
from stagelab.builds.explain import LOG_LINES, failure
from stagelab.builds.facts import Step
from stagelab.errors import BuildError, BuildFailed, OptionUnsupported
from tests.unit.builds.conftest import Stream

TEXT = """FROM golang:1.27 AS builder
WORKDIR /app
COPY . .
RUN go build \\
    -o myapp
FROM alpine:3.22
COPY --from=bulider /app/myapp .
"""


def explained(
    error: str, *, text: str = TEXT, line: int | None = None, log: str = "", **more: str
) -> BuildError:
    step = Step("builder", "RUN x", line, log=log, error=error) if line else None
    return failure(error, source=parse(text), step=step, target=more.get("target"))


def of_stream(stream: Stream) -> BuildFailed:
    step: Step | None
    if stream.lines[0].get("id"):
        trace = BuildKitDecoder(stream.source, lambda _: None)
        for line in stream.lines:
            trace.feed(line)
        step = trace.failed(stream.error)
    else:
        classic = ClassicDecoder(stream.source, stream.target, lambda _: None)
        for line in stream.lines:
            classic.feed(line)
        classic.finish(stream.error)
        step = next(step for step in classic.steps() if step.error)
    found = failure(stream.error, source=stream.source, step=step)
    assert isinstance(found, BuildFailed)
    return found


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_command_that_failed(stream: Callable[[str], Stream], builder: str) -> None:
    read = stream(f"{builder}-failure")
    error = of_stream(read)
    assert (error.stage, error.line) == ("builder", 3)
    assert error.step == 'RUN echo "trying" && echo "no such thing" >&2 && exit 3'
    assert error.log == "trying\nno such thing"
    assert "exit code 3" in error.cause
    assert error.cause.startswith("Line 3, ")
    assert error.detail == read.error


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_file_that_is_not_in_the_context(stream: Callable[[str], Stream], builder: str) -> None:
    error = of_stream(stream(f"{builder}-missing-file"))
    assert error.line == 3
    assert error.step == "COPY missing.txt /"
    assert "not where it looks" in error.cause
    assert ".dockerignore" in error.fix


@pytest.mark.parametrize(
    "words",
    [
        "COPY failed: stat etc/nowhere: file does not exist",
        "COPY failed: file not found in build context or excluded by .dockerignore: stat x: file "
        "does not exist",
        'failed to compute cache key: "/nowhere" not found: not found',
        'failed to compute cache key: failed to calculate checksum of ref 1::2: "/x": not found',
        "ADD failed: no source files were specified",
    ],
)
def test_a_missing_file_in_every_wording(words: str) -> None:
    assert "not where it looks" in explained(words, line=3).cause


def test_the_one_of_two_parallel_stages_that_failed(stream: Callable[[str], Stream]) -> None:
    error = of_stream(stream("buildkit-parallel-failure"))
    assert (error.stage, error.line, error.log) == ("right", 5, "right fails")


@pytest.mark.parametrize(
    "words",
    [
        "dockerfile parse error line 3: unknown instruction: CPOY",
        "failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile "
        "parse error line 3: unknown instruction: CPOY",
        "dockerfile parse error on line 3: unknown instruction: CPOY (did you mean COPY?)",
    ],
)
def test_an_unknown_instruction(words: str) -> None:
    error = explained(words, text="FROM a\nWORKDIR /b\nCPOY . .\n")
    assert isinstance(error, BuildFailed)
    assert error.cause == "CPOY is no Dockerfile instruction."
    assert "COPY" in error.fix
    assert (error.line, error.step, error.stage) == (3, "CPOY . .", "stage-0")


def test_an_unknown_instruction_that_is_like_none() -> None:
    error = explained("dockerfile parse error line 1: unknown instruction: XYZZY", text="XYZZY\n")
    assert "Dockerfile reference" in error.fix


def test_a_heredoc_that_the_engine_takes_for_instructions() -> None:
    error = explained(
        "dockerfile parse error line 3: unknown instruction: ECHO",
        text="FROM a\nRUN <<EOF\necho b\nEOF\n",
    )
    assert "heredoc" in error.cause
    assert isinstance(error, BuildFailed)
    assert (error.line, error.step) == (3, "RUN <<EOF")


def test_a_buildkit_feature_on_the_classic_builder() -> None:
    words = "the --mount option requires BuildKit. Refer to https://docs.docker.com/ to learn how"
    error = explained(words, line=4)
    assert isinstance(error, OptionUnsupported)
    assert "only BuildKit has" in error.cause
    assert 'builder="buildkit"' in error.fix


@pytest.mark.parametrize(
    "words",
    [
        "failed to reach build target bulider in Dockerfile",
        "target stage bulider could not be found",
        'target stage "bulider" could not be found',
    ],
)
def test_a_target_that_is_no_stage(words: str) -> None:
    error = explained(words, target="bulider")
    assert error.cause == "The Dockerfile has no stage named 'bulider'."
    assert "builder, stage-1" in error.fix


@pytest.mark.parametrize(
    "words",
    [
        "invalid from flag value bulider: pull access denied for bulider, repository does not "
        "exist",
        "failed to solve with frontend dockerfile.v0: failed to create LLB definition: failed "
        'to do request: Head "https://registry/v2/library/bulider/manifests/latest": no such host',
        "docker.io/library/bulider:latest: not found",
    ],
)
def test_a_mistyped_stage(words: str) -> None:
    error = explained(words)
    assert error.cause.startswith("Line 7: no stage is named 'bulider'")
    assert "--from=builder" in error.fix


def test_an_image_is_no_mistyped_stage() -> None:
    text = "FROM a AS builder\nCOPY --from=busybox /bin/sh /\n"
    error = explained("pull access denied for busybox", text=text)
    assert "no stage is named" not in error.cause
    assert error.cause.startswith("Line 2 takes from 'busybox': that is no stage here")
    assert "write its name: builder. If an image is meant" in error.fix


@pytest.mark.parametrize(
    "words",
    [
        'failed to do request: Head "https://registry/v2/library/bulider/manifests/latest": dial '
        "tcp: lookup registry on 10.0.0.1:53: no such host",
        "pull access denied for bulider, repository does not exist or may require 'docker login'",
    ],
)
def test_a_mistyped_stage_in_from(words: str) -> None:
    text = "FROM golang:1.27 AS builder\nFROM bulider AS tests\nFROM alpine:3.22 AS bulder\n"
    error = explained(words, text=text)
    assert error.cause.startswith("Line 2: no stage above is named 'bulider'")
    assert error.fix == "Write FROM builder; the stages above are builder."


def test_a_base_is_no_mistyped_stage() -> None:
    text = "FROM golang:1.27 AS builder\nFROM busybox\n"
    assert "no stage" not in explained("pull access denied for busybox", text=text).cause
    # a stage below, and one's own name, are none that FROM could mean
    text = "FROM bilder AS builder\nFROM golang:1.27 AS bulder\n"
    assert "no stage" not in explained("pull access denied for bilder", text=text).cause


def test_a_mount_from_a_mistyped_stage() -> None:
    text = "FROM a AS builder\nFROM a\nRUN --mount=type=bind,from=bulider,target=/b true\n"
    error = explained("pull access denied for bulider", text=text)
    assert error.cause.startswith("Line 3: no stage is named 'bulider'")
    assert "from=builder" in error.fix


@pytest.mark.parametrize(
    "words",
    [
        "pull access denied for golnag, repository does not exist or may require 'docker login'",
        "docker.io/library/golnag:1.27: not found",
        "dial tcp: lookup registry.example on 10.0.0.1:53: no such host",
        "toomanyrequests: You have reached your pull rate limit",
    ],
)
def test_a_base_that_cannot_be_had(words: str) -> None:
    error = explained(words, text="FROM golnag:1.27\n", line=1)
    assert "base image" in error.cause
    assert "stagelab bases" in error.fix


def test_no_space() -> None:
    error = explained("write /var/lib/x: no space left on device", line=4)
    assert "no disk space" in error.cause


def test_no_shell() -> None:
    words = (
        "OCI runtime create failed: container_linux.go:380: starting container process caused: "
        'exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown'
    )
    assert "needs a shell" in explained(words, line=4).cause
    by_log = explained("executor failed running [/bin/sh -c x]: exit code: 1", line=4, log=words)
    assert "needs a shell" in by_log.cause


@pytest.mark.parametrize(
    "words",
    [
        "executor failed running [/bin/sh -c go build]: exit code: 2",
        'process "/bin/sh -c go build" did not complete successfully: exit code: 2',
        "The command '/bin/sh -c go build' returned a non-zero code: 2",
    ],
)
def test_exit_codes_in_every_wording(words: str) -> None:
    error = explained(words, line=4)
    assert error.cause == (
        "Line 4, `RUN go build -o myapp`, ran, and its command ended with exit code 2."
    )
    assert isinstance(error, BuildFailed)
    assert error.step == "RUN go build     -o myapp"


def test_words_that_nobody_knows() -> None:
    error = explained("the moon is full")
    assert error.cause == "The build failed."
    assert error.detail == "the moon is full"


def test_the_logs_end_only() -> None:
    error = explained("exit code: 1", line=4, log="".join(f"{n}\n" for n in range(50)))
    assert isinstance(error, BuildFailed)
    assert error.log.splitlines() == [str(n) for n in range(50 - LOG_LINES, 50)]
    assert "The log's end:" in str(error)


def test_a_line_inside_a_continued_instruction_names_it_as_a_whole() -> None:
    error = explained("Dockerfile:5\n--------\nERROR: failed to solve: strange")
    assert isinstance(error, BuildFailed)
    assert (error.line, error.stage) == (5, "builder")
    assert str(error.step).startswith("RUN go build")


def test_an_engine_that_looks_for_the_context_on_the_network() -> None:
    # 26.1 with the containerd image store
    found = explained(
        'failed to read downloaded context: failed to load cache key: Get "http://build-context-'
        'r5g2nrscv2nxikbyun0tiux6a": dial tcp: lookup build-context-r5g2nrscv2nxikbyun0tiux6a on '
        "10.255.255.53:53: no such host"
    )
    assert "containerd image store" in found.cause
    assert "base image" not in found.cause
    assert "Unix socket" in found.fix
