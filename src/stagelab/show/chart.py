"""A horizontal bar chart as HTML and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stagelab.show.style import Html, clip, escape, text_bar
from stagelab.show.style import bar as style_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = "22em"
_TEXT_LABEL = 40
_TEXT_BAR = 30


class Bar(NamedTuple):
    """One bar: what it stands for, its length in any unit, and the value as people read it."""

    label: str
    value: float
    shown: str


def bar_chart(title: str, bars: Sequence[Bar]) -> Html:
    """Draw bars on a linear scale from zero; each has its value beside it.

    Elements and inline styles only: JupyterLab shows the stored output of a notebook that was not
    run here sanitized, without SVG and without scripts.
    """
    longest = max((bar.value for bar in bars), default=0) or 1
    rows = "".join(
        '<div style="display:flex;align-items:center;margin:.3em 0">'
        f'<div style="width:12em;text-align:right;padding-right:.7em">'
        f"{escape(clip(bar.label, 26))}</div>"
        f"{style_bar(bar.value / longest, width=_WIDTH)}"
        f'<div style="padding-left:.7em">{escape(bar.shown)}</div></div>'
        for bar in bars
    )
    return Html(f'<div role="group" aria-label="{escape(title)}">{rows}</div>')


def text_chart(bars: Sequence[Bar]) -> str:
    """Draw the same with block characters, one line a bar."""
    longest = max((bar.value for bar in bars), default=0) or 1
    labels = [clip(bar.label, _TEXT_LABEL) for bar in bars]
    width = max(map(len, labels), default=0)
    drawn = [text_bar(bar.value / longest, _TEXT_BAR).rstrip() or "▏" for bar in bars]
    return "\n".join(
        f"{label:>{width}}  {line} {bar.shown}"
        for label, line, bar in zip(labels, drawn, bars, strict=True)
    )
