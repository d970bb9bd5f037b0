"""Builds: Stagelab against the docker command line, on the same engine with BuildKit on both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import contexts, footprint
from benchmarks.measuring import Row, take_turns
from benchmarks.report import Report
from benchmarks.workbench import Workbench
from stagelab import build
from stagelab.bases import ensure
from stagelab.builds.events import Event
from stagelab.cli import places
from stagelab.errors import StagelabError
from stagelab.show.style import count

CASES = {
    "cached": "a two-stage build of which every step is cached",
    "context": "200 MB of new files that all go to the engine",
    "files": "10,000 new small files that all go to the engine",
    "ignored": "200 MB of files that .dockerignore leaves out",
    "cold": "a two-stage build that compiles, without the cache",
    "memory": "growth of a process that sends a file of 1 GiB",
    "import": "time to import the package beside the SDK's",
}

_OURS = "build()"
_FILES = 10_000
_CONTEXT_BYTES = 200_000_000
_MEMORY_BYTES = 1 << 30
_MEMORY_RUNS = 3
_TAG = "stagelab/bench"


@dataclass(frozen=True, slots=True)
class _Job:
    bench: Workbench
    app: Path
    runs: int
    scale: float

    def folder(self, name: str) -> Path:
        return self.bench.folder / name


def measure(
    *,
    runs: int,
    scale: float,
    docker: str | None,
    only: Collection[str],
    say: Callable[[str], None],
) -> Report:
    """Measure the cases one after the other; removes from the engine what it made.

    Args:
        runs: How many samples of each contestant.
        scale: The contexts' sizes are multiplied by it.
        docker: Path of the docker command line; None to choose one.
        only: Names of the cases; none is all.
        say: Told which case is measured now.

    Raises:
        EngineError: There is no engine.
        BaseError: A base image is missing and cannot be had.
        StagelabError: A build failed, or something is missing here.
    """
    rows: list[Row] = []
    notes: list[str] = []
    with Workbench(docker) as bench:
        ensure(bench.found.client, "golang", "alpine")
        job = _Job(bench, places.root() / "sample-apps" / "go-hello", runs, scale)
        bases = build(job.app, tag=f"{_TAG}:first", observe=_nothing).bases
        environment = bench.environment()
        environment["bases"] = ", ".join(f"{base.reference} ({base.kind})" for base in bases)
        for name, what in CASES.items():
            if not only or name in only:
                say(f"{name}: {what}")
                found, note = _MEASURES[name](job)
                rows += found
                notes.append(f"{name}: {note}")
    title = (
        f"Builds by Stagelab and by the docker command line, {count(runs, 'run')} of each, in turns"
    )
    if scale != 1:
        title += f"; contexts are {scale:g} of their full sizes, so this is a trial"
    return Report(title, tuple(rows), environment, tuple(notes))


def _cached(job: _Job) -> tuple[list[Row], str]:
    fresh = f"{_OURS}, new process"
    script = (
        "import sys; from stagelab import build\n"
        f"build(sys.argv[1], tag='{_TAG}:fresh', observe=lambda event: None)"
    )
    contestants = {
        **_contestants(job, job.app),
        fresh: lambda: footprint.run_python(script, str(job.app)),
    }
    samples = take_turns(contestants, job.runs, after=job.bench.remember)
    images = job.bench.found.client.images
    tags = ["ours", "fresh", *map(_tag, job.bench.rivals)]
    if len({images.get(f"{_TAG}:{tag}").id for tag in tags}) != 1:
        raise StagelabError(
            "The contestants' images differ, so not all of their steps were cached.",
            fix="Measure when nothing else builds on this engine.",
        )
    rows = []
    for name in job.bench.rivals:
        rows.append(Row("cached", _OURS, samples[_OURS], name, samples[name], goal=0.5))
        rows.append(Row("cached", fresh, samples[fresh], name, samples[name]))
    return rows, "sample-apps/go-hello; the images of all contestants are one and the same."


def _context(job: _Job) -> tuple[list[Row], str]:
    size = _scaled(job, _CONTEXT_BYTES)
    folder = job.folder("context")
    contexts.many_files(folder, size)
    (folder / "Dockerfile").write_text(contexts.DOCKERFILE)
    samples = take_turns(
        _contestants(job, folder),
        job.runs,
        before=lambda: contexts.renew(folder),
        after=job.bench.sweep,
    )
    shutil.rmtree(folder)
    return _against(job, "context", samples), (
        "`COPY . /x` upon scratch; before each build every file (1 MB, random bytes) gets a new "
        "beginning, after it image and build cache are removed: nothing can be used again."
    )


def _files(job: _Job) -> tuple[list[Row], str]:
    folder = job.folder("files")
    contexts.small_files(folder, _scaled(job, _FILES))
    (folder / "Dockerfile").write_text(contexts.DOCKERFILE)
    samples = take_turns(
        _contestants(job, folder),
        job.runs,
        before=lambda: contexts.renew(folder),
        after=job.bench.sweep,
    )
    shutil.rmtree(folder)
    return _against(job, "files", samples), (
        "`COPY . /x` upon scratch; each file gets a new beginning before each build, as in context."
    )


def _ignored(job: _Job) -> tuple[list[Row], str]:
    size = _scaled(job, _CONTEXT_BYTES)
    folder = job.folder("ignored")
    contexts.many_files(folder / "data", size)
    (folder / "Dockerfile").write_text(contexts.DOCKERFILE)
    (folder / ".dockerignore").write_text("data\n*.log\n")
    contexts.write(folder / "small.bin", 1000)
    samples = take_turns(
        _contestants(job, folder),
        job.runs,
        before=lambda: contexts.write(folder / "small.bin", 1000),
        after=job.bench.remember,
    )
    shutil.rmtree(folder)
    return _against(job, "ignored", samples), (
        "`COPY . /x` upon scratch; the one small file that is sent is new before each build."
    )


def _cold(job: _Job) -> tuple[list[Row], str]:
    contestants = _contestants(job, job.app, cold=True)
    samples = take_turns(contestants, job.runs, warm_up=False, after=job.bench.sweep)
    return _against(job, "cold", samples), (
        "sample-apps/go-hello with nocache and --no-cache: the engine's own work outweighs all."
    )


def _memory(job: _Job) -> tuple[list[Row], str]:
    small, large = job.folder("small"), job.folder("large")
    size = _scaled(job, _MEMORY_BYTES)
    for folder, bytes_ in ((small, 1000), (large, size)):
        folder.mkdir()
        (folder / "Dockerfile").write_text(contexts.DOCKERFILE)
        contexts.write(folder / "data.bin", bytes_)
    marks = []
    for _ in range(min(job.runs, _MEMORY_RUNS)):
        marks.append(footprint.peaks(small, large))
        job.bench.sweep()
    shutil.rmtree(large)
    before, after = zip(*marks, strict=True)
    row = Row(
        "memory",
        "peak, large context",
        after,
        "peak, tiny context",
        before,
        unit="bytes",
        figure="difference",
        goal=30e6,
    )
    return [row], (
        "peak resident memory of one process after a tiny build and after a large one; "
        f"{count(len(marks), 'run')}."
    )


def _import(job: _Job) -> tuple[list[Row], str]:
    base = "import docker"
    statements = {
        base: base,
        "import stagelab": f"{base}; import stagelab",
        "import build": f"{base}; from stagelab import build",
    }
    contestants = {name: partial(footprint.run_python, s) for name, s in statements.items()}
    samples = take_turns(contestants, job.runs)
    rows = [
        Row("import", name, samples[name], base, samples[base], figure="difference", goal=0.150)
        for name in statements
        if name != base
    ]
    note = "fresh interpreters, `import docker` in each."
    if any(row.met is False for row in rows):
        note += f" The costliest: {footprint.costliest(statements['import build'], base)}."
    return rows, note


_MEASURES: dict[str, Callable[[_Job], tuple[list[Row], str]]] = {
    "cached": _cached,
    "context": _context,
    "files": _files,
    "ignored": _ignored,
    "cold": _cold,
    "memory": _memory,
    "import": _import,
}


def _contestants(
    job: _Job, context: Path, *, cold: bool = False
) -> dict[str, Callable[[], object]]:
    options = ("--no-cache",) if cold else ()
    ours = partial(build, context, tag=f"{_TAG}:ours", nocache=cold, observe=_nothing)
    rivals = {
        name: partial(rival.build, context, f"{_TAG}:{_tag(name)}", *options)
        for name, rival in job.bench.rivals.items()
    }
    return {_OURS: ours, **rivals}


def _against(job: _Job, case: str, samples: dict[str, tuple[float, ...]]) -> list[Row]:
    return [
        Row(case, _OURS, samples[_OURS], name, samples[name], goal=1.0) for name in job.bench.rivals
    ]


def _scaled(job: _Job, size: int) -> int:
    scaled = max(1, round(size * job.scale))
    job.bench.need(scaled)
    return scaled


def _tag(rival: str) -> str:
    return rival.replace(" ", "-")


def _nothing(event: Event) -> None:
    """Observe nothing."""
