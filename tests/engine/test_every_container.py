"""Every container that lessons, solutions, exercises, checks and tests started was caged.

This module's last test is moved to the end of the whole run (`tests/conftest.py`) and looks at all
that the recorder has seen.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import docker
import pytest

from stagelab.bases import Base
from stagelab.containers import run
from stagelab.containers.cage import caged
from stagelab.engine.labels import labels
from tests.recorder import TOOL, Recorder, holes

ROOT = Path(__file__).parents[2]
ALPINE = "alpine:3.22"
STARTS = re.compile(r"containers\.(?:run|create)\(|create_container\(|\bdocker run\b|docker create")


def attrs_of(client: docker.DockerClient, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """What the engine says of a container that is made and never started."""
    container = client.containers.create(ALPINE, ["true"], labels=labels() | TOOL, **options)
    try:
        return dict(container.attrs)
    finally:
        container.remove(v=True)


def test_what_is_not_caged_is_told(client: docker.DockerClient, bases: dict[str, Base]) -> None:
    assert "alpine" in bases
    bare = holes(attrs_of(client))
    assert {"it has a network", "it keeps capabilities", "its memory has no limit"} <= set(bare)
    assert {"its processes have no limit", "its files have no limit"} <= set(bare)
    opened = holes(
        attrs_of(
            client,
            privileged=True,
            pid_mode="host",
            ports={"80/tcp": None},
            volumes=["/data", "/tmp:/host"],
            restart_policy={"Name": "always"},
        )
    )
    assert {
        "it is privileged",
        "it shares a namespace",
        "a port is open to others",
        "it sees a folder of the computer",
        "it starts again by itself",
    } <= set(opened)


def test_what_is_caged_has_no_holes(client: docker.DockerClient, bases: dict[str, Base]) -> None:
    assert "alpine" in bases
    with caged(client, ALPINE, ["true"]) as container:
        assert holes(container.attrs) == []
    with caged(client, ALPINE, ["true"], port=80, read_only=False, tmp=False) as container:
        assert holes(container.attrs) == []


def test_containers_are_started_in_few_places() -> None:
    """What the recorder cannot see, a container without the course's label, is not written."""
    found = set()
    for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("benchmarks/*.py")]:
        if STARTS.search(path.read_text(encoding="utf-8")):
            found.add(path.relative_to(ROOT).as_posix())
    for path in ROOT.glob("*/*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        if any(STARTS.search(text) for text in code):
            found.add(path.relative_to(ROOT).as_posix())
    assert found == {
        "src/stagelab/engine/placing.py",  # where `caged` makes its containers
        "lessons/01_build_in_one_stage.ipynb",  # by the SDK alone, with `CAGE`
    }


def test_every_container_of_this_run_was_caged(recorder: Recorder, bases: dict[str, Base]) -> None:
    assert "alpine" in bases
    words = f"seen-{time.monotonic_ns()}"
    assert run(ALPINE, "echo", words).stdout == f"{words}\n"
    for _ in range(50):
        if any(words in seen.attrs.get("Args", ()) for seen in recorder.started.values()):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the recorder did not see a container that was started just now")
    assert recorder.listens
    seen = list(recorder.started.values())
    known = [each for each in seen if each.attrs]
    # One that was gone before it was looked at must at least be one that `caged` made.
    gone = [each for each in seen if not each.attrs]
    assert all(each.caged_by_name for each in gone), gone
    assert len(gone) <= len(seen) / 20
    judged = [each for each in known if each.judged]
    open_ = {each.name: found for each in judged if (found := holes(each.attrs))}
    assert open_ == {}
