"""The own engine's control group, on folders that look like those of the kernel's two versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagelab.engine import cgroup
from stagelab.engine.ownpaths import Paths


@pytest.fixture
def place(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "engine", tmp_path / "engine")


def make(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_at_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_version_1(tmp_path: Path, place: Paths) -> None:
    root = make(tmp_path / "v1", memory__cgroup_at_procs="", pids__cgroup_at_procs="")
    name = cgroup.prepare(place, root)
    assert name is not None
    assert name.startswith("/stagelab-")
    limit = int((root / "memory" / name[1:] / "memory.limit_in_bytes").read_text())
    assert 100_000_000 < limit == cgroup._memory_bytes()
    pids = int((root / "pids" / name[1:] / "pids.max").read_text())
    assert 100 <= pids <= cgroup.PIDS
    assert cgroup.prepare(place, root) == name


def test_version_2(tmp_path: Path, place: Paths) -> None:
    root = make(tmp_path / "v2", cgroup_at_controllers="memory pids", cgroup_at_subtree_control="")
    name = cgroup.prepare(place, root)
    assert name is not None
    group = root / name[1:]
    assert (group / "memory.max").read_text() == str(cgroup._memory_bytes())
    assert (group / "pids.max").read_text() == str(cgroup._most_pids())
    assert (root / "cgroup.subtree_control").read_text() == "+pids"  # the last one that was written


def test_without_control_groups_there_is_none(tmp_path: Path, place: Paths) -> None:
    (tmp_path / "v0").mkdir()
    assert cgroup.prepare(place, tmp_path / "v0") is None
    assert list((tmp_path / "v0").iterdir()) == []
    assert cgroup.prepare(place, tmp_path / "nowhere") is None


def test_engines_have_groups_of_their_own_which_go_with_what_is_below(
    tmp_path: Path, place: Paths
) -> None:
    root = tmp_path / "v1"
    for controller in ("memory", "cpu"):
        (root / controller).mkdir(parents=True)
        (root / controller / "tasks").touch()
        (root / controller / cgroup._name(place) / "buildkit" / "x").mkdir(parents=True)
    other = cgroup._name(Paths(tmp_path / "other", tmp_path / "other"))
    (root / "cpu" / other).mkdir()
    cgroup.remove(place, root)
    assert list((root / "memory").glob("stagelab-*")) == []
    assert [folder.name for folder in (root / "cpu").glob("stagelab-*")] == [other]
