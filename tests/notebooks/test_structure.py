"""What every notebook of the course must be, whatever it teaches."""

from __future__ import annotations

import re

import nbformat
import pytest

from stagelab.cli.pacing import pace
from stagelab.cli.slides import faults
from stagelab.exercise.quizzes import QUIZZES
from tests.notebooks.conftest import ROOT, Stored, stored

LESSONS = stored("lessons")
SOLUTIONS = stored("solutions")
EXERCISES = stored("exercises")
ALL = LESSONS + SOLUTIONS + EXERCISES

# A number with a unit of size, of time (minutes of a lesson's length apart) or of comparison.
MEASURE = re.compile(
    r"\b\d[\d.,]*\s?(?:%|bytes?\b|[kKMGT]i?B\b|ms\b|s\b|secs?\b|seconds?\b|times\b|x\b|files\b)"
)


def test_there_are_notebooks() -> None:
    assert len(LESSONS) >= 5
    assert [p.values[0].path.name for p in LESSONS] == [p.values[0].path.name for p in SOLUTIONS]
    assert [p.values[0].path.name for p in LESSONS] == [p.values[0].path.name for p in EXERCISES]


@pytest.mark.parametrize("stored", ALL)
def test_is_valid(stored: Stored) -> None:
    nbformat.validate(stored.notebook)
    ids = [cell.id for cell in stored.notebook.cells]
    assert len(ids) == len(set(ids))
    assert stored.notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("stored", LESSONS)
def test_opens_with_time_objectives_and_needs(stored: Stored) -> None:
    head = stored.notebook.cells[0]
    assert head.cell_type == "markdown"
    number = stored.path.name[:2]
    assert head.source.startswith(f"# {number} · ")
    for part in ("**Time** about", "minutes", "**You will**", "**You need**"):
        assert part in head.source


@pytest.mark.parametrize("stored", LESSONS)
def test_ends_with_what_was_learned_the_exercise_clean_up_and_progress(stored: Stored) -> None:
    text = "\n".join(cell.source for cell in stored.notebook.cells[-4:])
    assert stored.notebook.cells[-1].source == f'progress("{stored.path.name[:2]}")'
    for part in ("## What you learned", "**Your turn**", "## Clean up", "tidy()"):
        assert part in text


@pytest.mark.parametrize("stored", ALL)
def test_links_lead_somewhere(stored: Stored) -> None:
    for cell in stored.prose:
        for target in re.findall(r"\]\(([^)#]+)\)", cell.source):
            if "://" not in target:
                assert (stored.path.parent / target).exists(), target


@pytest.mark.parametrize("stored", LESSONS)
def test_has_the_length_of_a_lesson(stored: Stored) -> None:
    assert 15 <= len(stored.code) <= 25


@pytest.mark.parametrize("stored", LESSONS)
def test_asserts_at_least_five_verdicts(stored: Stored) -> None:
    assert len(stored.checked) >= 5


@pytest.mark.parametrize("stored", LESSONS + SOLUTIONS)
def test_checked_cells_have_stored_output(stored: Stored) -> None:
    for cell in stored.checked:  # a cell without stored output would never be compared
        assert cell.outputs, cell.source


@pytest.mark.parametrize("stored", LESSONS + SOLUTIONS)
def test_was_executed_from_top_to_bottom(stored: Stored) -> None:
    counts = [cell.execution_count for cell in stored.code]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("stored", EXERCISES)
def test_exercises_are_stored_without_output(stored: Stored) -> None:
    for cell in stored.code:
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.parametrize("stored", ALL)
def test_no_stored_error(stored: Stored) -> None:
    for cell in stored.code:
        kinds = [output.output_type for output in cell.outputs]
        assert "error" not in kinds, cell.source
        assert not [o for o in cell.outputs if o.get("name") == "stderr"], cell.source


@pytest.mark.parametrize("stored", ALL)
def test_prose_states_no_measured_number(stored: Stored) -> None:
    for cell in stored.prose:
        found = [m.group() for m in MEASURE.finditer(cell.source)]
        assert not found, f"{found} in: {cell.source}"


@pytest.mark.parametrize("stored", ALL)
def test_checks_are_asked_for_by_tag(stored: Stored) -> None:
    for cell in stored.code:
        assert "# NBVAL_" not in cell.source
        assert "raises-exception" not in cell.metadata.get("tags", ())


@pytest.mark.parametrize("stored", LESSONS)
def test_can_be_shown_as_slides(stored: Stored) -> None:
    assert faults(stored.notebook) == []


@pytest.mark.parametrize("stored", ALL)
def test_says_at_its_end_how_far_one_has_come(stored: Stored) -> None:
    assert stored.code[-1].source == f'progress("{stored.path.name[:2]}")'


@pytest.mark.parametrize("stored", LESSONS)
def test_asks_a_quiz_of_its_own(stored: Stored) -> None:
    asked = [name for cell in stored.code for name in re.findall(r'^quiz\("(.+)"\)$', cell.source)]
    assert sorted(asked) == sorted(name for name in QUIZZES if name[:2] == stored.path.name[:2])
    assert asked


@pytest.mark.parametrize("stored", LESSONS)
def test_states_the_time_that_it_takes(stored: Stored) -> None:
    asked = pace(stored.notebook)  # without what the cells run for, which is some minutes at most
    assert asked.stated is not None
    assert asked.minutes <= asked.stated <= 1.6 * asked.minutes


@pytest.mark.parametrize("stored", LESSONS)
def test_the_readme_lists_it_with_its_time(stored: Stored) -> None:
    stated = pace(stored.notebook).stated
    rows = (ROOT / "README.md").read_text("utf-8").splitlines()
    row = next(row for row in rows if f"(lessons/{stored.path.name})" in row)
    assert f"| {stated} |" in row


@pytest.mark.parametrize("stored", LESSONS)
def test_asks_for_a_prediction(stored: Stored) -> None:
    if stored.path.name[:2] != "00":  # it only sees that all is there
        assert any("predict(" in cell.source for cell in stored.code)
