"""How a timeline looks: stages as rows, steps as bars, and in words what ran at the same time."""

from __future__ import annotations

import textwrap

from stagelab._render import register
from stagelab.builds.timeline import Lane, Timeline
from stagelab.show.style import clip
from stagelab.show.timeline_parts import (
    axis_end,
    build_line,
    heading,
    marks,
    note,
    said,
    stage_name,
    ticks,
)
from stagelab.show.timeline_svg import alternative, drawing
from stagelab.show.vega import MIME, vega_lite

_WIDTH = 100
_LABEL = 24
_RAN, _CACHED = "█", "░"
_NOTES = (
    "Seconds count from the start of each build's first step.",
    "A step that took too little time to be seen is drawn as wide as the narrowest that can be.",
    "Cached steps did not run; they are drawn where the builder told of them.",
)


def timeline_svg(found: Timeline) -> str:
    """Draw the steps, and say below what the picture says."""
    return drawing(found).document(
        heading(found), _sentences(found), _NOTES, alt=alternative(found)
    )


def timeline_text(found: Timeline) -> str:
    """Draw the same with block characters, one line a stage, at most 100 columns wide."""
    label = max((len(_label(lane)) for lane in found.lanes), default=0)
    notes = max((len(note(found, lane)) for lane in found.lanes), default=0)
    width = _WIDTH - label - notes - 4
    lines = [heading(found)]
    for build in range(len(found.names)):
        lines += ["", build_line(found, build)]
        lines += [
            f"{_label(lane):<{label}} │{_drawn(found, lane, width)}│ {note(found, lane)}"
            for lane in found.lanes_of(build)
        ]
    lines += [" " * label + line for line in _scale(axis_end(found), width)]
    legend = f"{_RAN} ran   {_CACHED} from the cache   · skipped"
    words = [textwrap.fill(words, _WIDTH) for words in (*_sentences(found), *_NOTES)]
    return "\n".join([*lines, "", legend, *words])


def _sentences(found: Timeline) -> list[str]:
    return [said(found, build) for build in range(len(found.names))]


def _label(lane: Lane) -> str:
    return clip(stage_name(lane), _LABEL)


def _drawn(found: Timeline, lane: Lane, width: int) -> str:
    if lane.state == "skipped":
        return "·" * width
    end = axis_end(found)
    cells = [" "] * width
    for mark in marks(lane, end):
        first = min(round(mark.start / end * width), width - 1)
        last = max(round(mark.end / end * width), first + 1)
        cells[first:last] = (_CACHED if mark.cached else _RAN) * (last - first)
    return "".join(cells)


def _scale(end: float, width: int) -> list[str]:
    rule, words = ["─"] * (width + 2), [" "] * (width + 8)
    rule[0], rule[-1] = " └", "┘"
    for tick in ticks(end):
        at = round(tick / end * width)
        text = f"{tick:g} s"
        rule[at + 1] = "┴"
        words[at + 2 : at + 2 + len(text)] = text
    return ["".join(rule), "".join(words).rstrip()]


register(Timeline, text=timeline_text, rich={MIME: vega_lite, "image/svg+xml": timeline_svg})
