from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stagelab.engine import apt, own, processes, setup
from stagelab.engine.lock import locked
from stagelab.engine.ownpaths import paths, write_config
from stagelab.errors import EngineNotFound, EngineUnreachable

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_files_lie_in_the_data_folder(short_path: Path) -> None:
    place = paths()
    assert place.home == place.runtime == short_path / "home" / "data" / "engine"
    assert not place.home.exists()


def test_a_deep_data_folder_gets_a_short_runtime_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / ("x" * 100)))
    place = paths()
    assert place.runtime != place.home
    assert len(os.fsencode(place.exec_root / "containerd/containerd-debug.sock.ttrpc")) < 100
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / ("y" * 100)))
    assert paths().runtime != place.runtime


def test_the_way_to_the_network_is_taken_over_and_nothing_else(tmp_path: Path) -> None:
    place = paths()
    place.home.mkdir(parents=True)
    machine = tmp_path / "daemon.json"
    machine.write_text('{"registry-mirrors": ["https://m"], "data-root": "/theirs", "debug": true}')
    write_config(place, machine)
    config = json.loads(place.config.read_text())
    assert config["registry-mirrors"] == ["https://m"]
    assert config["data-root"] == str(place.data_root)
    assert "debug" not in config
    assert "cgroup-parent" not in config
    write_config(place, machine, cgroup_parent="/ours")
    assert json.loads(place.config.read_text())["cgroup-parent"] == "/ours"
    machine.write_text("{")
    write_config(place, machine)
    assert json.loads(place.config.read_text())["hosts"] == [f"unix://{place.socket}"]


def test_what_was_never_set_up_has_no_status_and_nothing_to_stop() -> None:
    now = own.status()
    assert (now.set_up, now.running, now.pid) == (False, False, None)
    assert not own.stop()
    assert not own.remove()


@linux
def test_a_process_is_told_from_another_and_from_one_that_ended() -> None:
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        found = processes.find(sleeper.pid)
        assert found is not None
        assert processes.shares_network(sleeper.pid)
        assert processes.shares_files(sleeper.pid)
        while processes.find(sleeper.pid) != processes.Process(sleeper.pid, ("sleep", "60")):
            pass  # between fork and exec it still is this program
        processes.end([processes.Process(sleeper.pid, ("sleep", "60"))], patience=5)
        assert processes.find(sleeper.pid) is None  # a zombie until it is waited for


@linux
def test_what_does_not_listen_to_sigterm_is_killed() -> None:
    script = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        process = processes.find(stubborn.pid)
        assert process is not None
        processes.end([process], patience=0.2)
        assert stubborn.wait() == -9


def test_a_lock_is_held_against_other_processes_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    script = (
        "import sys; from pathlib import Path; from stagelab.engine.lock import locked\n"
        "with locked(Path(sys.argv[1]), timeout=0.2): pass"
    )
    command = [sys.executable, "-c", script, str(path)]
    with locked(path):
        held = subprocess.run(command, capture_output=True, text=True, check=False)
    free = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "TimeoutError" in held.stderr
    assert free.returncode == 0, free.stderr


def test_set_up_does_nothing_to_the_machine_without_agreement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own, "can_run", lambda: False)
    monkeypatch.setattr(own, "other_dockerd", lambda: None)
    monkeypatch.setattr(apt, "available", lambda: True)
    shown: list[str] = []

    def refuse(plan: setup.Plan) -> bool:
        shown.append(str(plan))
        return False

    with pytest.raises(EngineNotFound, match="none was to be installed"):
        setup.set_up(agree=refuse, progress=lambda *_: None)
    assert "docker.io" in shown[0]
    assert str(own.paths().home) in shown[0]


def test_set_up_never_runs_beside_another_dockerd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "can_run", lambda: True)
    monkeypatch.setattr(
        own, "other_dockerd", lambda: processes.Process(7, ("dockerd", "--host", "unix:///x"))
    )
    with pytest.raises(EngineUnreachable, match="process 7"):
        setup.set_up(agree=lambda _: True, progress=lambda *_: None)


def test_a_dead_named_engine_is_never_replaced_by_an_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "can_run", lambda: True)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(EngineUnreachable, match="no such socket"):
        setup.set_up(agree=lambda _: True, progress=lambda *_: None)
