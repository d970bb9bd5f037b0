"""What newer engines' own checks of the Dockerfile say, and other words of newer engines."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from stagelab.builds.buildkit import BuildKitDecoder
from stagelab.builds.events import (
    Event,
    StepCached,
    StepCompleted,
    StepFailed,
    StepLog,
    StepProgress,
    StepStarted,
    Warned,
)
from stagelab.builds.explain import failure
from stagelab.builds.masking import Masker
from stagelab.builds.trace import Trace, _StatusResponse
from tests.unit.builds.conftest import Stream

Read = Callable[[str], Stream]


def decoded(stream: Stream) -> tuple[BuildKitDecoder, list[Event]]:
    events: list[Event] = []
    decoder = BuildKitDecoder(stream.source, events.append)
    for line in stream.lines:
        decoder.feed(line)
    return decoder, events


def test_rules_are_told_with_name_line_and_page(stream: Read) -> None:
    decoder, events = decoded(stream("buildkit-28-warnings"))
    assert [(w.rule, w.line) for w in decoder.warnings] == [
        ("StageNameCasing", 1),
        ("MaintainerDeprecated", 2),
        ("LegacyKeyValueFormat", 3),
        ("WorkdirRelativePath", 4),
        ("ConsistentInstructionCasing", 7),
        ("NoEmptyContinuation", 11),
        ("JSONArgsRecommended", 12),
    ]
    first = decoder.warnings[0]
    assert first.message == "Stage name 'Builder' should be lowercase"
    assert first.url.endswith("/stage-name-casing/")
    assert first.detail == "Stage names should be lowercase"
    told = [event.warning for event in events if isinstance(event, Warned)]
    assert sorted(w.rule for w in told) == sorted(w.rule for w in decoder.warnings)
    assert len(told) == len(set(told)), "each once"


def test_a_warning_of_an_older_parser_has_no_rule(stream: Read) -> None:
    (warning,) = decoded(stream("buildkit-26-warnings"))[0].warnings
    assert (warning.rule, warning.line) == ("", 11)
    assert warning.message.startswith("Empty continuation line found in: RUN")


def test_older_engines_warn_of_nothing(stream: Read) -> None:
    assert decoded(stream("buildkit-two-stages"))[0].warnings == ()


@pytest.mark.parametrize("name", ["28-containerd", "28-single-cache-mount", "28-warnings"])
def test_steps_of_a_newer_engine_have_their_lines(stream: Read, name: str) -> None:
    read = stream(f"buildkit-{name}")
    steps = decoded(read)[0].steps()
    assert len(steps) >= 2
    for step in steps:
        assert step.line is not None
        keyword = read.text.splitlines()[step.line - 1].split()[0].upper()
        assert step.instruction.startswith(keyword)
        assert step.stage is not None


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("28-failure", 3, "exit code 7"),
        ("28-missing-file", 3, "not where it looks"),
        ("28-secret", 2, "requires the secret 'x'"),
        ("28-mistyped-stage", None, "no stage is named 'bulider'"),
        ("28-containerd-mistyped-stage", None, "no stage is named 'bulider'"),
    ],
)
def test_failures_of_a_newer_engine(stream: Read, name: str, line: int | None, words: str) -> None:
    read = stream(f"buildkit-{name}")
    decoder, _ = decoded(read)
    error = failure(read.error, source=read.source, step=decoder.failed(read.error))
    assert words in error.cause
    if line is not None:
        assert getattr(error, "line", None) == line


# messages made by hand, of what the captured streams do not hold


def made(**fields: object) -> str:
    return base64.b64encode(_StatusResponse(**fields).SerializeToString()).decode()


def vertex(**fields: object) -> dict[str, object]:
    return {"digest": "d", "name": "[1/2] FROM docker.io/library/alpine:3.22", **fields}


START, END = {"seconds": 100}, {"seconds": 103}


def test_bytes_that_are_moved_are_told_while_the_step_runs(stream: Read) -> None:
    events: list[Event] = []
    decoder = BuildKitDecoder(stream("buildkit-single").source, events.append)
    moved = {"vertex": "d", "ID": "sha256:aa", "current": 5, "total": 10}
    for message in (
        made(statuses=[moved]),  # before its step has begun: of nobody
        made(vertexes=[vertex(started=START)], statuses=[moved]),
        made(statuses=[{**moved, "name": "extracting", "current": 10}]),
        made(vertexes=[vertex(started=START, completed=END)]),
        made(statuses=[moved]),  # and after its end
    ):
        decoder.feed({"id": "moby.buildkit.trace", "aux": message})
    assert events == [
        StepStarted("d", "stage-0", "FROM docker.io/library/alpine:3.22", 1, 100.0),
        StepProgress("d", "sha256:aa", 5, 10),
        StepProgress("d", "sha256:aa", 10, 10),
        StepCompleted("d", 103.0),
    ]


def test_start_log_and_end_in_one_message_are_told_in_that_order(stream: Read) -> None:
    events: list[Event] = []
    decoder = BuildKitDecoder(stream("buildkit-single").source, events.append)
    one = made(
        vertexes=[vertex(started=START, completed=END, error="exit code: 1")],
        logs=[{"vertex": "d", "msg": b"printed"}],
    )
    decoder.feed({"id": "moby.buildkit.trace", "aux": one})
    assert [type(event) for event in events] == [StepStarted, StepLog, StepFailed]
    assert not [event for event in events if isinstance(event, StepCached)]


def test_a_character_and_a_secret_that_are_cut_in_two() -> None:
    trace = Trace(Masker([b"s3cr\xc3\xa4t"]))
    for piece in (b"\xe2\x98", b"\x83 s3c", b"r\xc3", b"\xa4t s3cr"):
        trace.feed(made(logs=[{"vertex": "d", "msg": piece}]))
    update = trace.feed(made(vertexes=[vertex(started=START, completed=END, error="s3crät")]))
    assert str(trace.vertices["d"].log) == "\N{SNOWMAN} ***** s3cr"
    assert update.logs == (("d", "s3cr"),)
    assert trace.vertices["d"].error == "*****"
