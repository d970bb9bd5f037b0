"""`xray` on the command line, with a real image and an archive of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from stagelab.bases import Base
from stagelab.image import xray


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> None:
    assert "alpine" in bases


def _said(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "stagelab", "xray", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_prints_what_a_notebook_shows(client: docker.DockerClient) -> None:
    seen = xray("alpine:3.22", client=client)
    assert _said("alpine:3.22").strip() == str(seen).strip()


def test_it_gives_the_facts_as_json(client: docker.DockerClient) -> None:
    told = json.loads(_said("alpine:3.22", "--json"))
    seen = xray("alpine:3.22", client=client)
    assert told == json.loads(json.dumps(seen.to_dict()))
    assert told["size_bytes"] == seen.size_bytes


def test_it_lists_the_parts(client: docker.DockerClient) -> None:
    told = json.loads(_said("alpine:3.22", "--sbom"))
    assert told["bomFormat"] == "CycloneDX"
    names = {part["name"] for part in told["components"]}
    assert {package.name for package in xray("alpine:3.22", client=client).packages} <= names


def test_it_puts_an_archive_beside_an_image(client: docker.DockerClient, tmp_path: Path) -> None:
    archive = tmp_path / "alpine.tar"
    with archive.open("wb") as file:
        file.writelines(client.images.get("alpine:3.22").save())
    told = json.loads(_said("alpine:3.22", str(archive), "--json"))
    first, second = told["xrays"]
    assert first["size_bytes"] == second["size_bytes"] > 0
    assert [layer["diff_id"] for layer in first["layers"]] == [
        layer["diff_id"] for layer in second["layers"]
    ]


@pytest.mark.parametrize("name", ["no-such-image:at-all", "x" * 300])
def test_it_says_what_is_wrong_without_a_traceback(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stagelab", "xray", name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert name[:20] in done.stderr
    assert "Traceback" not in done.stderr
