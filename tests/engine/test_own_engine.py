"""The life of the course's own engine, with real daemons on a machine of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.engine import processes
from tests.engine.namespace import Machine, needs_root_on_linux

pytestmark = needs_root_on_linux

_TOOLS = """
ENGINE="$STAGELAB_HOME/data/engine"
course() { "$PYTHON" -W error -m stagelab "$@"; }
status() {
    "$PYTHON" -W error -c '
import json
from stagelab.engine import leftovers, own
now = own.status()
parts = [p.program for p in leftovers.running(own.paths())]
print(json.dumps({"running": now.running, "pid": now.pid, "set_up": now.set_up, "parts": parts}))'
}
"""


@pytest.fixture
def machine() -> Iterator[Machine]:
    # pytest's own folders are so deep that sockets would not fit
    with tempfile.TemporaryDirectory(prefix="stagelab-") as folder:
        yield Machine(Path(folder))


def test_start_is_done_once_and_stop_leaves_nothing_running(machine: Machine) -> None:
    before, started, again, stopped = machine.run(
        _TOOLS
        + """
        status
        course engine start >&2; status
        course engine start >&2; status
        course engine stop >&2; status
        """
    )
    assert before == {"running": False, "pid": None, "set_up": False, "parts": []}
    assert started["running"]
    assert "containerd" in started["parts"]
    assert again["pid"] == started["pid"]
    assert stopped == {"running": False, "pid": None, "set_up": True, "parts": []}


def test_a_killed_daemon_is_started_anew(machine: Machine) -> None:
    first, dead, second = machine.run(
        _TOOLS
        + """
        course engine start >&2; status
        kill -9 $(cat "$ENGINE/dockerd.pid"); sleep 0.2; status
        course engine start >&2; status
        """
    )
    assert first["running"]
    assert not dead["running"]
    assert second["running"]
    assert second["pid"] != first["pid"]


def test_a_containerd_that_outlived_its_daemon_is_ended(machine: Machine) -> None:
    (left, right) = machine.run(
        _TOOLS
        + """
        course engine start >&2; course engine stop >&2
        mkdir -p "$ENGINE/exec/containerd"
        # what a killed daemon can leave: its containerd, that still holds the old socket
        echo 'version = 2' > "$ENGINE/exec/containerd/containerd.toml"
        setsid containerd --config "$ENGINE/exec/containerd/containerd.toml" \\
            --root "$ENGINE/exec/containerd/root" --state "$ENGINE/exec/containerd/state" \\
            --address "$ENGINE/exec/containerd/containerd.sock" </dev/null >/dev/null 2>&1 &
        sleep 1; status
        course engine start >&2; status
        """
    )
    assert left["parts"] == ["containerd"]
    assert right["running"]
    assert right["parts"].count("containerd") == 1


def test_pidfiles_that_name_other_programs_are_no_hindrance(machine: Machine) -> None:
    # as after a reboot: the files are there, their numbers belong to others
    (stale, started, stopped) = machine.run(
        _TOOLS
        + """
        course engine start >&2; course engine stop >&2
        sleep 300 & OTHER=$!
        mkdir -p "$ENGINE/exec/containerd"
        echo $OTHER > "$ENGINE/dockerd.pid"; echo $OTHER > "$ENGINE/exec/containerd/containerd.pid"
        touch "$ENGINE/docker.sock"
        status
        course engine start >&2; status
        course engine stop >&2; status
        kill -0 $OTHER
        """
    )
    assert not stale["running"]
    assert started["running"]
    assert not stopped["running"]


def test_it_holds_no_pipe_of_who_started_it(machine: Machine) -> None:
    (after,) = machine.run(
        _TOOLS
        + """
        # cat ends when the last holder of the pipe has closed it
        timeout 60 bash -c '"$PYTHON" -m stagelab engine start | cat' >&2
        status
        """
    )
    assert after["running"]


def test_many_that_start_at_once_get_one_engine(machine: Machine) -> None:
    (after,) = machine.run(
        _TOOLS
        + """
        STARTING=
        for i in $(seq 6); do course engine start >&2 & STARTING="$STARTING $!"; done
        for one in $STARTING; do wait $one; done
        status
        """
    )
    assert after["running"]
    assert after["parts"].count("dockerd") == 1


def test_connect_starts_it_again_after_a_stop(machine: Machine) -> None:
    (found,) = machine.run(
        _TOOLS
        + """
        course engine start >&2; course engine stop >&2
        "$PYTHON" -W error -c '
