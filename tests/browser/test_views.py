"""JupyterLab draws the stage graph by Mermaid and the timeline by Vega-Lite, stored ones too."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Lab
from tests.browser.test_lab import open_notebook, run_all

NAME = "lessons/views.ipynb"
DOCKERFILE = "FROM alpine:3.22 AS end\nRUN true\nFROM scratch\nCOPY --from=end /etc/os-release /\n"
TITLE = re.compile("Stages of the Dockerfile: target stage-1 · ")
CODE = f"""\
from stagelab import build, stages, tidy, timeline
built = build({DOCKERFILE!r})
"""


@pytest.fixture
def page(browser: Browser, course: Path) -> Page:
    cells = [CODE, "stages(built)", "timeline(built)", "tidy()"]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, course / NAME)
    return browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()


def expect_both(page: Page) -> None:
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    graph = panel.locator(".jp-RenderedMermaid img")
    expect(graph).to_be_visible(timeout=60_000)
    expect(graph).to_have_attribute("alt", TITLE)
    expect(panel.locator(".vega-embed svg.marks")).to_be_visible(timeout=60_000)
    assert panel.get_by_text("Syntax error").count() == 0


def test_the_graph_and_the_timeline_are_drawn(page: Page, lab: Lab, course: Path) -> None:
    open_notebook(page, lab, NAME)
    assert run_all(page)["errors"] == 0
    expect_both(page)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.context.model.dirty === false"
    )
    # Somebody else's notebook: nothing in it is trusted.
    stored = nbformat.read(course / NAME, as_version=4)
    for cell in stored.cells:
        cell.metadata.pop("trusted", None)
        cell.source += "  # changed outside of JupyterLab"
    nbformat.write(stored, course / NAME)
    open_notebook(page, lab, NAME)
    expect_both(page)
