"""What runs without end, or wants all there is, is stopped with a message; the engine stays awake.

Real bombs on the real engine. Those that only the own engine's control group stops, in RUN steps of
BuildKit, go off on a machine of their own.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from stagelab.bases import Base
from stagelab.builds import build, kernel
from stagelab.containers import Run, cage, run, running, serve, watching
from stagelab.engine import processes, room, tidy
from stagelab.engine.connecting import find
from stagelab.engine.endpoint import open_client
from stagelab.engine.labels import SESSION_LABEL, session
from stagelab.errors import BuildStopped, RunTimeout, StartFailed
from stagelab.exercise import Verdict, attempt, check
from stagelab.exercise.requirements import builds, prints
from stagelab.exercise.task import Task
from stagelab.exercise.tasks import TASKS
from tests.engine.namespace import Machine, needs_root_on_linux

ALPINE = "alpine:3.22"
AWAKE_SECONDS = 5.0
# A shell that cannot fork ends, so the first process is none that forks.
FORKS = "f() { while :; do f & done; }; f & exec tail -f /dev/null"
FILES = "i=0; while :; do i=$((i+1)); head -c 9000000 /dev/zero > {}/f$i; done"
LINES = "exec yes $(seq 2000 | tr -d '\\n')"
DEAF = "trap '' TERM INT HUP; while :; do sleep 1; done"

both_builders = pytest.mark.parametrize("builder", ["buildkit", "classic"])


@pytest.fixture(scope="module", autouse=True)
def _engine(client: docker.DockerClient, bases: dict[str, Base]) -> Iterator[None]:
    assert "alpine" in bases
    yield
    filters = {"label": f"{SESSION_LABEL}={session()}"}
    assert client.containers.list(all=True, filters=filters) == []
    assert client.volumes.list(filters=filters) == []
    tidy()


@pytest.fixture(autouse=True)
def _awake() -> Iterator[None]:
    """While a test runs, the engine answers another client at once, again and again."""
    other = open_client(find().endpoint, timeout=60)
    over, took = threading.Event(), list[float]()

    def ask() -> None:
        while not over.wait(0.2):
            began = time.monotonic()
            other.version()
            took.append(time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        other.close()
    assert took
    assert max(took) < AWAKE_SECONDS


def shell(script: str, **options: object) -> Run:
    return run(ALPINE, "sh", "-c", script, **options)  # type: ignore[arg-type]


# containers


def test_forks_without_end() -> None:
    with pytest.raises(RunTimeout) as caught:
        shell(FORKS, timeout=3)
    assert f"It starts processes without end, and may have {cage.PIDS}." in caught.value.cause


def test_more_processes_than_it_may_have() -> None:
    done = shell("for i in $(seq 200); do sleep 9 & done; echo all; kill $(jobs -p)")
    assert kernel.NO_PROCESS.search(done.stderr)
    assert "all" not in done.stdout


def test_all_memory() -> None:
    done = shell("echo begun; exec tail /dev/zero", memory="48m")
    assert done.exit_code == 137
    assert done.stopped == "It needed more than the 48m of memory that it has (exit code 137)."
    assert done.output == f"begun\nStopped: {done.stopped}\n"


def test_all_memory_of_a_process_that_is_not_the_first() -> None:
    done = shell("tail /dev/zero; exit 4", memory="48m")
    assert done.exit_code == 4
    assert done.stopped == "A process of it needed more than the 48m of memory that it has."
    assert shell("tail /dev/zero; true", memory="48m").stopped == ""


def test_many_files_in_a_root_that_is_writable() -> None:
    done = shell(FILES.format(""), read_only=False)
    assert done.stopped == (
        f"It wrote more than {watching.ROOT_BYTES // 10**6} MB to its file system, and was stopped."
    )


def test_one_large_file() -> None:
    done = shell("exec head -c 200000000 /dev/zero > /large", read_only=False)
    assert f"wrote a file of more than {cage.FILE_BYTES // 10**6} MB" in done.stopped


def test_many_files_in_a_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "VOLUME_BYTES", 60_000_000)
    text = f"FROM {ALPINE}\nRUN mkdir /data && echo kept > /data/file\nVOLUME /data\n"
    done = run(build(text), "sh", "-c", f"cat /data/file; {FILES.format('/data')}")
    assert done.stdout == "kept\n"
    assert "It wrote to a volume that its image declares until" in done.stopped


def test_prints_without_end() -> None:
    done = shell(LINES)
    assert "It printed more than 4 MB, and was stopped" in done.stopped
    assert 0 < len(done.stdout) <= running.OUTPUT_BYTES


def test_prints_without_end_in_lines_so_short_that_the_engine_is_slow() -> None:
    try:
        why = shell("yes", timeout=8).stopped
    except RunTimeout as error:
        why = error.why
    assert "prints without end" in why


@pytest.mark.parametrize("script", [DEAF, "while :; do :; done"])
def test_goes_on_for_ever(script: str) -> None:
    began = time.monotonic()
    with pytest.raises(RunTimeout, match="did not end within 1 seconds") as caught:
        shell(script, timeout=1)
    assert caught.value.why == ""
    assert time.monotonic() - began < 15


def test_ends_by_itself_and_is_not_said_to_be_stopped() -> None:
    for script in ("true", "exit 3", "kill -TERM $$", "head -c 5000000 /dev/zero > /tmp/x"):
        assert shell(script).stopped == "", script


def service(then: str) -> str:
    return f'FROM {ALPINE}\nCMD ["sh", "-c", "httpd -p 8080 -h /tmp; {then}"]\n'


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ("sleep 1; exec tail /dev/zero", "It needed more than the 48m of memory"),
        (f"sleep 1; {LINES}", "It printed more than 4 MB"),
        (f"sleep 1; {FILES.format('/var')}", "It wrote more than 64 MB"),
    ],
)
def test_a_service_that_is_stopped_says_why(then: str, words: str) -> None:
    with serve(build(service(then)), 8080, memory="48m", read_only=False) as running_one:
        assert running_one.stopped() == ""
        deadline = time.monotonic() + 15
        while not running_one.stopped() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert words in running_one.stopped()
        stopped = running_one.stop(grace=1)
        assert (stopped.exit_code, stopped.killed) == (137, False)


def test_a_service_that_is_stopped_before_it_answers_says_why() -> None:
    text = f'FROM {ALPINE}\nCMD ["tail", "/dev/zero"]\n'
    with pytest.raises(StartFailed) as caught, serve(build(text), 8080, memory="48m"):
        pytest.fail("it never served")
    assert "exit code 137. It needed more than the 48m of memory" in caught.value.cause
    assert caught.value.detail.startswith("Stopped: It needed more")


# builds


def enough(builder: str = "auto") -> float:
    """Seconds in which a step surely begins, on a machine as busy as it is now."""
    began = time.monotonic()
    build(f"FROM {ALPINE}\nRUN : {secrets.token_hex(6)}\n", builder=builder)  # type: ignore[arg-type]
    return round(min(1 + 4 * (time.monotonic() - began), 30), 1)


@contextlib.contextmanager
def stopped(**options: object) -> Iterator[Callable[[str], BuildStopped]]:
    """Build with a RUN that has a mark, and see that nothing with it runs when that was stopped."""
    mark = f"mark-{secrets.token_hex(6)}"

    def attempt_to(command: str) -> BuildStopped:
        text = f"FROM {ALPINE} AS one\nRUN true\nRUN : {mark}; {command}\n"
        with pytest.raises(BuildStopped) as caught:
            build(text, **options)  # type: ignore[arg-type]
        assert caught.value.line == 3
        assert caught.value.stage == "one"
        assert caught.value.cause.startswith(f"Line 3, `RUN : {mark}; ")
        return caught.value

    yield attempt_to
    deadline = time.monotonic() + 10
    while left := [p for p in processes.all_processes() if mark in " ".join(p.command)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@both_builders
def test_a_step_that_does_not_end_and_is_deaf(builder: str) -> None:
    seconds = enough(builder)
    began = time.monotonic()
    with stopped(builder=builder, timeout=seconds) as attempt_to:
        error = attempt_to(f"echo begun; {DEAF}")
    assert time.monotonic() - began < 2 * seconds + 10
    assert f"had not ended, and the build was stopped after {seconds:g} seconds" in error.cause
    assert error.log == "begun"


@both_builders
def test_a_step_that_prints_without_end(builder: str) -> None:
    with stopped(builder=builder, timeout=enough(builder)) as attempt_to:
        error = attempt_to("yes")
    assert set(error.log.split()) == {"y"}
    assert len(error.log.splitlines()) <= 12


@both_builders
def test_a_step_that_fills_the_disk(builder: str, client: docker.DockerClient) -> None:
    assert room.free_bytes(client) is not None
    with stopped(builder=builder, disk=150_000_000) as attempt_to:
        error = attempt_to(FILES.format(""))
    assert "because it took more than 0.15 GB of the disk" in error.cause


@both_builders
def test_a_step_that_takes_all_memory(
    builder: str, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine that has little memory left: this one's kernel is not to be provoked."""
    ask = room.memory
    found = ask(client)
    assert found is not None
    spare = found[0] - 1_200_000_000

    def less(engine: docker.DockerClient) -> tuple[int, int] | None:
        now = ask(engine)
        return now and (now[0] - spare, 16_000_000_000)

    monkeypatch.setattr(room, "memory", less)
    with stopped(builder=builder, timeout=60) as attempt_to:
        error = attempt_to("tail /dev/zero")
    assert "because it left less than 0.8 GB of memory free" in error.cause


