"""A horizontal bar chart as inline SVG, which needs neither network nor script."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stagelab.show.style import PALETTE, Html, clip, escape, text_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW = 30
_BAR = 18
_LABELS = 190
_BARS = 330
_VALUES = 120
_TEXT_LABEL = 40
_TEXT_BAR = 30


class Bar(NamedTuple):
    """One bar: what it stands for, its length in any unit, and the value as people read it."""

    label: str
    value: float
    shown: str


def bar_chart(title: str, bars: Sequence[Bar]) -> Html:
    """Draw bars on a linear scale from zero; each has its value beside it.

    Text has the colour of its surroundings; the picture carries its data as alternative text.
    """
    longest = max((bar.value for bar in bars), default=0) or 1
    told = "; ".join(f"{bar.label}: {bar.shown}" for bar in bars)
    width, height = _LABELS + _BARS + _VALUES, _ROW * len(bars)
    parts = []
    for at, bar in enumerate(bars):
        middle = at * _ROW + _ROW / 2
        length = max(_BARS * bar.value / longest, 1.0)
        parts.append(
            f'<text x="{_LABELS - 10}" y="{middle}" text-anchor="end" '
            f'dominant-baseline="central">{escape(clip(bar.label, 26))}</text>'
            f'<rect x="{_LABELS}" y="{middle - _BAR / 2}" width="{length:.1f}" height="{_BAR}" '
            f'rx="2" fill="{PALETTE["sky"]}"></rect>'
            f'<text x="{_LABELS + length + 8:.1f}" y="{middle}" '
            f'dominant-baseline="central">{escape(bar.shown)}</text>'
        )
    return Html(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}. '
        f'{escape(told)}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'style="max-width:100%;font-size:13px" fill="currentColor">'
        f"<title>{escape(title)}. {escape(told)}</title>{''.join(parts)}</svg>"
    )


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
