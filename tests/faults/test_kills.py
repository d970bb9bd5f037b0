"""Kernels that are killed at random moments of a lesson leave nothing, and touch nothing else.

`STAGELAB_KILLS_SEED` repeats a run's order of steps, signals and delays, as far as the machine is
as quick as it was; `STAGELAB_KILLS` is how many kills there are.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.errors import APIError
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from stagelab.bases import ensure
from stagelab.containers.cage import CAGE
from stagelab.engine import buildcache, connect, ledger, owners
from stagelab.engine.connecting import find
from stagelab.engine.labels import COURSE_LABEL, SESSION_LABEL
from stagelab.engine.placing import placed
from tests.faults.decoys import decoys, state

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for processes")

ALPINE = "alpine:3.22"
ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("STAGELAB_KILLS", "100"))
AT_ONCE = 4
SECONDS = 10.0
"""So long may something of a killed kernel run on."""

LONGEST_DELAY = 2.0
CELL = """\
from pathlib import Path
from tests.faults.lesson import Lesson
Lesson({seed}, {marker!r}, Path({journal!r})).go_on()
"""

Waiting = Generator[None, None, None]
"""Of several that wait for something at once, each gives way to the others meanwhile."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill, and what came of it.

    Attributes:
        signal: Its name.
        step: What the kernel did then.
        seconds: From the kill until nothing of the kernel ran.
        left: What ran on.
    """

    signal: str
    step: str
    seconds: float
    left: tuple[str, ...]


class Kernel:
    """A real kernel, as JupyterLab starts one, with a session of its own."""

    def __init__(self, session: str, folder: Path, docker_host: str) -> None:
        self.session = session
        self.journal = folder / f"{session}.txt"
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(
            env={
                **os.environ,
                "DOCKER_HOST": docker_host,
                "STAGELAB_SESSION": session,
                "STAGELAB_PROGRESS": str(folder / f"{session}.json"),
            },
            cwd=str(ROOT),
        )
        self.client: BlockingKernelClient = self.manager.blocking_client()
        self.client.start_channels(hb=False)

    def begin(self, seed: int, marker: str) -> Waiting:
        self.journal.unlink(missing_ok=True)
        self.asked = self.client.execute(  # it is read once the kernel is there
            CELL.format(seed=seed, marker=marker, journal=str(self.journal))
        )
        end = time.monotonic() + 120
        while not self.journal.exists():
            assert time.monotonic() < end, f"the lesson begins: {self.words()}"
            yield

    def words(self) -> str:
        """Give what the cell's end says, if it ended."""
        while self.client.shell_channel.msg_ready():
            reply = self.client.get_shell_msg(timeout=1)
            if reply["parent_header"].get("msg_id") == self.asked:
                return str(reply["content"].get("ename") or reply["content"]["status"])
        return ""

    def step(self) -> str:
        return self.journal.read_text().strip() or "between two steps"

    def interrupt(self) -> Waiting:
        """Interrupt the cell, and see that it ends."""
        self.manager.signal_kernel(signal.SIGINT)
        end = time.monotonic() + 30
        while not (words := self.words()):
            assert time.monotonic() < end, f"the interrupt has ended {self.step()}"
            yield
        assert words in {"KeyboardInterrupt", "BuildCancelled"}, f"{self.step()}: {words}"

    def end(self) -> None:
        self.client.stop_channels()
        if self.manager.is_alive():
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


