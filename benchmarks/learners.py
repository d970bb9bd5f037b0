"""Learners who take one lesson at once: a kernel each, all on one engine.

Each works in a copy of the course, in a thread of this process that gives the kernel its cells one
after the other. What kernels do to each other is looked for from outside: images that are gone
before their learner tidied up, outputs that are not the stored ones, things that are left.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from benchmarks import footprint, recording
from stagelab.engine.labels import SESSION_LABEL
from stagelab.errors import StagelabError
from stagelab.exercise import record

_CELL_SECONDS = 3600
"""Most that a cell may take: twenty compilers at once are slow."""

_PATIENCE = 600.0
_SAMPLE_SECONDS = 0.5
_TIDY = "tidy()"
_CHECKED = "nbval-check-output"

_PRELUDE = """\
{imports}
import json as _json, os as _os
from stagelab.engine.labels import session as _session
print(_json.dumps([_session(), _os.getpid()]))
"""


@dataclass(slots=True)
class Learner:
    """One who takes the lesson.

    Args:
        name: To tell it from the others.
        course: Its copy of the course: `lessons` with the one lesson, `sample-apps`.
        builds: Folder for what it builds.

    Attributes:
        session: Its kernel's session.
        pid: Its kernel's process.
        ended: When it had done, by this process's clock.
        failed: Cells that ended with an error, a line each.
        collided: What others did to it, a line each.
    """

    name: str
    course: Path
    builds: Path
    session: str = ""
    pid: int = 0
    ended: float = 0.0
    failed: list[str] = field(default_factory=list)
    collided: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it.

    Args:
        seconds: From the common start, for each learner.
        failed: Cells that ended with an error, a line each.
        collided: Signs of one kernel in another's way, a line each.
        memory: Resident bytes of all kernels once they had imported what the lesson imports.
        peak: The most that they had together during the lesson.
    """

    seconds: tuple[float, ...]
    failed: tuple[str, ...]
    collided: tuple[str, ...]
    memory: float
    peak: float


def enrol(lesson: Path, apps: Path, folder: Path, name: str) -> Learner:
    """Make a learner with a copy of the lesson and of the sample apps.

    Args:
        lesson: The notebook.
        apps: The sample apps.
        folder: An empty folder of the learner's own.
        name: To tell it from the others.
    """
    learner = Learner(name, folder / "course", folder / "builds")
    learner.builds.mkdir(parents=True)
    (learner.course / "lessons").mkdir(parents=True)
    shutil.copy(lesson, learner.course / "lessons")
    shutil.copytree(apps, learner.course / "sample-apps")
    return learner


def take(
    learners: Sequence[Learner], client: docker.DockerClient, environment: Mapping[str, str]
) -> Taken:
    """Start all kernels, then let all learners take the lesson at once.

    Args:
        learners: Those who take part; told in place what became of them.
        client: The engine.
        environment: Variables of the kernels.

    Raises:
        StagelabError: A kernel did not start.
    """
    ready = threading.Barrier(len(learners) + 1)
    go = threading.Event()
    with ThreadPoolExecutor(len(learners)) as pool:
        futures = [
            pool.submit(asyncio.run, _take(learner, client, environment, ready, go))
            for learner in learners
        ]
        try:
            try:
                ready.wait(_PATIENCE)
            except threading.BrokenBarrierError:
                raise _not_started(futures) from None
            pids = [learner.pid for learner in learners]
            memory = footprint.resident(pids)
            with _watching(pids) as peaks:
                began = time.perf_counter()
                go.set()
                for future in futures:
                    future.result()
        except BaseException:
            ready.abort()
            go.set()
            for learner in learners:
                if learner.pid:
                    with suppress(ProcessLookupError):
                        os.kill(learner.pid, signal.SIGTERM)
            raise
    return Taken(
        tuple(learner.ended - began for learner in learners),
        tuple(line for learner in learners for line in learner.failed),
        (*(line for learner in learners for line in learner.collided), *_left(learners, client)),
        memory,
        max(peaks, default=memory),
    )


