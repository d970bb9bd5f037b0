"""The course: every notebook from top to bottom against the same builds by the docker command."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Mapping

from benchmarks.measuring import Row, pace
from benchmarks.recording import FOLDER, Recorded, build_again, recorded, start_up
from benchmarks.report import Report
from benchmarks.workbench import Workbench
from stagelab.bases import Base, ensure
from stagelab.cli import notebooks, places
from stagelab.containers import run
from stagelab.exercise import record
from stagelab.show.style import count

CASES = {
    path.name[:2]: f"{path.stem}: lesson, solution and exercise"
    for path in notebooks.notebooks(places.root(), ("lessons",))
}

_GOAL = 1.3
_TAG = "stagelab/bench"
_WITH_SHELL = {"golang", "alpine", "debian"}
_READ_ALL = "find / -xdev -type f -exec cat {} + > /dev/null"
_READ_SECONDS = 300.0
_READ_MEMORY = "2g"
"""What was read counts as the container's memory, and less would push it out again."""


def measure(
    *,
    runs: int,
    scale: float,
    docker: str | None,
    only: Collection[str],
    say: Callable[[str], None],
) -> Report:
    """Execute the notebooks, then make the builds that they made once more by the docker command.

    Both begin without a build cache of their own making, and go through the lessons in order, so
    that a later lesson has the cache of the earlier ones.

    Args:
        runs: How many samples of each.
        scale: Without meaning here: the lessons' contexts are as they are.
        docker: Path of the docker command line; None to choose one.
        only: Numbers of the lessons; none is all.
        say: Told which lesson is measured now.

    Raises:
        EngineError: There is no engine.
        BaseError: A base image is missing and cannot be had.
        StagelabError: A notebook failed, or something is missing here.
    """
    del scale
    lessons = [lesson for lesson in CASES if not only or lesson in only]
    ours: dict[str, list[float]] = {lesson: [] for lesson in lessons}
    theirs: dict[str, list[float]] = {lesson: [] for lesson in lessons}
    our_pace, their_pace = [], []
    with Workbench(docker) as bench:
        bases = ensure(bench.found.client)
        builder = next(iter(bench.rivals.values()))
        os.environ["IPYTHONDIR"] = str(start_up(bench.folder / "ipython"))
        os.environ[record.VARIABLE] = str(bench.folder / "progress.json")
        again: dict[str, list[Recorded]] = {}
        for _ in range(runs):
            builds = bench.folder / "builds"
            shutil.rmtree(builds, ignore_errors=True)
            _begin(bench, bases)
            for lesson in lessons:
                say(f"{lesson}: {CASES[lesson]}")
                os.environ[FOLDER] = str(builds / lesson)
                (builds / lesson).mkdir(parents=True)
                ours[lesson].append(_execute(lesson))
                our_pace.append(pace())
            _begin(bench, bases)
            for lesson in lessons:
                again[lesson] = recorded(builds / lesson)
                say(f"{lesson}: {count(len(again[lesson]), 'build')}")
                theirs[lesson].append(build_again(builder, again[lesson], f"{_TAG}:{lesson}-"))
                their_pace.append(pace())
        environment = bench.environment()
        environment["bases"] = ", ".join(f"{b.reference} ({b.kind})" for b in bases.values())
    del os.environ[FOLDER], os.environ["IPYTHONDIR"]
    rows = [
        Row(lesson, "notebooks", tuple(ours[lesson]), "docker build", tuple(theirs[lesson]))
        for lesson in lessons
    ]
    total = Row(
        "total",
        "notebooks",
        tuple(map(sum, zip(*ours.values(), strict=True))),
        "docker build",
        tuple(map(sum, zip(*theirs.values(), strict=True))),
        goal=_GOAL,
    )
    machine = Row(
        "total", "the machine's pace", tuple(our_pace), "the machine's pace", tuple(their_pace)
    )
    made = sum(map(len, again.values()))
    title = f"Notebooks from top to bottom, {count(runs, 'run')} of each, and their builds alone"
    notes = (
        f"{count(made, 'build')} of `build` and of the SDK, with the same contexts, Dockerfiles, "
        "targets and arguments, one after the other. What the notebooks do besides counts for "
        "them alone: kernels that start, programs that run, images that are read.",
        "Before all lessons of each of the two, images and build cache of both are removed, and "
        "the files of the base images are read once, so that both find them in memory; what "
        "others have in the engine's cache serves both.",
        "The machine's pace: one fixed calculation on all cores after each lesson. Far from 1.00x, "
        "the machine was not equally fast for both, and the ratios of that run say less.",
    )
    return Report(title, (*rows, total, machine), environment, notes)


def _begin(bench: Workbench, bases: Mapping[str, Base]) -> None:
    """Bring both to the same start."""
    bench.sweep()
    for name in _WITH_SHELL & bases.keys():
        run(
            bases[name].reference,
            "-c",
            _READ_ALL,
            entrypoint=["sh"],
            timeout=_READ_SECONDS,
            memory=_READ_MEMORY,
        )


def _execute(lesson: str) -> float:
    began = time.perf_counter()
    for path in notebooks.notebooks(places.root(), only=lesson):
        notebooks.execute(path)
    return time.perf_counter() - began
