"""Streams of BuildKit, decoded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stagelab.builds.buildkit import BuildKitDecoder
from stagelab.builds.dockerfile import parse
from stagelab.builds.events import (
    Event,
    StepCached,
    StepCompleted,
    StepFailed,
    StepLog,
    StepStarted,
)
from tests.unit.builds.conftest import Stream

Read = Callable[[str], Stream]


def decoded(stream: Stream) -> tuple[BuildKitDecoder, list[Event]]:
    events: list[Event] = []
    decoder = BuildKitDecoder(stream.source, events.append)
    for line in stream.lines:
        decoder.feed(line)
    return decoder, events


def seen(decoder: BuildKitDecoder) -> list[tuple[str | None, str, int | None]]:
    return [(step.stage, step.instruction.split()[0], step.line) for step in decoder.steps()]


def test_steps_have_their_stage_and_line(stream: Read) -> None:
    read = stream("buildkit-two-stages")
    decoder, _ = decoded(read)
    # Both stages' WORKDIR is the same work, which BuildKit does once, as that of the first.
    assert sorted(seen(decoder), key=lambda step: step[2] or 0) == [
        ("builder", "FROM", 2),
        ("builder", "WORKDIR", 3),
        ("builder", "COPY", 4),
        ("builder", "RUN", 6),
        ("stage-1", "COPY", 12),
    ]
    run = next(step for step in decoder.steps() if step.instruction.startswith("RUN"))
    assert run.log == "compiled\n"
    assert run.seconds > 0.01
    assert not run.cached


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("[ 2/12] RUN echo one", "many"),
        ("[many  2/12] RUN echo one", "many"),
        ("[linux/amd64 many   2/102] RUN echo one", "many"),
        ("[many 2/2] RUN echo one", "many"),
    ],
)
def test_numbers_that_are_padded(name: str, stage: str) -> None:
    source = parse("FROM alpine:3.22 AS many\nRUN echo one\n")
    assert BuildKitDecoder(source, lambda _: None)._place(name) == (stage, "RUN echo one", 2)


def test_internal_work_is_no_step_but_is_known(stream: Read) -> None:
    decoder, events = decoded(stream("buildkit-two-stages"))
    assert not any("internal" in step.instruction for step in decoder.steps())
    names = [vertex.name for vertex in decoder.vertices]
    assert "[internal] load build context" in names
    assert "exporting to image" in names
    assert not any("internal" in e.instruction for e in events if isinstance(e, StepStarted))


def test_a_second_build_is_cached(stream: Read) -> None:
    decoder, events = decoded(stream("buildkit-cached"))
    assert len(decoder.steps()) == 5
    assert all(step.cached for step in decoder.steps())
    assert all(step.seconds == 0.0 for step in decoder.steps())
    assert [step.line for step in decoder.steps()] == [2, 3, 4, 6, 12]
    assert all(
        isinstance(e, StepCached) for e in events if isinstance(e, StepCached | StepCompleted)
    )


def test_each_step_starts_once_and_ends_once(stream: Read) -> None:
    for name in ("two-stages", "cached", "single", "unnamed", "failure", "target"):
        decoder, events = decoded(stream(f"buildkit-{name}"))
        started = [e.key for e in events if isinstance(e, StepStarted)]
        ended = [e.key for e in events if isinstance(e, StepCached | StepCompleted | StepFailed)]
        assert len(started) == len(set(started)) == len(decoder.steps()), name
        assert sorted(ended) == sorted(started), name
        for key in started:
            mine = [e for e in events if e.key == key]
            assert isinstance(mine[0], StepStarted), name
            assert isinstance(mine[-1], StepCached | StepCompleted | StepFailed), name


def test_logs_are_observed_as_they_come(stream: Read) -> None:
    _, events = decoded(stream("buildkit-two-stages"))
    assert [e.text for e in events if isinstance(e, StepLog)] == ["compiled\n"]


def test_a_single_unnamed_stage(stream: Read) -> None:
    decoder, _ = decoded(stream("buildkit-single"))
    assert seen(decoder) == [("stage-0", "FROM", 1), ("stage-0", "RUN", 2)]


def test_unnamed_stages_that_start_from_scratch(stream: Read) -> None:
    decoder, _ = decoded(stream("buildkit-unnamed"))
    assert sorted(seen(decoder), key=lambda step: step[2] or 0) == [
        ("stage-0", "FROM", 1),
        ("stage-0", "RUN", 2),
        ("stage-1", "COPY", 5),
        ("stage-2", "COPY", 8),
    ]


def test_a_target_leaves_stages_out(stream: Read) -> None:
    decoder, _ = decoded(stream("buildkit-target"))
    assert {stage for stage, *_ in seen(decoder)} == {"builder", "runtime"}
    runtime = next(step for step in decoder.steps() if step.stage == "runtime")
    assert runtime.line == 8


def test_a_failed_step(stream: Read) -> None:
    read = stream("buildkit-failure")
    decoder, events = decoded(read)
    failed = decoder.failed(read.error)
    assert failed is not None
    assert (failed.stage, failed.line) == ("builder", 3)
    assert failed.log == "trying\nno such thing\n"
    assert [type(e) for e in events].count(StepFailed) == 1


def test_the_cancelled_sibling_is_not_blamed(stream: Read) -> None:
    read = stream("buildkit-parallel-failure")
    decoder, _ = decoded(read)
    assert len([step for step in decoder.steps() if step.error]) == 2
    failed = decoder.failed(read.error)
    assert failed is not None
    assert (failed.stage, failed.line, failed.log) == ("right", 5, "right fails\n")


def test_a_sibling_is_not_blamed_either_when_the_words_differ(stream: Read) -> None:
    decoder, _ = decoded(stream("buildkit-parallel-failure"))
    failed = decoder.failed("some other words")
    assert failed is not None
    assert failed.stage == "right"


def test_the_streams_error_says_which_step_failed(stream: Read) -> None:
    decoder, _ = decoded(stream("buildkit-parallel-failure"))
    (left,) = [step for step in decoder.steps() if step.error and step.stage == "left"]
    assert decoder.failed(f"failed to solve: {left.error}") == left


def test_no_step_failed(stream: Read) -> None:
    decoder, _ = decoded(stream("buildkit-two-stages"))
    assert decoder.failed("no space left on device") is None


def test_other_lines_of_the_stream_are_left_alone() -> None:
    decoder = BuildKitDecoder(parse("FROM a\n"), lambda _: None)
    decoder.feed({"id": "moby.image.id", "aux": {"ID": "sha256:1"}})
    decoder.feed({"error": "x"})
    assert decoder.vertices == ()


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("[build 1/3] FROM docker.io/library/x", ("build", 1)),
        ("[build 2/3] RUN a", ("build", 2)),
        ("[linux/amd64 build 3/3] COPY b c", ("build", 5)),
        ("[build 3/3] COPY expanded c", ("build", 5)),
        ("[build 2/4] RUN of a base with ONBUILD", ("build", None)),
        ("[build 3/3] RUN of another Dockerfile: 2/2", ("build", None)),
        # under the name that an earlier build gave
        ("[build 2/9] RUN a", ("build", 2)),
        ("[elsewhere 2/9] COPY  b c", ("build", 5)),
        ("[2/9] ADD d e", ("stage-1", 7)),
        ("[final 1/1] RUN a", ("build", 2)),
        ("[elsewhere 1/2] FROM docker.io/library/x:latest@sha256:0123", ("build", 1)),
        ("[stage-1 1/1] ADD d e", ("stage-1", 7)),
        ("[final 1/1] WORKDIR /x", ("final", 9)),
        ("[elsewhere 1/1] RUN x", ("elsewhere", None)),
    ],
)
def test_places(name: str, place: tuple[str, int | None]) -> None:
    text = "FROM x AS build\nRUN a\n\nENV e=f\nCOPY b c\nFROM scratch\nADD d e\n"
    text += "FROM build AS final\nWORKDIR /x\n"
    decoder = BuildKitDecoder(parse(text), lambda _: None)
    found = decoder._place(name)
    assert found is not None
    assert (found[0], found[2]) == place


@pytest.mark.parametrize(
    "name", ["[internal] load build context", "copy /context /", "exporting to image"]
)
def test_what_is_no_step(name: str) -> None:
    assert BuildKitDecoder(parse("FROM a\n"), lambda _: None)._place(name) is None


def test_a_base_that_several_stages_share_belongs_to_none() -> None:
    decoder = BuildKitDecoder(parse("FROM a\nFROM a\n"), lambda _: None)
    assert decoder._place("FROM docker.io/library/a") == (None, "FROM docker.io/library/a", None)
