from __future__ import annotations

import getpass
import json
import socket
from pathlib import Path

import pytest

import stagelab
from stagelab.engine import report
from stagelab.engine.checks import Check, Diagnosis, EngineFacts

FACTS = EngineFacts(
    product="Docker",
    version="28.5.2",
    api="1.51",
    storage="overlayfs",
    system="a system",
    kernel="6.12",
    architecture="x86_64",
    cgroups="2",
    memory_bytes=8_000_000_000,
    processors=4,
    rootless=False,
    own=False,
)


def test_it_has_the_keys_that_its_help_names() -> None:
    result = report.report(Diagnosis((Check("base images", ok=None, found="x"),), FACTS, 1.2))
    assert json.loads(json.dumps(result)) == result
    assert set(result) == {"schema", "stagelab", "ok", "seconds", "platform", "engine", "checks"}
    assert result["schema"] == 1
    assert result["engine"]["storage"] == "overlayfs"
    assert result["checks"] == [
        {
            "id": "base-images",
            "name": "base images",
            "status": "note",
            "found": "x",
            "fix": "",
            "milliseconds": None,
        }
    ]
    assert report.report(Diagnosis(()))["engine"] is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/home/ada/.docker/config.json", "~/.docker/config.json"),
        ("unix:///Users/ada/.colima/d.sock", "unix://~/.colima/d.sock"),
        (r"C:\Users\Ada L\x", r"~ L\x"),
        ("ssh://ada@lab.example", "ssh://lab.example"),
        ("http://ada:word@proxy:3128 is", "http://proxy:3128 is"),
        ("user grace on GRACE-LAPTOP, graceful", "user USER on HOST, graceful"),
        ("root docker", "root docker"),
    ],
)
def test_nobody_is_named(monkeypatch: pytest.MonkeyPatch, text: str, left: str) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "grace")
    monkeypatch.setattr(socket, "gethostname", lambda: "grace-laptop")
    assert report.nameless(text) == left


def test_this_home_and_this_course_are_no_paths_of_anybody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert report.nameless(f"{tmp_path}/.cache") == "~/.cache"
    assert report.nameless(str(Path(stagelab.__file__))) == "COURSE/src/stagelab/__init__.py"


def test_a_user_without_a_name_or_home_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert report.nameless("fine") == "fine"