async def _take(
    learner: Learner,
    engine: docker.DockerClient,
    environment: Mapping[str, str],
    ready: threading.Barrier,
    go: threading.Event,
) -> None:
    (path,) = (learner.course / "lessons").glob("*.ipynb")
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    prelude = _PRELUDE.format(imports=_imports(notebook))
    first = nbformat.v4.new_code_cell(prelude)  # type: ignore[no-untyped-call]
    notebook.cells.insert(0, first)
    client = NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    try:
        variables = {**environment, recording.FOLDER: str(learner.builds)}
        async with client.async_setup_kernel(env=variables):
            await client.async_execute_cell(notebook.cells[0], 0)
            learner.session, learner.pid = json.loads(_printed(notebook.cells[0]))
            ready.wait(_PATIENCE)
            go.wait()
            with suppress(DeadKernelError):
                await _go_through(learner, client, engine)
            learner.ended = time.perf_counter()
    except BaseException:
        ready.abort()
        raise


async def _go_through(
    learner: Learner, client: NotebookClient, engine: docker.DockerClient
) -> None:
    for index, cell in enumerate(client.nb.cells):
        if index == 0 or cell.cell_type != "code":
            continue
        stored = _printed(cell)
        if _TIDY in cell.source:
            learner.collided += _robbed(learner, engine)
        try:
            await client.async_execute_cell(cell, index)
        except CellExecutionError as error:
            learner.failed.append(f"{learner.name}, cell {index}: {error.ename}: {error.evalue}")
        except DeadKernelError:
            learner.failed.append(f"{learner.name}, cell {index}: the kernel died")
            raise
        else:
            if _CHECKED in cell.metadata.get("tags", ()) and _printed(cell) != stored:
                learner.collided.append(
                    f"{learner.name}, cell {index}: another verdict than the stored one: "
                    + " / ".join(sorted({*_printed(cell).splitlines()} - {*stored.splitlines()}))
                )


def _robbed(learner: Learner, engine: docker.DockerClient) -> list[str]:
    """Give the images that the learner has built and that are gone before it removed them."""
    here = _images(engine, learner.session)
    gone = recording.images(learner.builds) - here
    return [f"{learner.name}: its image {image[:19]} was removed by another" for image in gone]


def _left(learners: Sequence[Learner], engine: docker.DockerClient) -> Iterator[str]:
    """Give what was left by those who have tidied up, and sessions that were not one's own."""
    sessions = [learner.session for learner in learners]
    for learner in learners:
        if sessions.count(learner.session) > 1:
            yield f"{learner.name}: another kernel has its session {learner.session}"
        for image in _images(engine, learner.session):
            yield f"{learner.name}: its image {image[:19]} was left"
        label = f"{SESSION_LABEL}={learner.session}"
        for container in engine.containers.list(
            all=True, filters={"label": label}, ignore_removed=True
        ):
            yield f"{learner.name}: its container {container.name} was left"


def _images(engine: docker.DockerClient, session: str) -> set[str]:
    label = f"{SESSION_LABEL}={session}"
    return {str(image["Id"]) for image in engine.api.images(all=True, filters={"label": label})}


def _imports(notebook: Any) -> str:  # noqa: ANN401 - nbformat has no types
    """Give the imports of a notebook's first code cell, so that they are done before the start."""
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    found = [
        node
        for node in ast.parse(first.source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return "\n".join(map(ast.unparse, found))


def _printed(cell: Any) -> str:  # noqa: ANN401 - as above
    """Give what a code cell printed, or has stored as printed."""
    return "".join(output["text"] for output in cell.outputs if output.output_type == "stream")


@contextmanager
def _watching(pids: Sequence[int]) -> Iterator[list[float]]:
    """Gather how much memory processes have together, now and then, until the block ends."""
    samples: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            samples.append(footprint.resident(pids))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def _not_started(futures: Sequence[Any]) -> StagelabError:
    """Say why not all kernels started, in the words of the one that did not."""
    said = []
    for future in futures:
        error = future.exception(_PATIENCE)
        if error is not None and not isinstance(error, threading.BrokenBarrierError):
            said.append(f"{type(error).__name__}: {error}")
    return StagelabError(
        "Not all kernels started.",
        fix="Measure with fewer of them, by --scale; or see whether memory is short.",
        detail="\n".join(dict.fromkeys(said))[-2000:],
    )


def environment_of(variables: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Give the variables of learners' kernels: each has a session of its own, and records builds.

    Args:
        variables: Those that name the engine.
        folder: For what makes the kernels record, and for their progress.
    """
    kept = {name: value for name, value in variables.items() if name != "STAGELAB_SESSION"}
    return {
        **kept,
        "IPYTHONDIR": str(recording.start_up(folder / "ipython")),
        record.VARIABLE: str(folder / "progress.json"),
    }
