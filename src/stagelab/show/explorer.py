"""`explore`: walk through the folders of an image by pointer or keyboard.

The kernel keeps the sizes of all folders; the front end, `explorer.js`, is sent the one folder that
is looked at, a few dozen rectangles. Without widgets, or with `STAGELAB_WIDGETS=0` in the
environment, the treemap of the first folder is shown; `usage` gives the others.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from stagelab.errors import ImageError
from stagelab.image.usage import usage
from stagelab.show.layers import instruction
from stagelab.show.style import GROUND, LINE, MUTED, PALETTE, humane_bytes
from stagelab.show.tiles import GAP, HEIGHT, WIDTH, legend, tiles, tint, words
from stagelab.show.usage import DRAWN, printable, title, usage_html, usage_text

if TYPE_CHECKING:
    from stagelab.image.facts import XRay
    from stagelab.image.usage import Usage
    from stagelab.show.tiles import Tile

WHOLE = -1
"""In place of a layer's index: the merged file system."""

_WIDGET_TYPE = "application/vnd.jupyter.widget-view+json"
_GUIDE = (
    "Click a folder to open it. With the keyboard: arrows move, Enter opens, Backspace goes up."
)
_INSTRUCTION = 60
_CSS = f"""
.stagelab-explorer {{
  border: 1px solid {LINE}; border-radius: .4em; padding: .6em .9em; margin: .3em 0;
  max-width: {1.3 * WIDTH:.0f}px; color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, sans-serif);
  font-size: var(--jp-content-font-size1, 14px); line-height: 1.5;
}}
.stagelab-explorer .head {{
  display: flex; flex-wrap: wrap; gap: .3em 1em; align-items: center;
  justify-content: space-between; margin-bottom: .4em;
}}
.stagelab-explorer nav {{ display: flex; flex-wrap: wrap; align-items: center; }}
.stagelab-explorer nav button {{
  font: inherit; color: inherit; background: none; border: 0; padding: 0 .2em; cursor: pointer;
  text-decoration: underline;
}}
.stagelab-explorer nav button[aria-current] {{ font-weight: 600; text-decoration: none; }}
.stagelab-explorer select {{
  font: inherit; color: inherit; background: {GROUND}; border: 1px solid {LINE};
  border-radius: .3em; max-width: 34em;
}}
.stagelab-explorer option {{
  color: var(--jp-content-font-color1, #111); background: var(--jp-layout-color1, #fff);
}}
.stagelab-explorer .map {{
  position: relative; height: {HEIGHT:.0f}px; overflow: hidden; font-size: 12px; line-height: 16px;
}}
.stagelab-explorer .tile {{
  position: absolute; box-sizing: border-box; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; border: 1px solid; border-radius: 2px;
}}
.stagelab-explorer .tile > .label {{
  color: var(--jp-content-font-color1, CanvasText); padding: 1px 4px;
  overflow: hidden; text-overflow: ellipsis;
}}
.stagelab-explorer .tile.folder {{ cursor: pointer; }}
.stagelab-explorer .tile.pointed {{ box-shadow: inset 0 0 0 1px; }}
.stagelab-explorer .tile .size {{ {MUTED}; }}
.stagelab-explorer :is(.tile, button, select):focus-visible {{
  outline: 3px solid {PALETTE["vermillion"]}; outline-offset: -3px;
}}
.stagelab-explorer .legend {{
  display: flex; flex-wrap: wrap; gap: 0 1.2em; margin-top: .3em; font-size: .9em;
}}
.stagelab-explorer .legend span::before {{
  content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .4em;
  border-radius: 2px; background: var(--colour);
}}
.stagelab-explorer .about {{
  margin-top: .4em; min-height: 1.5em; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums;
}}
.stagelab-explorer .guide {{ {MUTED}; font-size: .9em; }}
.stagelab-explorer .said {{
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}}
"""


