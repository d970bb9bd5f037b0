from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from stagelab.engine import Check, Diagnosis, diagnosis, doctor, engine_checks, machine_checks
from stagelab.engine.endpoint import Endpoint
from stagelab.show import diagnosis as shown
from tests.unit.engine.conftest import pretended_engine


def named(result: Diagnosis, name: str) -> Check:
    return next(check for check in result.checks if check.name == name)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_checks, "_REGISTRY", "http://127.0.0.1:1/")
    monkeypatch.setattr(diagnosis, "_added", {})


def test_no_engine_is_a_failed_check_with_a_cure() -> None:
    began = time.monotonic()
    result = doctor()
    assert time.monotonic() - began < 3
    assert not result.ok
    assert named(result, "engine").ok is False
    assert named(result, "engine").fix
    assert named(result, "registry").ok is None


@pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")
def test_an_engine_is_described_and_later_rooms_add_their_checks(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    diagnosis.register_check(
        "bases", lambda _: [Check("bases", ok=False, found="none", fix="get them")]
    )
    with pretended_engine(short_path / "e") as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        result = doctor()
    assert named(result, "engine").ok
    assert "20.10.24" in named(result, "engine").found
    assert named(result, "bases").ok is False
    assert not result.ok


def test_little_disk_fails_and_unseen_disk_does_not() -> None:
    assert engine_checks.disk({"DockerRootDir": "/no/such/place"}).ok is None
    assert engine_checks.disk({}).ok is None


def test_little_disk_says_how_much_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine_checks, "_NEEDED_BYTES", 10**18)
    check = engine_checks.disk({"DockerRootDir": str(tmp_path)})
    assert check.ok is False
    assert "GB free" in check.found
    assert check.fix


@pytest.mark.parametrize(
    ("url", "ok"),
    [
        ("unix:///var/run/docker.sock", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://lab.example:2376", False),
        ("ssh://ada@lab.example", False),
    ],
)
def test_an_engine_elsewhere_cannot_publish_on_loopback(url: str, ok: bool) -> None:
    assert engine_checks.loopback(Endpoint(url, "DOCKER_HOST")).ok is ok


def test_optional_checks_do_not_fail_a_diagnosis_and_both_renderings_say_all() -> None:
    result = Diagnosis(
        (Check("a", ok=True, found="x"), Check("b<", ok=None, found="y", fix="maybe <that>"))
    )
    assert result.ok
    text, html = shown.text(result), shown.html(result)
    assert "to do: maybe <that>" in text
    assert "Ready" in text
    assert "maybe &lt;that&gt;" in html
    failed = Diagnosis((Check("c", ok=False, found="z", fix="do it"),))
    assert "Not ready yet: c" in shown.text(failed)