import json
from stagelab.engine import connect, is_own_engine
print(json.dumps({"own": is_own_engine(connect())}))'
        """
    )
    assert found == {"own": True}


def test_it_does_not_start_beside_another_dockerd(machine: Machine) -> None:
    (refused,) = machine.run(
        _TOOLS
        + """
        O="$STAGELAB_HOME/other"; mkdir -p "$O"
        setsid dockerd --host unix://$O/d.sock --data-root $O/data --exec-root $O/exec \\
            --pidfile $O/pid --iptables=false </dev/null >/dev/null 2>&1 &
        for i in $(seq 100); do test -S $O/d.sock && break; sleep 0.1; done
        if course engine start 2> "$O/said" >&2; then exit 9; fi
        grep -q 'A dockerd runs here' "$O/said" || { cat "$O/said"; exit 8; }
        status
        kill $(cat $O/pid); while test -e $O/pid; do sleep 0.1; done
        """
    )
    assert not refused["running"]


def test_a_failed_start_says_what_the_daemon_said(machine: Machine) -> None:
    (said,) = machine.run(
        _TOOLS
        + """
        mkdir -p "$ENGINE"; echo no folder > "$ENGINE/data"
        "$PYTHON" -W error -c '
import json
from stagelab.engine import own
from stagelab.errors import EngineStartFailed
try:
    own.start()
except EngineStartFailed as error:
    words = {"cause": error.cause, "detail": error.detail, "set_up": own.is_set_up()}
    print(json.dumps(words))'
        """
    )
    assert "did not start" in said["cause"]
    assert str(machine.home / "data" / "engine" / "data") in said["detail"]
    assert not said["set_up"]


def test_removing_it_leaves_no_file_and_no_process(machine: Machine) -> None:
    before, after = machine.run(
        _TOOLS
        + """
        course engine start >&2; status
        course clean --engine >&2; status
        test ! -e "$ENGINE"
        """
    )
    assert before["running"]
    assert after == {"running": False, "pid": None, "set_up": False, "parts": []}


def test_a_deep_folder_gets_short_socket_paths(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 12) / ("deeper" * 8)
    deep.mkdir(parents=True)
    started, stopped = Machine(deep).run(
        _TOOLS
        + """
        course engine start >&2; status
        grep -q 'unix:///run/stagelab-' "$ENGINE/daemon.json"
        course engine stop >&2; status
        """
    )
    assert started["running"]
    assert stopped["parts"] == []


def test_a_daemon_of_another_root_is_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    for folder in ("bin", "lib", "lib64"):
        (tmp_path / folder).symlink_to(f"usr/{folder}")
    script = f"mount --bind /usr {tmp_path}/usr && chroot {tmp_path} sleep 60"
    command = ["unshare", "--mount", "bash", "-c", script]
    with subprocess.Popen(command, start_new_session=True) as inside:
        try:
            deadline = time.monotonic() + 10
            sleeping: list[int] = []
            while not sleeping and time.monotonic() < deadline:
                sleeping = [
                    p.pid
                    for p in processes.all_processes()
                    if p.program == "sleep" and os.getpgid(p.pid) == inside.pid
                ]
            assert sleeping
            assert not processes.shares_files(sleeping[0])
        finally:
            os.killpg(inside.pid, signal.SIGKILL)
