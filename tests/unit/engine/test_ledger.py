from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import docker
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stagelab import _home, _unwritable
from stagelab.engine import ledger
from stagelab.engine.labels import session


class Engine:
    """As much of a client as the ledger asks."""

    def __init__(self, identity: str, root: str) -> None:
        self._info = {"ID": identity, "DockerRootDir": root}

    def info(self) -> dict[str, str]:
        return self._info


def engine(identity: str, root: str = "/var/lib/docker") -> docker.DockerClient:
    return cast("docker.DockerClient", Engine(identity, root))


def test_records_come_back_in_order_and_by_engine() -> None:
    one, other = engine("A"), engine("A", "/elsewhere")
    ledger.record_image(one, "sha256:1")
    ledger.record_build(one, 1.5, 2.5, ["[1/2] FROM x", "[2/2] RUN y"])
    ledger.record_base(one, "sha256:2", "alpine:3.22")
    assert ledger.records(one) == (
        ledger.RecordedImage(session(), "sha256:1"),
        ledger.RecordedBuild(session(), 1.5, 2.5, ("[1/2] FROM x", "[2/2] RUN y")),
        ledger.RecordedBase(session(), "sha256:2", "alpine:3.22"),
    )
    assert ledger.records(other) == ()


def test_rewrite_drops_what_is_gone_and_the_file_when_empty() -> None:
    one = engine("B")
    for number in range(3):
        ledger.record_image(one, f"sha256:{number}")
    ledger.rewrite(one, lambda record: record.image_id == "sha256:1")  # type: ignore[union-attr]
    assert [record.image_id for record in ledger.records(one)] == ["sha256:1"]  # type: ignore[union-attr]
    ledger.rewrite(one, lambda _: False)
    assert ledger.records(one) == ()
    assert not list((_home.data_dir() / "ledger").glob("*.jsonl"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(damage=st.text())
def test_a_damaged_line_costs_only_itself(damage: str) -> None:
    one = engine("C")
    ledger.rewrite(one, lambda _: False)
    ledger.record_image(one, "sha256:1")
    path = ledger._path(one)
    with path.open("a", encoding="utf-8", errors="replace") as file:
        file.write(damage.replace("{", "(") + "\n")
    ledger.record_image(one, "sha256:2")
    found = [record.image_id for record in ledger.records(one)]  # type: ignore[union-attr]
    assert found == ["sha256:1", "sha256:2"]


def test_what_cannot_be_written_is_known_here_and_written_later(
    monkeypatch: pytest.MonkeyPatch, short_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_unwritable, "_told", set())
    one = engine("D")
    (short_path / "file").touch()
    monkeypatch.setenv("STAGELAB_HOME", str(short_path / "file"))
    ledger.record_image(one, "sha256:1")
    ledger.record_image(one, "sha256:2")
    ledger.rewrite(one, lambda record: record.image_id == "sha256:2")  # type: ignore[union-attr]
    assert [record.image_id for record in ledger.records(one)] == ["sha256:2"]  # type: ignore[union-attr]
    said = capsys.readouterr().err
    assert said.count("Note: the course cannot write to") == 1
    assert "Not a directory" in said
    (short_path / "file").unlink()
    ledger.record_image(one, "sha256:3")
    assert ledger._path(one).read_text().count("sha256:") == 2
    found = [record.image_id for record in ledger.records(one)]  # type: ignore[union-attr]
    assert found == ["sha256:2", "sha256:3"]


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
def test_half_a_line_is_taken_back() -> None:
    with pytest.raises(OSError, match="No space"):
        ledger._add(Path("/dev/full"), "{}\n")
