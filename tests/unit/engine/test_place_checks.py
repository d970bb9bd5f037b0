from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from stagelab.engine import place_checks


def test_a_folder_that_is_not_there_yet_is_fine_and_stays_away(tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b"
    assert place_checks.folder("home", wanted, "").ok
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder that root cannot write to")
def test_a_folder_that_cannot_be_written_to_says_what_one_goes_without() -> None:
    check = place_checks.folder("cache", Path("/proc/self/stagelab"), "Images are read anew.")
    assert check.ok is None
    assert "Images are read anew." in check.found
    assert "STAGELAB_HOME" in check.fix


def test_a_full_folder_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(place_checks, "_FREE_BYTES", 10**18)
    check = place_checks.folder("cache", tmp_path, "")
    assert check.ok is None
    assert "GB free" in check.found


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder that root cannot write to")
def test_a_temp_folder_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_checks.temporary().ok
    monkeypatch.setattr("tempfile.tempdir", "/proc/self")
    check = place_checks.temporary()
    assert check.ok is False
    assert "TMPDIR" in check.fix


@pytest.mark.parametrize(
    ("text", "ok", "phrase"),
    [
        (None, True, "default context"),
        ('{"currentContext": "lab"}', True, "context lab"),
        ("{", False, "cannot be read"),
        ("[]", False, "cannot be read"),
        ('{"credsStore": "no-such"}', False, "docker-credential-no-such"),
        ('{"credHelpers": {"ghcr.io": "nor-this"}}', False, "docker-credential-nor-this"),
    ],
)
def test_docker_config(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, ok: bool, phrase: str
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    check = place_checks.docker_config()
    assert check.ok is ok
    assert phrase in check.found
    assert bool(check.fix) is not ok


@pytest.mark.skipif(sys.platform == "win32", reason="an executable without an ending")
def test_a_helper_on_path_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "docker-credential-here"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "config.json").write_text('{"credsStore": "here"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert place_checks.docker_config().ok


def test_a_taken_port_leads_to_the_next_and_none_is_a_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        first, second = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        assert f"gets {second}" in place_checks.ports([first, second]).found
        assert "is taken" in place_checks.ports([first, second]).found
        check = place_checks.ports([first])
    assert check.ok is False
    assert "--port" in check.fix


def test_a_kernel_of_another_python_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert place_checks.kernel().ok
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    for program, ok in (("python", True), (sys.executable, True), ("/opt/other/python", False)):
        spec.write_text(json.dumps({"argv": [program, "-m", "ipykernel_launcher"]}))
        assert place_checks.kernel().ok is ok
    assert "/opt/other/python" in place_checks.kernel().found


def test_a_second_course_is_told(tmp_path: Path) -> None:
    assert place_checks.course(tmp_path).ok
    other = tmp_path / "src" / "stagelab"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    check = place_checks.course(tmp_path / "src")
    assert check.ok is False
    assert "another" in check.found
