"""The same faults on the command line: what is said, on which stream, with which exit code."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stagelab.cli import jupyter
from tests.engine.namespace import needs_root_on_linux
from tests.faults.fault import counted, leave_nothing
from tests.faults.stage import Stage

pytestmark = needs_root_on_linux


def course(
    stage: Stage, *words: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of the course on the gate's engine, where no other engine is to be seen."""
    shell = 'mount -t tmpfs tmpfs /run\nexec "$@"'
    command = [str(shutil.which("unshare")), "--mount", str(shutil.which("sh")), "-ec", shell,
               "sh", sys.executable, "-m", "stagelab", *words]  # fmt: skip
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCKER_", "STAGELAB_"))}
    return subprocess.run(
        command,
        env={**inherited, "CI": "1", **stage.environment(), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    for part in ("Fix: ", *parts):
        assert part in " ".join(done.stderr.split()), done.stderr


def test_a_port_that_is_taken(stage: Stage, turn: int) -> None:
    assert turn >= 0
    with counted("port in use", "real: start --port of a port that is taken", "nothing") as row:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = course(stage, "start", "--allow-root", "--port", str(port))
            told(done, f"Port {port} cannot be used", "Leave --port out", "Address already in use")
        assert jupyter.choose_port(port) == port
        leave_nothing(row, stage.leftovers())


def test_the_next_free_port_is_taken_by_itself(stage: Stage, turn: int) -> None:
    assert turn >= 0
    with counted("port 8888 in use", "real: start without --port", "nothing") as row:
        first = jupyter.choose_port(None)
        with socket.create_server(("127.0.0.1", first)):
            assert jupyter.choose_port(None) > first
        leave_nothing(row, stage.leftovers())


@pytest.mark.parametrize("words", [("bases",), ("clean", "--dry-run")], ids=" ".join)
def test_no_engine(stage: Stage, words: tuple[str, ...], turn: int) -> None:
    assert turn >= 0
    with counted(f"no daemon: {words[0]}", "real: the socket is removed", "nothing") as row:
        stage.gate.shut()
        try:
            told(course(stage, *words), "no such socket", "Start the engine")
        finally:
            stage.gate.open()
        done = course(stage, *words)
        assert done.returncode == 0, done.stderr
        leave_nothing(row, stage.leftovers())


def test_the_doctor_without_an_engine(stage: Stage, turn: int) -> None:
    assert turn >= 0
    with counted("no daemon: doctor", "real: the socket is removed", "nothing") as row:
        stage.gate.shut()
        try:
            done = course(stage, "doctor")
        finally:
            stage.gate.open()
        assert done.returncode == 1, done.stdout + done.stderr
        assert "no such socket" in " ".join(done.stdout.split()), done.stdout
        leave_nothing(row, stage.leftovers())


def test_the_doctor_without_chromium(stage: Stage, turn: int, tmp_path: Path) -> None:
    assert turn >= 0
    with counted("missing Chromium", "real: a PATH without it", "browser tests") as row:
        for tool in ("git", "sh", "mount", "dockerd"):
            if found := shutil.which(tool):
                (tmp_path / tool).symlink_to(found)
        done = course(stage, "doctor", "--json", environment={"PATH": str(tmp_path)})
        checks = json.loads(done.stdout)["checks"]
        (found,) = [check for check in checks if check["name"] == "Chromium"]
        assert found["status"] == "note", "it is no hindrance"
        assert "not installed" in found["found"]
        assert "Only the tests need it" in found["fix"]
        leave_nothing(row, stage.leftovers())


def test_a_home_that_cannot_be_written(stage: Stage, turn: int) -> None:
    assert turn >= 0
    name = "read-only home: clean"
    with counted(name, "real: STAGELAB_HOME below /proc", "nothing") as row:
        done = course(
            stage, "clean", "--dry-run", environment={"STAGELAB_HOME": "/proc/nowhere/home"}
        )
        assert done.returncode == 0, done.stderr
        leave_nothing(row, stage.leftovers())
