"""The file of a learner's progress: whole, or set aside."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from stagelab.exercise import record


def tried(noted: dict[str, Any]) -> None:
    noted["tries"] = noted.get("tries", 0) + 1


def test_what_is_noted_is_read(progress_file: Path) -> None:
    assert record.read() == {"tasks": {}, "quizzes": {}}
    record.note("tasks", "03-1", tried)
    record.note("tasks", "03-1", tried)
    assert record.read()["tasks"] == {"03-1": {"tries": 2}}
    assert json.loads(progress_file.read_text())["version"] == 1
    assert record.is_kept()


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[]",
        '{"version": 2}',
        '{"version": 1, "tasks": []}',
        '{"version": 1, "tasks": {"a": 1}}',
    ],
)
def test_a_broken_file_is_set_aside(progress_file: Path, broken: str) -> None:
    progress_file.write_text(broken)
    assert record.read()["tasks"] == {}
    assert progress_file.read_text() == broken  # reading changes nothing
    record.note("tasks", "03-1", tried)
    assert record.read()["tasks"] == {"03-1": {"tries": 1}}
    assert progress_file.with_name("progress.broken-1.json").read_text() == broken


def test_each_broken_file_has_its_own_place(progress_file: Path) -> None:
    for text in ("one", "two"):
        progress_file.write_text(text)
        record.note("tasks", "03-1", tried)
    kept = [progress_file.with_name(f"progress.broken-{n}.json").read_text() for n in (1, 2)]
    assert kept == ["one", "two"]


def test_bytes_that_are_no_text_are_set_aside(progress_file: Path) -> None:
    progress_file.write_bytes(b"\xff\x00")
    record.note("tasks", "03-1", tried)
    assert record.read()["tasks"] == {"03-1": {"tries": 1}}


def test_a_crash_in_the_middle_leaves_the_old_file(
    progress_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.note("tasks", "03-1", tried)

    def crash(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        record.note("tasks", "03-1", tried)
    assert json.loads(progress_file.read_text())["tasks"] == {"03-1": {"tries": 1}}
    assert sorted(path.name for path in progress_file.parent.iterdir()) == [
        "progress.json",
        "progress.json.lock",
    ]


def test_where_nothing_can_be_written_it_lasts_as_long_as_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(record.VARIABLE, str(tmp_path / "file" / "progress.json"))
    record.note("tasks", "03-1", tried)
    record.note("tasks", "03-1", tried)
    assert record.read()["tasks"] == {"03-1": {"tries": 2}}
    assert not record.is_kept()


def test_what_could_not_be_written_is_written_once_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "folder"
    blocked.write_text("")
    monkeypatch.setenv(record.VARIABLE, str(blocked / "progress.json"))
    record.note("tasks", "03-1", tried)
    blocked.unlink()
    record.note("tasks", "03-2", tried)
    assert record.is_kept()
    assert json.loads((blocked / "progress.json").read_text())["tasks"].keys() == {"03-1", "03-2"}


def test_what_waits_is_added_to_what_another_kernel_wrote(
    progress_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    record.note("tasks", "03-1", tried)
    with monkeypatch.context() as patch:
        patch.setattr(record, "_write", full)
        for _ in range(3):
            record.note("tasks", "03-1", tried)
        assert record.read()["tasks"] == {"03-1": {"tries": 4}}
    progress_file.write_text('{"version": 1, "tasks": {"03-2": {"tries": 7}}}')
    record.note("tasks", "03-1", tried)
    assert record.read()["tasks"] == {"03-1": {"tries": 4}, "03-2": {"tries": 7}}
    assert record.is_kept()


def test_kernels_do_not_undo_each_other(progress_file: Path) -> None:
    context = multiprocessing.get_context("spawn")
    kernels = [
        context.Process(target=_note_often, args=(name,)) for name in ("03-1", "03-2", "03-1")
    ]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join()
    assert {name: each["tries"] for name, each in record.read()["tasks"].items()} == {
        "03-1": 40,
        "03-2": 20,
    }
    assert progress_file.is_file()


def _note_often(name: str) -> None:
    for _ in range(20):
        record.note("tasks", name, tried)


def test_beginning_anew_sets_the_file_aside(progress_file: Path) -> None:
    assert record.forget() is None
    record.note("tasks", "03-1", tried)
    aside = record.forget()
    assert aside == progress_file.with_name("progress.old-1.json")
    assert aside.is_file()
    assert record.read()["tasks"] == {}
