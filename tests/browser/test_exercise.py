"""Quizzes, predictions and progress in JupyterLab in a browser, in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Page, expect

from stagelab.exercise.quizzes import QUIZZES
from tests.browser.conftest import Lab
from tests.browser.test_explorer import TIMEOUT, change_theme
from tests.browser.test_lab import open_notebook, run_all

NAME = "exercise/exercise.ipynb"
QUIZ = QUIZZES["03-a"]
CELLS = (
    "from stagelab import hint, predict, progress, quiz",
    'quiz("03-a")',
    'predict("Which one?", ["this", "that"], task="03-1", reveal="You will see.")',
    'hint("03-1")',
    'progress("03")',
    "progress()",
)


@pytest.fixture
def page(browser: Browser, course: Path) -> Iterator[Page]:
    place = course / NAME
    place.parent.mkdir(exist_ok=True)
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, place)
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_choice_explains_itself_and_is_kept(
    page: Page, lab: Lab, artifacts: Path, theme: str
) -> None:
    open_notebook(page, lab, NAME)
    change_theme(page, f"JupyterLab {theme}")
    assert run_all(page)["errors"] == 0
    outputs = page.locator(".jp-OutputArea")
    wrong = next(n for n, choice in enumerate(QUIZ.choices) if not choice.right)
    asked = outputs.filter(has_text="Choose one; every choice explains itself.")
    expect(asked).to_be_visible(timeout=TIMEOUT)
    asked.get_by_role("radio").nth(wrong).check()
    told = outputs.filter(has_text="not so")
    expect(told).to_contain_text(QUIZ.choices[wrong].why.partition("`")[0].strip())
    predicted = outputs.filter(has_text="Predict: Which one?")
    predicted.get_by_role("radio").nth(1).check()
    expect(predicted).to_contain_text("You will see.")
    page.screenshot(path=artifacts / f"exercise-{theme.lower()}.png")
    assert run_all(page)["errors"] == 0
    line = outputs.filter(has_text="tasks of the course passed").first
    expect(line).to_contain_text("Exercise 03:")
    expect(page.get_by_role("row", name="03")).to_contain_text("1 of ")


def test_stored_without_a_kernel_choices_unfold(page: Page, course: Path) -> None:
    from nbconvert import HTMLExporter  # noqa: PLC0415 - takes its time

    from stagelab.exercise import quiz  # noqa: PLC0415 - as above

    cell = new_code_cell('quiz("03-a")')
    data = {"text/html": quiz("03-a")._repr_mimebundle_()["text/html"]}
    cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
    body, _ = HTMLExporter().from_notebook_node(new_notebook(cells=[cell]))
    place = course / "exercise" / "quiz.html"
    place.write_text(body, "utf-8")
    page.goto(place.as_uri(), wait_until="domcontentloaded")
    why = page.get_by_text(QUIZ.choices[0].why.partition("`")[0].strip())
    expect(why).to_be_hidden()
    page.locator("summary").first.click()
    expect(why).to_be_visible()