def test_the_limits_are_no_hindrance_to_a_build_that_keeps_to_them() -> None:
    made = build(f"FROM {ALPINE}\nRUN : {secrets.token_hex(6)}; sleep 1\n", timeout=60, disk=10**9)
    assert [step.cached for step in made.steps] == [True, False]
    assert not [t for t in threading.enumerate() if t.name == "build-guard"]


def test_the_memory_of_a_classic_step() -> None:
    text = f"FROM {ALPINE}\nRUN : {secrets.token_hex(6)}; tail /dev/zero\n"
    with pytest.raises(Exception, match="most likely because it needed more memory"):
        build(text, builder="classic", memory=48 << 20)


# answers of learners


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> str:
    made = Task(
        id="99-1",
        title="Say yes",
        first="Write it.",
        requirements=(builds(), prints("yes", "It says yes.")),
        hints=("a", "b", "c"),
        files={"file": "content"},
    )
    monkeypatch.setitem(TASKS, made.id, made)
    return made.id


def faults(verdict: Verdict) -> list[tuple[int | None, str]]:
    return [(o.line, o.feedback) for o in verdict.requirements if o.ok is False]


@pytest.mark.parametrize("command", ["sleep 300", FILES.format("")])
def test_an_answer_with_a_step_that_goes_too_far(
    task: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fills = command == FILES.format("")
    seconds = 60.0 if fills else enough()
    words = f"had not ended, and the build was stopped after {seconds:g} seconds"
    if fills:
        words = "stopped because it took more than 0.15 GB of the disk"
    monkeypatch.setattr(attempt, "BUILD_SECONDS", seconds)
    monkeypatch.setattr(attempt, "BUILD_DISK_BYTES", 150_000_000)
    run_it = f"RUN : {secrets.token_hex(6)}; {command}"
    verdict = check(task, f'FROM {ALPINE}\n{run_it}\nENTRYPOINT ["echo", "yes"]\n')
    ((line, feedback),) = faults(verdict)
    assert line == 2
    assert feedback.startswith("Line 2, `RUN : ")
    assert words in feedback
    assert verdict.requirements[1].ok is None


@pytest.mark.parametrize(
    ("command", "seconds", "words"),
    [
        ("for i in $(seq 200); do sleep 9 & done", 30, "lets a container have 128 processes"),
        (FORKS, 4, "it does not end: after its time it was stopped. It starts processes"),
        ("exec tail /dev/zero", 30, "It needed more than the 256m of memory that it has"),
        (LINES, 30, "It printed more than 4 MB, and was stopped: it prints without end."),
        ("sleep 300", 1, "it does not end: after its time it was stopped."),
        ("head -c 90000000 /dev/zero > /tmp/x", 30, "it failed. Its own words are below."),
    ],
)
def test_an_answer_whose_program_goes_too_far(
    task: str, command: str, seconds: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "run", functools.partial(run, timeout=seconds))
    start = f'ENTRYPOINT ["sh", "-c", "{command}"]'
    verdict = check(task, f"FROM {ALPINE}\n{start}\n")
    ((line, feedback),) = faults(verdict)
    assert line == 2
    assert words in feedback


# RUN steps on the own engine

_GROUP = """
"$PYTHON" -m stagelab engine start >&2
GROUP=$(sed -n 's/.*"cgroup-parent": "\\(.*\\)".*/\\1/p' "$STAGELAB_HOME/data/engine/daemon.json")
test -n "$GROUP"
for F in /sys/fs/cgroup/memory$GROUP/memory.limit_in_bytes /sys/fs/cgroup$GROUP/memory.max; do
    if test -e $F; then LIMIT=$(cat $F); echo 150000000 > $F; fi
done
for F in /sys/fs/cgroup/pids$GROUP /sys/fs/cgroup$GROUP; do
    if test -e $F/pids.max; then PIDS=$F; cat $F/pids.max >&2; echo 150 > $F/pids.max; fi
done
export PIDS LIMIT
"$PYTHON" -W error "$STAGELAB_HOME/bombs.py"
"$PYTHON" -m stagelab engine stop >&2
ls -d /sys/fs/cgroup$GROUP /sys/fs/cgroup/*$GROUP 2>/dev/null >&2 && exit 7
true
"""

_BOMBS = r"""
import json, os, threading, time
from pathlib import Path
from stagelab.builds import build, kernel
from stagelab.containers import run
from stagelab.engine import connect
from stagelab.engine.connecting import find
from stagelab.engine.endpoint import open_client
from stagelab.errors import BuildFailed

client = connect()
client.images.load(Path(os.environ["STAGELAB_HOME"], "alpine.tar").read_bytes())
other, over, took, most = open_client(find().endpoint, timeout=60), threading.Event(), [], [0]

def ask():
    while not over.wait(0.1):
        began = time.monotonic()
        other.version()
        took.append(time.monotonic() - began)
        most[0] = max(most[0], int(Path(os.environ["PIDS"], "pids.current").read_text()))

thread = threading.Thread(target=ask)
thread.start()
causes = []
for builder in ("buildkit", "classic"):
    for command in ("tail /dev/zero", "f() { while :; do f & done; }; f & exec tail -f /dev/null"):
        try:
            build(f"FROM alpine:3.22\nRUN {command}\n", builder=builder, timeout=6, network="none")
        except BuildFailed as error:
            causes.append(error.cause)
over.set()
thread.join()
after = run("alpine:3.22", "echo", "still here").stdout
current = Path(os.environ["PIDS"], "pids.current")
deadline = time.monotonic() + 10
while int(current.read_text()) and time.monotonic() < deadline:
    time.sleep(0.1)
print(json.dumps({"causes": causes, "slowest": max(took), "pids": most[0], "after": after,
                  "left": int(current.read_text()), "limit": int(os.environ["LIMIT"])}))
"""


@needs_root_on_linux
def test_steps_on_the_own_engine_share_a_limit(client: docker.DockerClient) -> None:
    with tempfile.TemporaryDirectory(prefix="stagelab-") as folder:
        with Path(folder, "alpine.tar").open("wb") as file:
            file.writelines(client.images.get(ALPINE).save(named=True))
        Path(folder, "bombs.py").write_text(_BOMBS)
        (found,) = Machine(Path(folder)).run(_GROUP)
    kit_memory, kit_forks, memory, forks = found["causes"]
    for cause in (kit_memory, memory):
        assert "was killed by the kernel, most likely because it needed more memory" in cause
    for cause in (kit_forks, forks):
        assert cause.startswith("Line 2, `RUN f() {")
    assert found["slowest"] < AWAKE_SECONDS
    assert 100 < found["pids"] <= 150
    assert found["left"] == 0
    assert found["after"] == "still here\n"
    assert found["limit"] > 150_000_000
