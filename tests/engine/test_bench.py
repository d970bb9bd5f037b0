"""`bench build` on the real engine, with contexts of a few kilobytes: it measures every case."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import docker
import pytest

from benchmarks.workbench import Workbench
from stagelab.bases import Base
from stagelab.engine import buildcache, ledger
from stagelab.engine.labels import COURSE_LABEL, SESSION_LABEL, session
from stagelab.engine.ledger import RecordedBuild

_CASES = ["cached", "cold", "context", "files", "ignored", "import", "memory"]
_XRAY_CASES = ["archive", "cold", "memory", "pair", "scratch", "warm"]


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> None:
    assert {"alpine", "golang"} <= set(bases)


def _command(*options: str) -> list[str]:
    return [sys.executable, "-m", "stagelab", "bench", "build", "--scale", "1e-4", *options]


def _left(client: docker.DockerClient) -> list[str]:
    """Sessions of benchmarks that left an image on the engine."""
    images = client.api.images(all=True, filters={"label": f"{COURSE_LABEL}=1"})
    sessions = [(image["Labels"] or {}).get(SESSION_LABEL, "") for image in images]
    return [session for session in sessions if session.startswith("bench-")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The samples of a trial with one run of each case."""
    folder = tmp_path_factory.mktemp("bench")
    done = subprocess.run(
        _command("--runs", "1", "--json", str(folder / "samples.json")),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads((folder / "samples.json").read_text())
    told["printed"] = done.stdout
    told["folders"] = [path.name for path in folder.iterdir()]
    return told


def test_every_case_has_positive_samples(report: dict[str, Any]) -> None:
    assert sorted({row["case"] for row in report["rows"]}) == _CASES
    for row in report["rows"]:
        assert all(sample > 0 for sample in [*row["ours"], *row["theirs"]])
        assert f"\n{row['case']} " in report["printed"]
    held = {row["case"] for row in report["rows"] if row["goal"] is not None}
    assert sorted(held) == _CASES
    assert "this is a trial" in report["title"]


def test_it_says_what_it_ran_on(report: dict[str, Any], client: docker.DockerClient) -> None:
    said = report["environment"]
    assert said["engine"].startswith(client.version()["Version"])
    assert shutil.which("docker") is not None
    assert "/docker)" in said["docker"]
    assert "golang:" in said["bases"]


def test_nothing_is_left(report: dict[str, Any], client: docker.DockerClient) -> None:
    assert report["folders"] == ["samples.json"]
    assert _left(client) == []


def test_what_a_rival_leaves_in_the_build_cache_is_removed(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    salt = secrets.token_hex(8)
    (tmp_path / "Dockerfile").write_text(f"FROM alpine:3.22\nRUN echo {salt}\n")

    def salted() -> list[dict[str, Any]]:
        found = buildcache.cache_records(client)
        return [record for record in found if salt in record["Description"]]

    mine = session()
    with Workbench() as bench:
        assert session() != mine
        for name, rival in bench.rivals.items():
            rival.build(tmp_path, f"stagelab/bench:{name.replace(' ', '-')}", "--no-cache")
        assert salted()
        bench.remember()
        builds = [r for r in ledger.records(client) if r.session == session()]
        known = [record for record in builds if isinstance(record, RecordedBuild)]
        assert buildcache.ours(salted(), known) == salted()
    assert salted() == []
    assert session() == mine


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
def test_nothing_is_left_after_ctrl_c(client: docker.DockerClient, tmp_path: Path) -> None:
    with subprocess.Popen(
        _command("--only", "context", "--runs", "1000"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert "context" in process.stdout.readline()
        time.sleep(1)  # it is in the midst of its runs
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    assert _left(client) == []


def test_x_rays_are_measured_against_others_in_every_case(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    words = ["xray", "--scale", "0.1", "--runs", "1", "--json", str(tmp_path / "samples.json")]
    done = subprocess.run(
        [sys.executable, "-m", "stagelab", "bench", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "samples.json").read_text())
    assert sorted({row["case"] for row in told["rows"]}) == _XRAY_CASES
    held = {row["case"] for row in told["rows"] if row["goal"] is not None}
    assert sorted(held) == _XRAY_CASES
    assert all(sample > 0 for row in told["rows"] for sample in row["ours"])
    assert "syft" in {row["rival"] for row in told["rows"]}
    assert "this is a trial" in told["title"]
    assert [path.name for path in tmp_path.iterdir()] == ["samples.json"]
    assert _left(client) == []
