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
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.errors import APIError
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from stagelab.bases import ensure
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
        self.client.start_channels()
        self.client.wait_for_ready(timeout=90)

    def begin(self, seed: int, marker: str) -> None:
        self.journal.unlink(missing_ok=True)
        self.asked = self.client.execute(
            CELL.format(seed=seed, marker=marker, journal=str(self.journal))
        )
        assert happens(self.journal.exists, 60), f"the lesson begins: {self.words()}"

    def words(self) -> str:
        """Give what the cell's end says, if it ended."""
        while self.client.shell_channel.msg_ready():
            reply = self.client.get_shell_msg(timeout=1)
            if reply["parent_header"].get("msg_id") == self.asked:
                return str(reply["content"].get("ename") or reply["content"]["status"])
        return ""

    def step(self) -> str:
        return self.journal.read_text().strip() or "between two steps"

    def interrupt(self) -> str:
        """Interrupt until the cell ends, as a person would; gives what ended it."""
        for _ in range(5):
            self.manager.signal_kernel(signal.SIGINT)
            end = time.monotonic() + 20
            while time.monotonic() < end:
                if words := self.words():
                    return words
                time.sleep(0.05)
        return "nothing"

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
        self._lock = threading.Lock()
        self._kernels = itertools.count()
        self._left = KILLS
        self.done: list[Kill] = []
        self.markers: list[str] = []

    def work(self) -> None:
        """Kill one kernel after the other, until all kills are done."""
        kernel: Kernel | None = None
        try:
            while (plan := self._next()) is not None:
                number, delay, seed = plan
                if kernel is None:
                    session = f"{self.run}-{next(self._kernels)}"
                    kernel = Kernel(session, self._folder, self._url)
                survives = self._kill(kernel, number, delay, seed)
                if not survives:
                    kernel.end()
                    kernel = None
        finally:
            if kernel is not None:
                kernel.end()

    def _next(self) -> tuple[signal.Signals, float, int] | None:
        with self._lock:
            if self._left == 0:
                return None
            self._left -= 1
            number = self._random.choice((signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
            return number, self._random.uniform(0, LONGEST_DELAY), self._random.randrange(2**32)

    def _kill(self, kernel: Kernel, number: signal.Signals, delay: float, seed: int) -> bool:
        marker = f"{secrets.randbelow(10**8):08}"
        self.markers.append(marker)
        kernel.begin(seed, marker)
        time.sleep(delay)
        step = kernel.step()
        assert not kernel.words(), f"{step} went wrong by itself: {kernel.words()}"
        began = time.monotonic()
        survives = number == signal.SIGINT
        if survives:
            ended = kernel.interrupt()
            assert ended in {"KeyboardInterrupt", "BuildCancelled"}, f"{step}: {ended}"
        else:
            kernel.manager.signal_kernel(number)
        left: list[str] = []

        def over() -> bool:
            left[:] = [*sleepers(marker), *containers(self._client, kernel.session, running=True)]
            return not left

        happens(over, SECONDS)
        seconds = time.monotonic() - began
        self.done.append(Kill(number.name, step, seconds, tuple(left)))
        return survives


def happens(condition: Callable[[], object], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


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


def containers(client: docker.DockerClient, session: str, *, running: bool) -> list[str]:
    listed = client.api.containers(all=not running, filters={"label": f"{SESSION_LABEL}={session}"})
    return [f"{each['Names'][0]} {each['State']}" for each in listed]


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
        placed(client, ALPINE, ["sleep", "3600"]) as living,  # ours, and its owner lives: it is us
    ):
        living.start()
        before = state(client, those), client.api.inspect_container(living.id)
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for worker in [pool.submit(kills.work) for _ in range(AT_ONCE)]:
                    worker.result()
            happens(lambda: not helpers(kills.run), 20)
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
