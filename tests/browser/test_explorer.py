"""The explorer in JupyterLab in a browser: by pointer, by keyboard, and as it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Lab
from tests.browser.test_lab import open_notebook, run_all
from tests.unit.image.archives import config, docker_archive, file, folder, tar

NAME = "explorer/explorer.ipynb"
LAYERS = [
    tar(
        [
            *(folder(name) for name in ("usr", "usr/lib", "usr/bin", "usr/share", "etc")),
            file("usr/lib/libc.so", b"c" * 400_000),
            *(file(f"usr/lib/lib{n}.so", b"l" * 9_000 * n) for n in range(1, 12)),
            *(file(f"usr/bin/tool{n}", b"t" * 20_000 * n) for n in range(1, 9)),
            file("usr/share/words", b"w" * 150_000),
            file("etc/passwd", b"p" * 90_000),
        ]
    ),
    tar([folder("opt"), folder("opt/app"), file("opt/app/main", b"m" * 700_000)]),
]
HISTORY = [{"created_by": "COPY base /"}, {"created_by": "RUN make install"}]
CODE = """\
from stagelab import diff, explore, usage, xray
seen = xray("image.tar")
explorer = explore(seen)
explorer
"""
TIMEOUT = 60_000  # milliseconds; a bound for a slow machine, nothing that is measured
PLACES = """map => [...map.children].filter(tile => tile.title).map(tile => {
  const {x, y, width, height} = tile.getBoundingClientRect();
  return [getComputedStyle(tile).position, x, y, width, height];
})"""


@pytest.fixture
def page(browser: Browser, course: Path) -> Iterator[Page]:
    place = course / NAME
    place.parent.mkdir(exist_ok=True)
    (place.parent / "image.tar").write_bytes(docker_archive(LAYERS, config(LAYERS, HISTORY)))
    cells = [CODE, "usage(seen)", "diff(seen, seen)", "(explorer.path, explorer.layer)"]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, place)
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield context.new_page()
    context.close()


def change_theme(page: Page, name: str) -> None:
    page.evaluate(
        "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
    )


def crumbs(page: Page) -> Locator:
    return page.locator(".stagelab-explorer nav button")


def opened(page: Page) -> Locator:
    """The explorer with the whole image in it."""
    explorer = page.locator(".stagelab-explorer")
    expect(explorer).to_be_visible(timeout=TIMEOUT)
    expect(explorer.get_by_role("button", name="/usr · ")).to_be_visible()
    return explorer


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_by_pointer(page: Page, lab: Lab, artifacts: Path, theme: str) -> None:
    open_notebook(page, lab, NAME)
    change_theme(page, f"JupyterLab {theme}")
    assert run_all(page)["errors"] == 0
    explorer = opened(page)
    explorer.scroll_into_view_if_needed()
    picture = explorer.screenshot(path=artifacts / f"explorer-{theme.lower()}.png")
    assert len(picture) > 5_000

    expect(explorer.locator(".legend")).to_have_text("layer 0layer 1several small ones")
    usr = explorer.locator('.tile[data-path="/usr"]')
    usr.hover(position={"x": 8, "y": 8})
    expect(explorer.locator(".about")).to_contain_text("/usr · 1.86 MB")
    usr.click(position={"x": 8, "y": 8})
    expect(crumbs(page)).to_have_text(["image.tar", "usr"])
    explorer.locator('.tile[data-path="/usr/lib"]').click(position={"x": 8, "y": 8})
    expect(crumbs(page)).to_have_text(["image.tar", "usr", "lib"])
    expect(explorer.locator('.tile[data-path="/usr/lib/libc.so"]')).to_have_text("libc.so400 kB")
    expect(explorer.locator("[role=status]")).to_contain_text("/usr/lib in image.tar: 994 kB")
    explorer.screenshot(path=artifacts / f"explorer-folder-{theme.lower()}.png")
    # a file is no folder: nothing happens
    explorer.locator('.tile[data-path="/usr/lib/libc.so"]').click()
    crumbs(page).nth(0).click()
    expect(crumbs(page)).to_have_text(["image.tar"])
    # what lies within a folder's tile opens at once
    explorer.locator('.tile[data-path="/opt/app"]').click(position={"x": 8, "y": 8})
    expect(crumbs(page)).to_have_text(["image.tar", "opt", "app"])

    explorer.get_by_label("Layer", exact=True).select_option(label="Layer 0, 1.95 MB: COPY base /")
    expect(explorer.get_by_role("button", name="/usr · ")).to_be_visible()
    expect(explorer.get_by_role("button", name="/opt")).to_have_count(0)
    explorer.get_by_label("Layer", exact=True).select_option(index=2)
    expect(explorer.locator(".tile[data-depth='0']")).to_have_count(1)
    expect(explorer.locator(".legend")).to_have_text("folderfileseveral small ones")
    shown = page.locator(".jp-OutputArea-output.jp-RenderedHTML")
    for at, name in enumerate(("usage", "diff")):
        shown.nth(at).screenshot(path=artifacts / f"{name}-{theme.lower()}.png")


def test_by_keyboard(page: Page, lab: Lab) -> None:
    open_notebook(page, lab, NAME)
    assert run_all(page)["errors"] == 0
    explorer = opened(page)
    usr = explorer.locator('.tile[data-path="/usr"]')
    assert explorer.locator(".tile[tabindex='0']").count() == 1
    explorer.get_by_label("Layer", exact=True).focus()
    page.keyboard.press("Tab")
    expect(usr).to_be_focused()
    page.keyboard.press("ArrowRight")
    opt = explorer.locator('.tile[data-path="/opt"]')
    expect(opt).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(usr).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(crumbs(page)).to_have_text(["image.tar", "opt"])
    expect(explorer.locator('.tile[data-path="/opt/app"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(explorer.locator('.tile[data-path="/opt/app/main"]')).to_be_focused()
    page.keyboard.press("Enter")  # a file is no folder
    page.keyboard.press("Backspace")
    expect(crumbs(page)).to_have_text(["image.tar", "opt"])
    # the focus is on the folder that one comes from
    expect(explorer.locator('.tile[data-path="/opt/app"]')).to_be_focused()
    page.keyboard.press("Backspace")
    expect(opt).to_be_focused()
    page.keyboard.press("Backspace")  # there is nothing above
    expect(crumbs(page)).to_have_text(["image.tar"])
    # the notebook is still there, with its cells
    assert page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").count() == 4


def test_a_stored_treemap_is_drawn_though_nobody_trusts_it(
    page: Page, lab: Lab, course: Path, artifacts: Path
) -> None:
    open_notebook(page, lab, NAME)
    change_theme(page, "JupyterLab Light")
    assert run_all(page)["errors"] == 0
    opened(page)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.context.model.dirty === false"
    )
    stored = nbformat.read(course / NAME, as_version=4)
    for cell in stored.cells:
        cell.metadata.pop("trusted", None)
        cell.source += "  # changed outside of JupyterLab"
        for output in cell.outputs:
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    nbformat.write(stored, course / NAME)
    open_notebook(page, lab, NAME)
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    maps = panel.locator("div:has(> div[title^='/usr ·'])")
    expect(maps).to_have_count(2, timeout=TIMEOUT)  # of the explorer, and of the folder
    for at in range(2):
        places = maps.nth(at).evaluate(PLACES)
        assert len(places) >= 8
        assert {place[0] for place in places} == {"absolute"}
        assert len({tuple(place[1:3]) for place in places}) == len(places)
        assert all(width > 1 and height > 1 for *_, width, height in places)
    maps.nth(1).screenshot(path=artifacts / "usage-stored.png")
