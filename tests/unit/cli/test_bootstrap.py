"""The bootstrap at the top of the repository, without a network: `pip` is a stand-in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.helpers import bootstrap

_ROOT = Path(__file__).parents[3]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The bootstrap, in a folder of its own, that notes its slow steps in place of doing them."""
    shutil.copy(_ROOT / "course", tmp_path / "course")
    shutil.copy(_ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(_ROOT / "locks", tmp_path / "locks")
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    module = bootstrap(tmp_path)
    vars(module)["steps"] = []
    monkeypatch.setattr(module, "follow", lambda _, command: module.steps.append(_told(command)))
    monkeypatch.setattr(module, "works", lambda: True)
    monkeypatch.delenv("STAGELAB_UNLOCKED", raising=False)
    return module


def _told(command: list[str]) -> str:
    """Tell a step in short: what is made, which locks are installed, or what is without them."""
    if "--requirement" not in command:
        return " ".join(word for word in command[-2:] if word not in {"venv", "--editable"})
    assert {"--require-hashes", "--no-deps"} <= set(command)
    return " ".join(Path(word).stem for word in command if word.endswith(".txt"))


def test_the_first_run_installs_and_the_second_does_nothing(course: ModuleType) -> None:
    course.prepare([])
    assert course.steps == [str(course.VENV), "course", "."]
    course.steps.clear()
    course.prepare([])
    assert course.steps == []


def test_the_tests_need_more_and_what_is_there_stays(course: ModuleType) -> None:
    course.prepare([])
    course.steps.clear()
    course.prepare(["slides", "test"])
    course.prepare([])
    course.prepare(["test"])
    assert course.steps == ["course slides test", "."]


def test_without_the_locks_only_if_asked_and_then_it_stays_so(
    course: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.prepare([])
    course.steps.clear()
    monkeypatch.setenv("STAGELAB_UNLOCKED", "1")
    course.prepare([])
    assert course.steps == [str(course.VENV), "."]
    course.steps.clear()
    monkeypatch.delenv("STAGELAB_UNLOCKED")
    course.prepare([])
    assert course.steps == []
    course.prepare(["slides"])
    assert course.steps == [".[slides]"]


def _changed_lock(course: ModuleType) -> None:
    with (course.LOCKS / "course.txt").open("a") as file:
        file.write("# changed\n")


def _changed_dependencies(course: ModuleType) -> None:
    with (course.ROOT / "pyproject.toml").open("a") as file:
        file.write("# changed\n")


def _interrupted(course: ModuleType) -> None:
    course.STAMP.unlink()


def _damaged_stamp(course: ModuleType) -> None:
    course.STAMP.write_text("{")


def _broken_interpreter(course: ModuleType) -> None:
    vars(course)["works"] = lambda: False


@pytest.mark.parametrize(
    "harm",
    [_changed_dependencies, _changed_lock, _interrupted, _damaged_stamp, _broken_interpreter],
)
def test_what_is_not_whole_is_made_anew(
    course: ModuleType, harm: Callable[[ModuleType], None]
) -> None:
    course.prepare([])
    (course.VENV / "old").touch()
    course.steps.clear()
    harm(course)
    course.prepare([])
    assert course.steps == [str(course.VENV), "course", "."]
    assert not (course.VENV / "old").exists()


def test_an_environment_of_the_user_is_not_touched(course: ModuleType) -> None:
    course.VENV.mkdir()
    (course.VENV / "theirs").touch()
    with pytest.raises(course.Stop, match="not made by the course"):
        course.prepare([])
    assert (course.VENV / "theirs").exists()
    assert course.steps == []


def test_a_failed_step_says_the_last_words_and_a_cure(
    course: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    missing = str(tmp_path / "missing.py")
    with pytest.raises(course.Stop, match="Fix: ") as caught:
        course.follow("Trying", [__import__("sys").executable, missing])
    assert "missing.py" in str(caught.value)


def test_help_installs_nothing(course: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        course.main(["start", "--help"])
    assert caught.value.code == 0
    assert "--once" in capsys.readouterr().out
    assert course.steps == []


def test_an_old_python_is_told_so(
    course: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(course.sys, "version_info", (3, 9, 0))
    monkeypatch.setattr(course.shutil, "which", lambda _: None)
    assert course.main(["start"]) == 1
    assert "needs Python 3.11" in capsys.readouterr().err
