"""Many at once: kernels that take lesson 03 together, against their builds alone."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from benchmarks import learners, recording
from benchmarks.docker_cli import Builder
from benchmarks.learners import Learner, Taken
from benchmarks.measuring import Row
from benchmarks.report import Report
from benchmarks.workbench import Workbench
from stagelab.bases import ensure
from stagelab.cli import notebooks, places
from stagelab.engine import clean
from stagelab.show.style import count

CASES = {
    "edited": "each has a change of his own in the programs: nobody's compile serves another",
    "shared": "all have the same programs: the first compile of each serves all",
}

RUNS = 1
"""Samples, if no number is given: one takes many minutes."""

_LESSON = "03"
_KERNELS = 20
_GOAL = 1.2
_TAG = "stagelab/bench"
_PROGRAMS = ("go-hello", "go-web")
_TOLD = 12
"""Most lines about what went wrong."""


def measure(
    *,
    runs: int,
    scale: float,
    docker: str | None,
    only: Collection[str],
    say: Callable[[str], None],
) -> Report:
    """Let kernels take the lesson at once, then make the builds that they made, as many at once.

    Args:
        runs: How many samples of each.
        scale: The number of kernels is multiplied by it.
        docker: Path of the docker command line; None to choose one.
        only: Names of the cases; none is all.
        say: Told which case is measured now.

    Raises:
        EngineError: There is no engine.
        BaseError: A base image is missing and cannot be had.
        StagelabError: A kernel did not start, or something is missing here.
    """
    kernels = max(2, round(_KERNELS * scale))
    rows: list[Row] = []
    notes: list[str] = []
    with Workbench(docker) as bench:
        bases = ensure(bench.found.client, "golang", "alpine", "debian")
        for case, what in CASES.items():
            if only and case not in only:
                continue
            say(f"{case}: {what}")
            taken, alone, builds = [], [], 0
            for _ in range(runs):
                there = _enrol(bench, kernels, own=case == "edited")
                try:
                    taken.append(_take(bench, there))
                    _renew(there)
                    _sweep(bench, there)
                    again = [recording.recorded(each.builds) for each in there]
                    builds = sum(map(len, again))
                    alone.append(_build(next(iter(bench.rivals.values())), again))
                finally:
                    _sweep(bench, there)
            rows += _rows(case, kernels, taken, alone)
            notes.append(f"{case}: {what}; {count(builds, 'build')} by {count(kernels, 'kernel')}.")
            notes += _told(f"{case}: ", [line for each in taken for line in each.failed])
            notes += _told(f"{case}: ", [line for each in taken for line in each.collided])
        environment = bench.environment()
        environment["bases"] = ", ".join(f"{b.reference} ({b.kind})" for b in bases.values())
    title = (
        f"{count(kernels, 'kernel')} that take lesson {_LESSON} at once on one engine, and their "
        f"builds alone, as many at once; {count(runs, 'run')} of each"
    )
    if scale != 1:
        title += f"; full size is {_KERNELS} kernels, so this is a trial"
    return Report(title, tuple(rows), environment, (*notes, *_NOTES))


_NOTES = (
    "Kernels are started, and have imported what the lesson imports, before the clock starts; "
    "the lesson's every code cell counts, its clean-up included.",
    "Alone: the same contexts, Dockerfiles, targets and arguments by the docker command, each "
    "learner's one after the other, without kernels; a mark in the sources is renewed, so that "
    "nothing of the kernels' builds can be used again, and their images and build cache are "
    "removed before. What others have in the engine's cache serves both.",
    "collisions: verdicts other than the stored ones, images removed by another kernel, images "
    "and containers left after the clean-up, kernels with one session.",
    "memory: resident, summed over the kernels, so that what they share counts for each.",
)


def _enrol(bench: Workbench, kernels: int, *, own: bool) -> list[Learner]:
    """Make the learners; a line of comment in the programs makes them their own, or this run's."""
    root = places.root()
    (lesson,) = notebooks.notebooks(root, ("lessons",), _LESSON)
    mark = _mark()
    there = []
    for number in range(1, kernels + 1):
        name = f"learner {number:02}"
        folder = bench.folder / name.replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        learner = learners.enrol(lesson, root / "sample-apps", folder, name)
        for program in _PROGRAMS:
            with (learner.course / "sample-apps" / program / "main.go").open("a") as file:
                file.write(f"\n{_mark() if own else mark}\n")
        there.append(learner)
    return there


def _take(bench: Workbench, there: list[Learner]) -> Taken:
    environment = {**os.environ, **bench.docker_environment()}
    return learners.take(
        there, bench.found.client, learners.environment_of(environment, bench.folder)
    )


def _build(builder: Builder, again: list[list[recording.Recorded]]) -> tuple[float, ...]:
    """Make each learner's builds, all learners at once; gives the seconds that each took."""
    with ThreadPoolExecutor(len(again)) as pool:
        futures = [
            pool.submit(recording.build_again, builder, builds, f"{_TAG}:{number}-")
            for number, builds in enumerate(again)
        ]
        return tuple(future.result() for future in futures)


def _mark() -> str:
    return f"// mark {secrets.token_hex(8)}"


def _renew(there: Iterable[Learner]) -> None:
    """Give the recorded contexts other marks, so that no build of them is known to the engine."""
    renewed: dict[str, str] = {}
    for learner in there:
        for path in learner.builds.rglob("*.go"):
            lines = path.read_text("utf-8").splitlines(keepends=True)
            for at, line in enumerate(lines):
                if line.startswith("// mark "):
                    lines[at] = renewed.setdefault(line, f"{_mark()}\n")
            path.write_text("".join(lines), "utf-8")


def _sweep(bench: Workbench, there: Iterable[Learner]) -> None:
    bench.sweep()
    for learner in there:
        if learner.session:
            clean(bench.found.client, session=learner.session)


def _rows(
    case: str, kernels: int, taken: list[Taken], alone: list[tuple[float, ...]]
) -> Iterable[Row]:
    rival = "docker builds"
    yield Row(
        case,
        f"{count(kernels, 'kernel')}, the last to end",
        tuple(max(each.seconds) for each in taken),
        f"{rival}, the last",
        tuple(map(max, alone)),
        goal=_GOAL,
    )
    yield Row(
        case,
        "the median of them",
        tuple(median(each.seconds) for each in taken),
        f"{rival}, the median",
        tuple(map(median, alone)),
    )
    yield Row(
        case,
        "memory at its peak",
        tuple(each.peak for each in taken),
        "after the imports",
        tuple(each.memory for each in taken),
        unit="bytes",
        figure="difference",
    )
    for name, found in (
        ("cells that failed", [len(each.failed) for each in taken]),
        ("collisions", [len(each.collided) for each in taken]),
    ):
        none = (0.0,) * len(found)
        samples = tuple(map(float, found))
        yield Row(case, name, samples, "none", none, unit="count", figure="difference", goal=0)


def _told(before: str, lines: list[str]) -> list[str]:
    told = [before + line for line in lines[:_TOLD]]
    more = len(lines) - len(told)
    return [*told, f"{before}and {more} more"] if more else told