class Explorer(anywidget.AnyWidget):
    """An image's folders.

    Args:
        seen: The image.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = _CSS
    path = traitlets.Unicode("/").tag(sync=True)
    layer = traitlets.Int(WHOLE).tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    guide = traitlets.Unicode(f"{_GUIDE} {DRAWN}").tag(sync=True)

    def __init__(self, seen: XRay) -> None:
        self._seen = seen
        self._shown = usage(seen)
        self._whole = self._shown
        self._answering = False
        super().__init__(layers=_layers(seen), view=_view(self._shown))
        self.observe(self._moved, ["path", "layer"])

    @property
    def shown(self) -> Usage:
        """What is looked at."""
        return self._shown

    def _moved(self, change: traitlets.Bunch) -> None:
        """Answer the front end, or whoever set `path` or `layer`: show it, or why not."""
        if self._answering:
            return
        problem = ""
        try:
            if change.name == "layer":
                self._shown = self._of_layer()
            elif self.path != self._shown.path:
                self._shown = self._shown.folder("/" + self.path)
        except ImageError as error:
            problem = error.cause
        wrote = self._shown.layer
        self._answering = True
        try:
            with self.hold_sync():
                self.view = _view(self._shown, problem)
                self.path = self._shown.path
                self.layer = WHOLE if wrote is None else wrote
        finally:
            self._answering = False

    def _of_layer(self) -> Usage:
        """Give the same folder of the layer that was chosen, or its root if it has no such one."""
        chosen = None if self.layer == WHOLE else self.layer
        if chosen == self._shown.layer:
            return self._shown
        root = self._whole if chosen is None else usage(self._seen, layer=chosen)
        try:
            return root.folder(self._shown.path)
        except ImageError:
            return root

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401 - as anywidget has it
        """Give the widget, and what is shown without one."""
        bundle, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        if os.environ.get("STAGELAB_WIDGETS") == "0":
            bundle.pop(_WIDGET_TYPE, None)
        still = {"text/html": usage_html(self._shown), "text/plain": usage_text(self._shown)}
        return {**bundle, **still}, metadata


def explore(seen: XRay) -> Explorer:
    """Walk through an image's folders: a treemap that opens the folder that is clicked.

    `usage` gives the same by function.

    Args:
        seen: The image.

    Returns:
        The widget. Its `path` and `layer` (-1 for the whole image) tell and set what is looked at,
        and `shown` gives its facts.
    """
    return Explorer(seen)


def _layers(seen: XRay) -> list[dict[str, Any]]:
    whole = f"Whole image, {humane_bytes(seen.merged_bytes)}"
    return [
        {"index": WHOLE, "name": whole},
        *(
            {
                "index": layer.index,
                "name": f"Layer {layer.index}, {humane_bytes(layer.size_bytes)}: "
                + instruction(printable(layer.instruction), _INSTRUCTION),
            }
            for layer in seen.layers
            if not layer.empty
        ),
    ]


def _view(found: Usage, problem: str = "") -> dict[str, Any]:
    names = [name for name in found.path.split("/") if name]
    crumbs = [{"name": found.image, "path": "/"}] + [
        {"name": printable(name), "path": "/" + "/".join(names[: at + 1])}
        for at, name in enumerate(names)
    ]
    return {
        "title": printable(title(found)),
        "problem": printable(problem),
        "crumbs": crumbs,
        "legend": [{"colour": colour, "name": name} for colour, name in legend(found)],
        "tiles": [_tile(tile, found.size_bytes) for tile in tiles(found)],
    }


def _tile(tile: Tile, whole: int) -> dict[str, Any]:
    return {
        "path": tile.path,
        "depth": tile.depth,
        "folder": tile.kind == "dir",
        "opened": tile.opened,
        "name": printable(tile.name) + ("/" if tile.kind == "dir" else ""),
        "size": humane_bytes(tile.size_bytes),
        "about": printable(words(tile, whole)),
        "colour": tile.colour,
        "ground": tint(tile),
        "left": round(100 * tile.place.x / WIDTH, 3),
        "width": round(100 * (tile.place.width - GAP) / WIDTH, 3),
        "top": round(tile.place.y, 1),
        "height": round(tile.place.height - GAP, 1),
        "label": tile.is_labelled,
        "tall": tile.is_tall,
    }
