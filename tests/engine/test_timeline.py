"""Timelines of builds on the real engine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.bases import Base
from stagelab.builds import Build, build
from stagelab.builds.timeline import Timeline, timeline
from stagelab.engine import tidy

SECONDS = 1
PARALLEL = f"""\
FROM alpine:3.22 AS left
RUN sleep {SECONDS} && echo SALT > /left

FROM alpine:3.22 AS right
RUN sleep {SECONDS} && echo SALT > /right

FROM alpine:3.22 AS unused
RUN echo SALT > /unused

FROM alpine:3.22
COPY --from=left /left /
COPY --from=right /right /
"""


def salted() -> str:
    """The Dockerfile as no earlier build has seen it."""
    return PARALLEL.replace("SALT", secrets.token_hex(8))


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert "alpine" in bases
    yield
    tidy()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("context")


@pytest.fixture(scope="module")
def builds(folder: Path) -> tuple[Build, Build]:
    """The same Dockerfile with both builders."""
    text = salted()
    return (
        build(folder, dockerfile=text, builder="buildkit"),
        build(folder, dockerfile=text, builder="classic"),
    )


@pytest.fixture(scope="module")
def found(builds: tuple[Build, Build]) -> Timeline:
    return timeline(*builds)


def test_buildkit_runs_independent_stages_at_once(found: Timeline) -> None:
    shorter = min(found.busy("left"), found.busy("right"))
    assert shorter >= SECONDS
    assert found.overlap("left", "right") > shorter / 2
    assert found.parallel_seconds[0] >= found.overlap("left", "right")
    assert "left with right" in str(found)


def test_classic_runs_one_stage_after_another(found: Timeline) -> None:
    assert found.busy("left", build=1) >= SECONDS
    assert found.busy("right", build=1) >= SECONDS
    assert found.overlap("left", "right", build=1) == 0.0
    assert found.before("left", "right", build=1)
    assert found.before("right", "stage-3", build=1)
    assert found.parallel_seconds[1] == 0.0


def test_both_wait_for_what_they_copy(found: Timeline) -> None:
    for at in (0, 1):
        copies = [bar for bar in found.bars if bar.build == at and "COPY" in bar.instruction]
        assert len(copies) == 2
        assert all(bar.start >= found.running("left", at)[-1][1] for bar in copies)


def test_an_unused_stage_runs_on_classic_alone(found: Timeline) -> None:
    skipped = [(lane.build, lane.stage) for lane in found.lanes if lane.state == "skipped"]
    assert skipped == [(0, "unused")]
    assert found.busy("unused", build=0) == 0.0
    assert found.busy("unused", build=1) > 0.0


def test_it_takes_no_longer_than_the_build(builds: tuple[Build, Build], found: Timeline) -> None:
    for made, seconds in zip(builds, found.seconds, strict=True):
        assert SECONDS <= seconds <= made.seconds


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_second_build_ran_nothing_that_takes_time(folder: Path, builder: str) -> None:
    text = salted()
    build(folder, dockerfile=text, builder=builder)
    again = timeline(build(folder, dockerfile=text, builder=builder))
    commands = [bar for bar in again.bars if bar.instruction.startswith(("RUN", "COPY"))]
    assert len(commands) >= 4
    assert all(bar.cached for bar in commands)
    assert again.overlap("left", "right") == 0.0
    assert again.busy("left") < SECONDS
    assert again.seconds[0] < SECONDS


def test_an_edit_runs_what_it_touched(folder: Path) -> None:
    text = salted()
    first = build(folder, dockerfile=text)
    edited = text.replace("> /right", "> /right && echo edited")
    found = timeline(first, build(folder, dockerfile=edited), names=("before", "after"))
    assert found.busy("right", build=1) >= SECONDS
    assert found.busy("left", build=1) == 0.0
