from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import stagelab.engine as engine_room
from stagelab.cli import main, prepare
from stagelab.cli import test as command
from stagelab.engine import connecting, own


class Images:
    """The base images of a pretended engine."""

    def __init__(self) -> None:
        self.there = {"alpine:3.22"}

    def remove(self, reference: str) -> None:
        self.there.remove(reference)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An engine at the named address, where nothing may be started, stopped or installed."""
    images = Images()
    client = SimpleNamespace(
        images=images, version=lambda: {"Version": "28.5"}, info=lambda: {"Driver": "overlayfs"}
    )
    told: dict[str, Any] = {"images": images}

    def find(*, start: bool) -> SimpleNamespace:
        assert not start
        told["host"] = os.environ["DOCKER_HOST"]
        return SimpleNamespace(client=client, endpoint=SimpleNamespace(searched=False))

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the named engine alone is used")

    def get_bases(_: object, *, stand_ins: bool | None) -> None:
        told["stand_ins"] = stand_ins
        images.there |= {"golang:1.27", "debian:trixie-slim"}

    def run_all(_root: Path, _found: object, rest: list[str], _folder: Path) -> int:
        told["rest"] = rest
        if "--fail" in rest:
            raise KeyboardInterrupt
        return 0

    def clean(_: object, *, session: str) -> None:
        told["cleaned"] = session

    monkeypatch.setenv("DOCKER_HOST", "unix:///another")
    monkeypatch.setenv("STAGELAB_SESSION", "unit")
    monkeypatch.setattr(connecting, "find", find)
    monkeypatch.setattr(prepare, "get_engine", never)
    monkeypatch.setattr(prepare, "get_bases", get_bases)
    monkeypatch.setattr(own, "is_running", lambda: False)
    monkeypatch.setattr(own, "stop", never)
    monkeypatch.setattr(engine_room, "clean", clean)
    monkeypatch.setattr(command, "_present", lambda _: set(images.there))
    monkeypatch.setattr(command, "_get_browser", lambda: None)
    monkeypatch.setattr(command, "_run_all", run_all)
    return SimpleNamespace(told=told)


def test_a_named_engine_is_used_and_left_as_it_was(engine: SimpleNamespace) -> None:
    assert main(["test", "--engine", "unix:///named", "-k", "build"]) == 0
    assert engine.told["host"] == "unix:///named"
    assert engine.told["stand_ins"] is None
    assert engine.told["rest"] == ["-k", "build"]
    assert engine.told["cleaned"].startswith("test-")
    assert engine.told["images"].there == {"alpine:3.22"}


def test_it_is_left_as_it_was_after_an_interrupt_too(engine: SimpleNamespace) -> None:
    assert main(["test", "--engine", "unix:///named", "--stand-ins", "--fail"]) == 130
    assert engine.told["stand_ins"] is True
    assert engine.told["images"].there == {"alpine:3.22"}


@pytest.mark.parametrize("failing", ["", "tests/unit", "tests/engine"])
def test_a_failure_counts_wherever_it_is(
    failing: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for folder in ("tests/notebooks", "tests/safety", "tests/unit", "tests/engine"):
        (tmp_path / folder).mkdir(parents=True)
        name = folder.replace("/", "_")
        text = f"def test_{name}() -> None:\n    assert {folder != failing}\n"
        (tmp_path / folder / f"test_{name}.py").write_text(text)
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # they load for seconds
    code = command._everything(tmp_path, environment, tmp_path / "beside.txt")
    said = capfd.readouterr().out
    assert code == bool(failing)
    assert ("1 failed" in said) == bool(failing)
    passed = sum(map(int, re.findall(r"(\d+) passed", said)))
    assert passed == 4 - bool(failing)