class Kills:
    """Kills kernels, and looks what runs on."""

    def __init__(self, client: docker.DockerClient, folder: Path, url: str, seed: int) -> None:
        self.run = f"kills-{secrets.token_hex(3)}"
        self._client = client
        self._folder = folder
        self._url = url
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._kernels = itertools.count()
        self._left = KILLS
        self.done: list[Kill] = []
        self.markers: list[str] = []

    def work(self) -> None:
        """Kill one kernel after the other, some at once, until all kills are done."""
        workers = [self._worker() for _ in range(AT_ONCE)]
        try:
            while workers:
                workers = [worker for worker in workers if next(worker, self) is not self]
                time.sleep(0.05)
        finally:
            for worker in workers:
                worker.close()

    def _worker(self) -> Waiting:
        kernel: Kernel | None = None
        try:
            while self._left:
                self._left -= 1
                number = self._random.choice((signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
                delay = self._random.uniform(0, LONGEST_DELAY)
                if kernel is None:
                    session = f"{self.run}-{next(self._kernels)}"
                    kernel = Kernel(session, self._folder, self._url)
                yield from self._kill(kernel, number, delay)
                if number != signal.SIGINT:
                    kernel.end()
                    kernel = None
        finally:
            if kernel is not None:
                kernel.end()

    def _kill(self, kernel: Kernel, number: signal.Signals, delay: float) -> Waiting:
        marker = f"{secrets.randbelow(10**8):08}"
        self.markers.append(marker)
        yield from kernel.begin(self._random.randrange(2**32), marker)
        end = time.monotonic() + delay
        while time.monotonic() < end:
            yield
        step = kernel.step()
        words = kernel.words()
        assert not words, f"{step} went wrong by itself: {words}"
        began = time.monotonic()
        if number == signal.SIGINT:
            yield from kernel.interrupt()
        else:
            kernel.manager.signal_kernel(number)
        while left := [*sleepers(marker), *containers(self._client, kernel.session)]:
            if time.monotonic() > began + SECONDS:
                break
            yield
        seconds = time.monotonic() - began
        self.done.append(Kill(number.name, step, seconds, tuple(left)))


def sleepers(marker: str) -> list[str]:
    """List what runs on this machine for a marker; containers' processes are seen here, too."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if marker.encode() in words and b"ipykernel" not in words:
            found.append(words.replace(b"\0", b" ").decode())
    return found


def containers(client: docker.DockerClient, session: str) -> list[str]:
    """List the running containers of a session."""
    listed = client.api.containers(filters={"label": f"{SESSION_LABEL}={session}"})
    return [str(each["Names"][0]) for each in listed]


def helpers(run: str) -> list[int]:
    """List the helpers of a run's kernels."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            mine = f"STAGELAB_SESSION={run}-".encode() in path.read_bytes()
            if mine and "reaper.py" in path.with_name("cmdline").read_text():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def a_dead_owner() -> str:
    machine, pid, start = owners.me().split(".")
    name = f"{machine}.{pid}.{int(start) - 1}"
    assert owners.lives(name) is False
    return name


@pytest.fixture(scope="module")
def client() -> docker.DockerClient:
    found = connect()
    ensure(found)
    return found


def test_a_hundred_kills(client: docker.DockerClient, tmp_path: Path) -> None:
    seed = int(os.environ.get("STAGELAB_KILLS_SEED") or secrets.randbits(32))
    kills = Kills(client, tmp_path, find().endpoint.url, seed)
    began = time.monotonic()
    with (
        decoys(client, a_dead_owner()) as those,
        # ours, and its owner lives: it is us
        placed(client, ALPINE, ["sleep", "3600"], **CAGE) as living,
    ):
        living.start()
        before = state(client, those), client.api.inspect_container(living.id)
        try:
            kills.work()
            end = time.monotonic() + 30
            while helpers(kills.run) and time.monotonic() < end:
                time.sleep(0.2)
            after = state(client, those), client.api.inspect_container(living.id)
            left = leftovers(client, kills)
        finally:
            sys.stdout.write(f"STAGELAB_KILLS_SEED={seed}\n")
            sys.stdout.write(report(kills.done, time.monotonic() - began))
            remove_images(client, kills.run)
    assert not [kill for kill in kills.done if kill.left], "something ran on"
    assert left == [], "nothing is there any more, neither running nor stopped"
    assert helpers(kills.run) == []
    assert after == before
    assert len(kills.done) == KILLS


def remove_images(client: docker.DockerClient, run: str) -> None:
    """Remove what the kernels built, and their records of the build cache."""
    for image in client.api.images(filters={"label": f"{COURSE_LABEL}=1"}):
        if str(image["Labels"].get(SESSION_LABEL)).startswith(run):
            with suppress(APIError):
                client.api.remove_image(image["Id"], force=True)
    made = [
        record
        for record in ledger.records(client)
        if isinstance(record, ledger.RecordedBuild) and record.session.startswith(run)
    ]
    found = buildcache.ours(buildcache.cache_records(client), made)
    buildcache.prune(client, [record["ID"] for record in found])


def leftovers(client: docker.DockerClient, kills: Kills) -> list[str]:
    """List the containers of killed kernels, those of the classic builder included."""
    found = []
    for each in client.api.containers(all=True):
        ours = str((each["Labels"] or {}).get(SESSION_LABEL)).startswith(kills.run)
        if ours or any(marker in each["Command"] for marker in kills.markers):
            found.append(f"{each['Names'][0]} {each['State']} {each['Command']}")
    return found


def report(done: list[Kill], seconds: float) -> str:
    """Tell what was killed when: a line for each step, with the longest time that something ran."""
    lines = [f"{len(done)} kills in {seconds:.0f} s"]
    for step, count in sorted(Counter(kill.step for kill in done).items()):
        those = [kill for kill in done if kill.step == step]
        names = Counter(kill.signal for kill in those)
        by = ", ".join(f"{names[name]} {name}" for name in sorted(names))
        left = sum(bool(kill.left) for kill in those)
        longest = max(kill.seconds for kill in those)
        lines.append(f"{step:24} {count:3} ({by}): ended within {longest:.1f} s, left {left}")
    return "\n".join([*lines, ""])
