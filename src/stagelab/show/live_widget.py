"""The live view of a build as a widget: `live_widget.js` shows what is set here.

Only a running build has it. Its state is plain JSON, sent when it changes and bounded in size
however much the build prints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from stagelab.show.snapshot import Snapshot, StageProgressed
from stagelab.show.step_words import KINDS, STOP, moved, share, tally
from stagelab.show.style import GROUND, LINE, MUTED, PALETTE, clip, count, text_badge

LOG_LINES = 12
"""How many of a stage's last log lines are sent, at most."""

_ALL_LOG_LINES = 60
_INSTRUCTION_WIDTH = 200
_CSS = f"""
.stagelab-build {{
  border: 1px solid {LINE}; border-radius: .4em; padding: .6em .9em; margin: .3em 0;
  max-width: 72em; color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, sans-serif);
  font-size: var(--jp-content-font-size1, 14px); line-height: 1.5;
}}
.stagelab-build .head {{ font-weight: 600; }}
.stagelab-build .head .warned, .stagelab-build .time, .stagelab-build .count,
.stagelab-build .moved {{ white-space: nowrap; font-variant-numeric: tabular-nums; }}
.stagelab-build .head .warned:not(:empty)::before {{ content: " · "; }}
.stagelab-build .stage {{ margin-top: .4em; }}
.stagelab-build .line {{ display: flex; gap: .6em; align-items: baseline; }}
.stagelab-build .line > * {{ flex: none; }}
.stagelab-build .line > .instruction {{ flex: 0 1 auto; }}
.stagelab-build .count, .stagelab-build .stop, .stagelab-build .last {{ {MUTED}; }}
.stagelab-build .stop {{ margin-top: .6em; font-size: .9em; }}
.stagelab-build code, .stagelab-build pre {{
  font-family: var(--jp-code-font-family, monospace); font-size: .93em;
  background: none; color: inherit; padding: 0; border: 0;
}}
.stagelab-build .instruction, .stagelab-build .last {{
  white-space: pre; overflow: hidden; text-overflow: ellipsis; min-width: 4em;
}}
.stagelab-build .badge {{
  --edge: {PALETTE["grey"]}; border: 1px solid var(--edge); border-radius: .3em;
  background: color-mix(in srgb, var(--edge) 16%, transparent);
  padding: 0 .5em; min-width: 4.6em; line-height: 1.4; white-space: pre;
}}
.stagelab-build .badge[data-kind=ok] {{ --edge: {PALETTE["green"]}; }}
.stagelab-build .badge[data-kind=bad] {{ --edge: {PALETTE["vermillion"]}; }}
.stagelab-build .badge[data-kind=warn] {{ --edge: {PALETTE["orange"]}; }}
.stagelab-build .badge[data-kind=info] {{ --edge: {PALETTE["sky"]}; }}
.stagelab-build .bar {{
  width: 7em; height: .7em; background: {GROUND}; border-radius: .15em; overflow: hidden;
}}
.stagelab-build .bar > span {{
  display: block; height: 100%; min-width: 2px; background: {PALETTE["sky"]};
}}
.stagelab-build [hidden] {{ display: none; }}
.stagelab-build details {{ margin: .2em 0 0 .2em; }}
.stagelab-build summary {{
  cursor: pointer; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
}}
.stagelab-build summary > .last {{ margin-left: .6em; }}
.stagelab-build details[open] > summary > .last {{ visibility: hidden; }}
.stagelab-build summary:focus-visible, .stagelab-build pre:focus-visible {{
  outline: 2px solid {PALETTE["sky"]}; outline-offset: 1px;
}}
.stagelab-build pre {{
  margin: .2em 0; padding: .3em .6em; border-left: 3px solid {LINE}; line-height: 1.35;
  height: {LOG_LINES * 1.35:.2f}em; white-space: pre; overflow: auto;
}}
.stagelab-build .said {{
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}}
"""


class BuildWidget(anywidget.AnyWidget):
    """A running build.

    Args:
        snapshot: The state to begin with.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = _CSS
    title = traitlets.Unicode().tag(sync=True)
    stop = traitlets.Unicode(STOP).tag(sync=True)
    now = traitlets.Float().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    warned = traitlets.Unicode().tag(sync=True)
    stages: traitlets.List[Any] = traitlets.List().tag(sync=True)
    logs = traitlets.Dict().tag(sync=True)

    def __init__(self, snapshot: Snapshot) -> None:
        self._shown = _state(snapshot)
        super().__init__(title=snapshot.title, now=snapshot.seconds, **self._shown)

    def show(self, snapshot: Snapshot) -> None:
        """Send what has changed; nothing if nothing has, because the browser's clock goes on."""
        state = _state(snapshot)
        if state == self._shown:
            return
        self._shown = state
        with self.hold_sync():
            self.set_trait("now", snapshot.seconds)
            for name, value in state.items():
                self.set_trait(name, value)

    def close(self) -> None:
        """Let go of the front end, and of what ipywidgets made beside this widget."""
        self.layout.close()
        super().close()


def _state(snapshot: Snapshot) -> dict[str, Any]:
    lines = max(3, min(LOG_LINES, _ALL_LOG_LINES // max(1, len(snapshot.stages))))
    warnings = len(snapshot.warnings)
    return {
        "stages": [_stage(stage) for stage in snapshot.stages],
        "logs": {stage.name: list(stage.log[-lines:]) for stage in snapshot.stages if stage.log},
        "warned": count(warnings, "warning") if warnings else "",
        "said": _said(snapshot),
    }


def _stage(stage: StageProgressed) -> dict[str, Any]:
    at = stage.at
    symbol, space, word = text_badge(stage.state, KINDS[stage.state]).partition(" ")
    return {
        "name": stage.name,
        "kind": KINDS[stage.state],
        "symbol": symbol,
        "word": space + word,
        "instruction": clip(at.instruction, _INSTRUCTION_WIDTH),
        "began": round(at.began, 2) if at.state == "running" else None,
        "moved": moved(at),
        "share": share(at),
        "count": tally(stage),
    }


def _said(snapshot: Snapshot) -> str:
    """Say to those who listen instead of looking what is new, stage by stage and no oftener."""
    if snapshot.failed:
        stage, step = snapshot.failed
        return f"{stage.name} failed: {clip(step.instruction, _INSTRUCTION_WIDTH)}"
    names = ", ".join(stage.name for stage in snapshot.stages)
    return f"Building {names}" if names else ""
