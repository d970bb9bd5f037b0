"""Streams of the classic builder, decoded."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from stagelab.builds.classic import ClassicDecoder
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


def decoded(stream: Stream) -> tuple[ClassicDecoder, list[Event]]:
    events: list[Event] = []
    decoder = ClassicDecoder(stream.source, stream.target, events.append)
    for line in stream.lines:
        decoder.feed(line)
    decoder.finish(stream.error)
    return decoder, events


def seen(decoder: ClassicDecoder) -> list[tuple[str | None, str, int | None]]:
    return [(step.stage, step.instruction.split()[0], step.line) for step in decoder.steps()]


def test_every_instruction_is_a_step_and_the_labels_of_the_request_are_none(stream: Read) -> None:
    decoder, _ = decoded(stream("classic-two-stages"))
    assert seen(decoder) == [
        (None, "ARG", 1),
        ("builder", "FROM", 2),
        ("builder", "WORKDIR", 3),
        ("builder", "COPY", 4),
        ("builder", "RUN", 6),
        ("stage-1", "FROM", 10),
        ("stage-1", "WORKDIR", 11),
        ("stage-1", "COPY", 12),
        ("stage-1", "CMD", 13),
    ]
    run = decoder.steps()[4]
    assert run.log == "compiled\n"
    assert not run.cached
    assert not any(step.log for step in decoder.steps() if step != run)


def test_made_images_are_those_of_the_steps_but_no_base(stream: Read) -> None:
    read = stream("classic-two-stages")
    decoder, _ = decoded(read)
    made = decoder.made_images()
    # Two WORKDIR, two COPY, RUN and CMD, and the two LABEL of the request, of which the first
    # leaves an image that does not carry both labels.
    assert len(made) == len(set(made)) == 8
    printed = "".join(str(line.get("stream", "")) for line in read.lines)
    assert all(f" ---> {image}\n" in printed for image in made)
    (base,) = set(re.findall(r"FROM alpine:\S+(?: AS builder)?\n ---> (\w+)", printed))
    assert base not in made


def test_a_second_build_is_cached_and_made_nothing(stream: Read) -> None:
    decoder, events = decoded(stream("classic-cached"))
    carried_out = [s for s in decoder.steps() if s.instruction.split()[0] not in {"ARG", "FROM"}]
    assert len(carried_out) == 6
    assert all(step.cached for step in carried_out)
    assert decoder.made_images() == ()
    assert (
        sum(isinstance(e, StepCached) for e in events if isinstance(e, StepCached | StepCompleted))
        == 8  # the two FROM, whose images were here, as well
    )


def test_each_step_starts_once_and_ends_once(stream: Read) -> None:
    for name in ("two-stages", "cached", "single", "unnamed", "failure", "target"):
        decoder, events = decoded(stream(f"classic-{name}"))
        started = [e.key for e in events if isinstance(e, StepStarted)]
        ended = [e.key for e in events if isinstance(e, StepCached | StepCompleted | StepFailed)]
        assert started == ended == [str(n) for n in range(1, len(decoder.steps()) + 1)], name


def test_times_are_in_order(stream: Read) -> None:
    decoder, _ = decoded(stream("classic-two-stages"))
    moments = [t for step in decoder.steps() for t in (step.started, step.completed)]
    assert None not in moments
    assert moments == sorted(moments)  # type: ignore[type-var]


def test_unnamed_stages(stream: Read) -> None:
    decoder, _ = decoded(stream("classic-unnamed"))
    assert [(stage, line) for stage, word, line in seen(decoder) if word == "COPY"] == [
        ("stage-1", 5),
        ("stage-2", 8),
    ]


def test_a_target_ends_the_build_but_skips_nothing_before_it(stream: Read) -> None:
    decoder, _ = decoded(stream("classic-target"))
    assert [s for s, word, _ in seen(decoder) if word == "RUN"] == ["builder", "tests", "runtime"]


def test_a_failed_step(stream: Read) -> None:
    decoder, events = decoded(stream("classic-failure"))
    *before, failed = decoder.steps()
    assert not any(step.error for step in before)
    assert (failed.stage, failed.line) == ("builder", 3)
    assert failed.log == "trying\nno such thing\n"
    assert "non-zero code: 3" in failed.error
    assert isinstance(events[-1], StepFailed)


def test_logs_are_observed_as_they_come(stream: Read) -> None:
    _, events = decoded(stream("classic-failure"))
    assert [e.text for e in events if isinstance(e, StepLog)] == ["trying\n", "no such thing\n"]


@pytest.mark.parametrize(
    "words",
    [
        "Successfully built wheel-1.0\n",
        "Successfully tagged the release with a name\n",
        "Removing intermediate container files\n",
        " ---> arrow\n",
        "--> made by hand\n",
        "Stepping 1/2 : no\n",
    ],
)
def test_what_a_program_prints_stays_in_its_log(words: str) -> None:
    decoder = ClassicDecoder(parse("FROM a\nRUN b\n"), None, lambda _: None)
    for text in (
        "Step 1/2 : FROM a",
        "\n",
        " ---> 0123456789ab\n",
        "Step 2/2 : RUN b",
        "\n",
        words,
    ):
        decoder.feed({"stream": text})
    decoder.finish()
    assert decoder.steps()[1].log == words


def test_the_wording_of_podman() -> None:
    decoder = ClassicDecoder(parse("FROM a\nRUN b\nRUN c\n"), None, lambda _: None)
    for text in (
        "STEP 1/3: FROM a\n",
        "STEP 2/3: RUN b\n",
        "--> Using cache 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
        "--> 0123456789ab\n",
        "STEP 3/3: RUN c\n",
        "out\n",
        "--> 0123456789ac\n",
    ):
        decoder.feed({"stream": text})
    decoder.finish()
    steps = decoder.steps()
    assert [(s.instruction, s.line, s.cached, s.log) for s in steps] == [
        ("FROM a", 1, True, ""),
        ("RUN b", 2, True, ""),
        ("RUN c", 3, False, "out\n"),
    ]


def test_lines_that_are_no_text_are_left_alone() -> None:
    decoder = ClassicDecoder(parse("FROM a\n"), None, lambda _: None)
    decoder.feed({"aux": {"ID": "sha256:1"}})
    decoder.feed({"status": "Pulling", "progressDetail": {}})
    decoder.finish("an error before the first step")
    assert decoder.steps() == ()


def test_a_base_counts_as_cached_if_it_was_here() -> None:
    source = parse("FROM a\nRUN b\n")
    pulled = {"status": "Downloading", "id": "5f", "progressDetail": {"current": 1, "total": 2}}
    for between, cached in (([], True), ([pulled], False)):
        decoder = ClassicDecoder(source, None, lambda _: None)
        for line in ({"stream": "Step 1/2 : FROM a"}, *between, {"stream": "Step 2/2 : RUN b"}):
            decoder.feed(line)
        decoder.finish()
        assert [step.cached for step in decoder.steps()] == [cached, False]
