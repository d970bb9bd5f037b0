"""A lesson in JupyterLab in a browser, from the first cell to the last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Lab

RUN_TIMEOUT = 600_000  # milliseconds; the first build of a lesson may have to compile

FACTS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = Array.from(panel.content.widgets).filter(w => w.model.type === 'code');
  return {
    cells: cells.length,
    executed: cells.filter(w => w.model.executionCount !== null).length,
    errors: cells.flatMap(w => Array.from({length: w.model.outputs.length},
      (_, i) => w.model.outputs.get(i))).filter(o => o.type === 'error').length,
    idle: panel.sessionContext.session?.kernel?.status === 'idle',
  };
}"""


@pytest.fixture
def page(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    return context.new_page()


def open_notebook(page: Page, lab: Lab, notebook: str) -> None:
    page.goto(lab.page_of(notebook))
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell", timeout=60_000)
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        " === 'idle'",
        timeout=60_000,
    )


def run_all(page: Page) -> dict[str, int]:
    """Clear what is stored, then run every cell; gives what the notebook then holds."""
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.evaluate(
        "() => { window.runEnded = false;"
        " window.ran = window.jupyterapp.commands.execute('notebook:run-all-cells')"
        ".then(() => { window.runEnded = true; }); }"
    )
    page.wait_for_function("() => window.runEnded === true", timeout=RUN_TIMEOUT)
    facts: dict[str, int] = page.evaluate(FACTS)
    return facts


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_lesson_01_runs_to_its_end(page: Page, lab: Lab, artifacts: Path, theme: str) -> None:
    open_notebook(page, lab, "lessons/01_build_in_one_stage.ipynb")
    page.evaluate(
        "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", theme
    )
    facts = run_all(page)
    assert facts["errors"] == 0
    assert facts["executed"] == facts["cells"] > 15
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    expect(panel.get_by_text("Hello from a Go program.").first).to_be_visible()
    assert panel.get_by_text("Error displaying widget").count() == 0
    name = re.sub(r"\W+", "-", theme.lower())
    page.screenshot(path=artifacts / f"lesson-01-{name}.png")
