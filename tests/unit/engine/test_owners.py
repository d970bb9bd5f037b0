"""Who made a thing, and whether its maker lives; folders that say whose they are."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.engine import owners, processes, temporary

NAME_ITSELF = "from stagelab.engine import owners; print(owners.me(), flush=True)"
WAIT = f"{NAME_ITSELF}\nimport sys; sys.stdin.read()"


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """Another process that waits for the end of its input, and names itself before."""
    with subprocess.Popen(
        [sys.executable, "-c", WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_this_process_lives() -> None:
    assert owners.me() == owners.me()
    assert owners.lives(owners.me()) is True


def test_another_process_lives_until_it_ends(other: subprocess.Popen[str]) -> None:
    name = said(other)
    assert name != owners.me()
    assert owners.lives(name) is True
    other.kill()
    other.wait()
    assert owners.lives(name) is False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_one_that_waits_for_its_parent_lives_no_more(other: subprocess.Popen[str]) -> None:
    name = said(other)
    os.kill(other.pid, signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
    assert owners.lives(name) is False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_number_that_was_given_anew_is_another_process() -> None:
    machine, pid, start = owners.me().split(".")
    assert owners.lives(f"{machine}.{pid}.{int(start) - 1}") is False
    assert owners.lives(f"{machine}.{pid}.") is True, "where no start is known, the number decides"


@pytest.mark.parametrize(
    "name", ["0123456789ab.1.2", "", ".", "x", "0123456789ab", "0123456789ab..", "a.b.c"]
)
def test_what_is_not_of_this_machine_cannot_be_known(name: str) -> None:
    assert owners.lives(name) is None


def test_no_process_has_these_numbers() -> None:
    machine = owners.me().partition(".")[0]
    assert owners.lives(f"{machine}.0.1") is False
    assert owners.lives(f"{machine}.{10**30}.1") is False
    assert owners.lives(f"{machine}.-1.1") is None, "-1 would be every process"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_is_another_owner() -> None:
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool:
        name = pool.apply(owners.me)
        assert name != owners.me()
        assert owners.lives(name) is True


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="namespaces need root")
def test_a_process_of_another_container_is_not_judged() -> None:
    # its numbers mean other processes here
    inside = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", NAME_ITSELF],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert inside.split(".")[0] != owners.me().split(".")[0]
    assert owners.lives(inside) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_whose_state_is_hidden_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    # as with /proc mounted with hidepid, for another user's process
    monkeypatch.setattr(processes, "_state", lambda _: [])
    assert processes.lives(os.getpid(), "1") is True


# folders


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made meanwhile."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folders_of_the_dead_go_and_all_others_stay(here: Path, tmp_path: Path) -> None:
    machine, pid, start = owners.me().split(".")
    dead = f"{machine}.{pid}.{int(start or 1) - 1}" if start else f"{machine}.{10**30}."
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (outside / "file").touch()
    stay = ["mine", f"stagelab-lint-{dead}", "stagelab-lint-0123456789ab.1.2.x", f"x-lint-{dead}.x"]
    for name in [*stay, f"stagelab-lint-{dead}.abc", f".making-{dead}.abc"]:
        (here / name / "inside").mkdir(parents=True)
    (here / f".writing-{dead}.abc").touch()
    (here / f"stagelab-lint-{dead}.link").symlink_to(outside)
    with temporary.folder("lint") as living:
        temporary.remove()
        assert {path.name for path in here.iterdir()} == {*stay, Path(living).name}
    assert (outside / "file").exists()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    temporary.remove(where=tmp_path / "missing")
    assert not (tmp_path / "missing").exists()
