"""Timelines of builds that are made by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.builds import Build, Stage, Step
from stagelab.builds.timeline import Timeline, timeline
from stagelab.errors import BuildError

NOON = 1_700_000_000.0


@dataclass(frozen=True)
class Image:
    """As much of an SDK image as a build needs here."""

    id: str = "sha256:0123456789abcdef"


def step(
    stage: str | None, start: float | None, end: float | None, *, cached: bool = False
) -> Step:
    """A step at seconds past noon."""
    times = [None if time is None else NOON + time for time in (start, end)]
    return Step(stage, f"RUN {stage}", 1, *times, cached=cached)


def made(*steps: Step, stages: str = "a b c", skipped: str = "", seconds: float = 60.0) -> Build:
    return Build(
        image=Image(),
        builder="buildkit",
        tag=None,
        target=None,
        stages=tuple(
            Stage(name, at, "alpine:3.22", at + 1, tuple(s for s in steps if s.stage == name),
                  ran=name not in skipped.split())
            for at, name in enumerate(stages.split())
        ),
        steps=steps,
        log="",
        context_bytes=0,
        seconds=seconds,
        dockerfile="",
        bases=(),
    )  # fmt: skip


PARALLEL = made(
    step("a", 10.0, 12.0),
    step("a", 12.5, 15.0),
    step("b", 11.0, 13.0),
    step("b", 13.0, 14.0),
    step("d", 15.0, 16.0),
    stages="a b c d",
    skipped="c",
)


# what is where


def test_bars_begin_with_the_first_step() -> None:
    found = timeline(PARALLEL)
    assert [(bar.stage, bar.start, bar.end) for bar in found.bars] == [
        ("a", 0.0, 2.0),
        ("a", 2.5, 5.0),
        ("b", 1.0, 3.0),
        ("b", 3.0, 4.0),
        ("d", 5.0, 6.0),
    ]
    assert found.seconds == (6.0,)
    assert found.bars[1].seconds == 2.5
    assert (found.bars[0].instruction, found.bars[0].line) == ("RUN a", 1)


def test_lanes_have_the_order_of_the_dockerfile_and_skipped_stages() -> None:
    lanes = timeline(PARALLEL).lanes
    assert [(lane.stage, lane.state, len(lane.bars)) for lane in lanes] == [
        ("a", "ran", 2),
        ("b", "ran", 2),
        ("c", "skipped", 0),
        ("d", "ran", 1),
    ]


def test_steps_of_no_stage_come_first_and_are_no_stage() -> None:
    found = timeline(made(step(None, 0.0, 2.0), step("a", 1.0, 3.0), stages="a"))
    assert [lane.stage for lane in found.lanes] == [None, "a"]
    assert found.busy(None) == 2.0
    assert found.overlap(None, "a") == 1.0
    assert found.parallel_seconds == (0.0,)


def test_bars_of_a_lane_are_in_the_order_of_time() -> None:
    (lane,) = timeline(made(step("a", 5.0, 6.0), step("a", 0.0, 1.0), stages="a")).lanes
    assert [bar.start for bar in lane.bars] == [0.0, 5.0]


def test_builds_each_begin_at_zero() -> None:
    later = made(step("a", 500.0, 503.0), stages="a")
    found = timeline(PARALLEL, later)
    assert found.seconds == (6.0, 3.0)
    assert [bar.start for bar in found.bars if bar.build == 1] == [0.0]
    assert [lane.stage for lane in found.lanes_of(1)] == ["a"]
    assert (found.busy("a", 0), found.busy("a", 1)) == (4.5, 3.0)
    assert found.parallel_seconds == (2.5, 0.0)


# what ran when


def test_overlap_is_what_both_ran() -> None:
    found = timeline(PARALLEL)
    assert found.running("a") == ((0.0, 2.0), (2.5, 5.0))
    assert found.running("b") == ((1.0, 4.0),)
    assert found.overlap("a", "b") == found.overlap("b", "a") == 1.0 + 1.5
    assert found.overlap("a", "c") == 0.0
    assert found.overlap("a", "a") == found.busy("a") == 4.5


def test_parallel_time_counts_once_however_many_run() -> None:
    three = made(step("a", 0.0, 4.0), step("b", 1.0, 3.0), step("c", 2.0, 5.0))
    found = timeline(three)
    assert found.parallel() == ((1.0, 4.0),)
    assert found.parallel_seconds == (3.0,)


def test_one_after_another() -> None:
    found = timeline(PARALLEL)
    assert found.before("a", "d")
    assert found.overlap("a", "d") == 0.0
    assert not found.before("d", "a")
    assert not found.before("b", "a")
    assert not found.before("a", "c"), "a stage that did not run is not later"


def test_cached_steps_do_not_run() -> None:
    found = timeline(
        made(
            step("a", 0.0, 5.0),
            step("b", 0.0, 2.0, cached=True),
            step("b", 4.0, 6.0),
            stages="a b",
        )
    )
    assert found.overlap("a", "b") == 1.0
    assert found.running("b") == ((4.0, 6.0),)
    (cached,) = [bar for bar in found.bars if bar.cached]
    assert (cached.start, cached.end, cached.seconds) == (2.0, 2.0, 0.0)


def test_a_build_that_was_all_cached() -> None:
    found = timeline(made(*(step(s, 1.0, 1.0, cached=True) for s in "abc")))
    assert [lane.state for lane in found.lanes] == ["cached"] * 3
    assert found.seconds == found.parallel_seconds == (0.0,)
    assert found.overlap("a", "b") == found.busy("a") == 0.0


def test_steps_without_times_are_at_the_beginning() -> None:
    found = timeline(
        made(step("a", None, None, cached=True), step("b", 3.0, None), step("b", 3.0, 4.0))
    )
    assert [(bar.start, bar.end) for bar in found.bars] == [(0.0, 0.0), (0.0, 0.0), (0.0, 1.0)]
    assert timeline(made(step("a", None, None), stages="a")).seconds == (0.0,)
    assert timeline(made(stages="a")).seconds == (0.0,)


def test_times_of_an_earlier_build_do_not_count() -> None:
    # A base that builds share keeps the times of the first of them.
    found = timeline(
        made(
            step("a", 0.0, 0.0, cached=True),
            step("a", 100.0, 101.0),
            step("b", 99.0, 102.0),
            stages="a b",
            seconds=3.5,
        )
    )
    assert [(bar.start, bar.end) for bar in found.bars] == [(0.0, 0.0), (1.0, 2.0), (0.0, 3.0)]
    assert found.seconds == (3.0,)


def test_a_step_that_another_build_began_counts_from_the_beginning() -> None:
    found = timeline(made(step("a", 0.0, 100.0), step("b", 98.0, 101.0), stages="a b", seconds=4.0))
    assert found.running("a") == ((0.0, 2.0),)
    assert found.overlap("a", "b") == 2.0


SECONDS = st.integers(0, 12)
SPANS = st.lists(st.tuples(SECONDS, SECONDS).map(sorted), max_size=4)


@given(st.tuples(SPANS, SPANS, SPANS))
def test_the_sums_are_those_of_counted_seconds(spans: tuple[list[list[int]], ...]) -> None:
    steps = [step(s, lo, hi) for s, of in zip("abc", spans, strict=True) for lo, hi in of]
    found = timeline(made(step(None, 0.0, 0.0), *steps))
    seconds = [{n for lo, hi in of for n in range(lo, hi)} for of in spans]
    a, b, c = seconds
    assert found.busy("a") == pytest.approx(len(a))
    assert found.overlap("a", "b") == pytest.approx(len(a & b))
    assert found.parallel_seconds[0] == pytest.approx(len(a & b | a & c | b & c))


# names and errors


def test_names_tell_builds_apart() -> None:
    tagged = replace(PARALLEL, tag="x:1")
    classic = replace(PARALLEL, builder="classic")

    def names(*builds: Build) -> tuple[str, ...]:
        return timeline(*builds).names

    assert names(PARALLEL) == ("buildkit",)
    assert names(PARALLEL, classic) == ("buildkit", "classic")
    assert names(tagged, PARALLEL) == ("x:1", "buildkit")
    assert names(tagged, replace(tagged, builder="classic")) == ("x:1 (buildkit)", "x:1 (classic)")
    assert names(PARALLEL, PARALLEL) == ("1: buildkit", "2: buildkit")
    assert timeline(PARALLEL, PARALLEL, names=["before", "after"]).names == ("before", "after")
    assert timeline(PARALLEL, classic).builders == ("buildkit", "classic")


def failing(*given: object, names: tuple[str, ...] | None = None) -> BuildError:
    with pytest.raises(BuildError) as caught:
        timeline(*given, names=names)  # type: ignore[arg-type]
    return caught.value


def test_what_is_no_timeline() -> None:
    assert failing().cause == "There are 0 builds and 0 names for them."
    assert "2 names" in failing(PARALLEL, names=("a", "b")).cause
    assert "timeline(a, b, names=('a', 'b'))" in failing(PARALLEL, names=()).fix
    error = failing(PARALLEL, "stagelab/x")
    assert "this is a str" in error.cause
    assert "timeline(build('.'))" in error.fix


def test_what_is_not_there() -> None:
    found: Timeline = timeline(PARALLEL)
    with pytest.raises(BuildError, match="has no stage 'bulider'") as caught:
        found.overlap("a", "bulider")
    assert caught.value.fix == "Use one of: a, b, c, d."
    for build in (1, -1):
        with pytest.raises(BuildError, match=f"has no build {build}") as caught:
            found.busy("a", build)
        assert "build=0" in caught.value.fix
