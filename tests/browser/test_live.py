"""The live view of a build in JupyterLab in a browser, while the build runs and at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Lab

# Both stages print until they are stopped: the test, and no clock, says when.
ENDLESS = """FROM alpine:3.22 AS left
RUN i=0; while true; do i=$((i+1)); echo left $i; sleep 0.05; done

FROM alpine:3.22 AS right
RUN i=0; while true; do i=$((i+1)); echo right $i; sleep 0.05; done

FROM scratch
COPY --from=left / /
COPY --from=right / /
"""
BRIEF = """FROM alpine:3.22 AS only
RUN echo printed by the step; sleep 2
"""
FINAL = ".jp-OutputArea-output.jp-RenderedHTML summary"
TIMEOUT = 120_000  # milliseconds; a bound for a slow machine, nothing that is measured

WATCH = """() => {
  const root = document.querySelector('.stagelab-build');
  const rows = [...root.querySelectorAll('[data-stage]')];
  const watched = {rows, removed: 0, texts: 0, others: 0};
  new MutationObserver(mutations => {
    for (const mutation of mutations) {
      watched.removed += mutation.removedNodes.length;
      watched.texts += mutation.type === 'characterData' &&
        mutation.target.parentElement.tagName === 'PRE';
      watched.others += mutation.type === 'characterData' &&
        mutation.target.parentElement.className === 'last';
    }
  }).observe(root.parentElement, {childList: true, subtree: true, characterData: true});
  window.watched = watched;
}"""
SEEN = """() => ({
  removed: window.watched.removed,
  rows: window.watched.rows.map(row => row.isConnected && row.dataset.stage),
  focus: document.activeElement.getAttribute('aria-label'),
  open: document.activeElement.parentElement.open,
})"""
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .flatMap(cell => cell.model.outputs.toJSON())"""


@pytest.fixture(scope="module")
def notebook(course: Path) -> str:
    """A notebook whose first cell builds until it is stopped, and whose second one ends."""
    folder = course / "live"
    folder.mkdir()
    cells = [
        nbformat.v4.new_code_cell(
            "from stagelab import build\n\n"
            f"_ = build('.', dockerfile={dockerfile!r}, tag={tag!r}, nocache=True)"
        )
        for dockerfile, tag in ((ENDLESS, "stagelab/live:endless"), (BRIEF, "stagelab/live:brief"))
    ]
    cells.append(nbformat.v4.new_code_cell("from stagelab import tidy\n\ntidy()"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(made, folder / "live.ipynb")
    return "live/live.ipynb"


@pytest.fixture
def page(browser: Browser, lab: Lab, notebook: str) -> Iterator[Page]:
    """The notebook, open; its kernel is ended afterwards, and with it a build that still runs."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.goto(lab.page_of(notebook))
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        " === 'idle'",
        timeout=TIMEOUT,
    )
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").first.wait_for()
    yield page
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    context.close()


def start_cell(page: Page, index: int) -> None:
    """Run a cell, and do not wait for its end."""
    page.evaluate(
        """index => {
          const {content} = window.jupyterapp.shell.currentWidget;
          content.activeCellIndex = index;
          content.deselectAll();
          void window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )


def widgets(page: Page) -> list[str]:
    """Give what in the cells' outputs is a widget, and what its front end complains of."""
    outputs = json.dumps(page.evaluate(OUTPUTS))
    shown = page.locator("body").inner_text()
    troubles = ("Error displaying widget", "Loading widget")
    return [word for word in ("widget-view",) if word in outputs] + [
        word for word in troubles if word in shown
    ]


def test_a_running_build_keeps_what_the_reader_opened(page: Page, artifacts: Path) -> None:
    start_cell(page, 0)
    for stage in ("left", "right"):
        expect(page.locator(f"[data-stage={stage}] summary")).to_be_visible(timeout=TIMEOUT)
    expect(page.locator(".stagelab-build")).to_have_count(1)
    page.evaluate(WATCH)

    page.locator("[data-stage=left] summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-stage=left] pre")).to_be_visible()
    page.wait_for_function("() => window.watched.texts >= 10", timeout=TIMEOUT)
    page.screenshot(path=artifacts / "live-running.png")
    seen = page.evaluate(SEEN)
    assert {"left", "right"} <= set(seen.pop("rows"))
    assert seen == {"removed": 0, "focus": "Log of left", "open": True}
    assert "left " in page.locator("[data-stage=left] pre").inner_text()
    expect(page.locator("[data-stage=right] pre")).to_be_hidden()

    # What is being selected is left as it is, while the rest goes on.
    page.evaluate("() => getSelection().selectAllChildren(document.activeElement.nextSibling)")
    selected = page.evaluate("() => getSelection().toString()")
    page.evaluate("() => { window.watched.others = 0; }")
    page.wait_for_function("() => window.watched.others >= 10", timeout=TIMEOUT)
    assert page.evaluate("() => getSelection().toString()") == selected != ""
    page.evaluate("() => { window.watched.texts = 0; getSelection().collapseToEnd(); }")
    page.wait_for_function("() => window.watched.texts >= 2", timeout=TIMEOUT)

    # The keys that the view names stop the build, with the focus still in it.
    page.keyboard.press("i")
    page.keyboard.press("i")
    final = page.locator(FINAL)
    expect(final).to_contain_text("stopped stagelab/live:endless", timeout=TIMEOUT)
    expect(page.locator(".stagelab-build")).to_have_count(0)
    assert widgets(page) == []
    expect(page.locator(".stagelab-trouble")).to_contain_text(
        "Nothing of it goes on running on the engine", timeout=TIMEOUT
    )


def test_a_build_that_ended_is_one_line_that_opens(page: Page, artifacts: Path) -> None:
    start_cell(page, 1)
    final = page.locator(FINAL)
    expect(final).to_contain_text("✓\u00a0built stagelab/live:brief · 2 steps", timeout=TIMEOUT)
    expect(page.locator(".jp-OutputArea-output table")).to_be_hidden()
    final.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".jp-OutputArea-output table")).to_be_visible()
    expect(page.locator(".jp-OutputArea-output pre").first).to_have_text("printed by the step")
    page.screenshot(path=artifacts / "live-ended.png")
    assert widgets(page) == []
    (output,) = page.evaluate(OUTPUTS)
    assert output["data"]["text/plain"].startswith("✓ built stagelab/live:brief · 2 steps")
    start_cell(page, 2)
    expect(page.locator(".jp-CodeCell").nth(2)).to_contain_text("[2]:", timeout=TIMEOUT)
