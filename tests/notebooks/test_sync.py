"""The exercises are what the solutions make of them, and give nothing away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stagelab.exercise import sync
from stagelab.exercise.tasks import TASKS
from tests.notebooks.conftest import ROOT, Stored, stored


def test_exercises_are_up_to_date() -> None:
    assert sync(ROOT, check=True) == ()


def test_a_stale_exercise_is_found(tmp_path: Path) -> None:
    for folder in ("solutions", "exercises"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    stale = tmp_path / "exercises" / "03_build_the_runtime_stage.ipynb"
    stale.write_text(stale.read_text(encoding="utf-8").replace("Write the", "Read the"))
    assert sync(tmp_path, check=True) == (stale,)


def test_every_task_has_an_answer_and_every_lesson_a_task() -> None:
    told = [
        cell.metadata["stagelab"]["task"]
        for solution in stored("solutions")
        for cell in solution.values[0].code
        if "stagelab" in cell.metadata
    ]
    assert sorted(told) == sorted(TASKS)
    assert {task[:2] for task in told} == {p.values[0].path.name[:2] for p in stored("lessons")}


@pytest.mark.parametrize("stored", stored("solutions"))
def test_every_solution_is_checked_and_passes(stored: Stored) -> None:
    tasks = [c.metadata["stagelab"]["task"] for c in stored.code if "stagelab" in c.metadata]
    source = "\n".join(cell.source for cell in stored.code)
    for task in tasks:
        assert f'check("{task}", ' in source
    verdicts = [cell for cell in stored.checked if "verdict.passed" in cell.source]
    assert len(verdicts) == len(tasks)
    for cell in verdicts:
        assert cell.outputs[0].text == "passed: True\n"


@pytest.mark.parametrize("stored", stored("exercises"))
def test_an_exercise_offers_hint_and_solution_without_giving_them(stored: Stored) -> None:
    source = "\n".join(cell.source for cell in stored.notebook.cells)
    for task in [c.metadata["stagelab"]["task"] for c in stored.code if "stagelab" in c.metadata]:
        assert f'# hint("{task}")' in source
        assert f'# solution("{task}")' in source
    assert "BEGIN SOLUTION" not in source
