"""A timeline as a picture."""

from __future__ import annotations

from stagelab.builds.timeline import Lane, Timeline
from stagelab.show.style import PALETTE, clip
from stagelab.show.svg import FAINT, GROUND, INK, Svg
from stagelab.show.timeline_parts import (
    AT_ONCE,
    axis_end,
    build_line,
    heading,
    marks,
    note,
    said,
    stage_name,
    ticks,
)

PLOT = 480.0
"""Width of the axis of time, in pixels."""

_MARGIN = 14.0
_LABEL = 24  # characters
_CHARACTER = 7.4  # pixels, of a stage's name
_SMALL = 6.3  # pixels, of an instruction in a bar
_NOTE = 150.0
_ROW = 26.0
_BAR = 17.0
_HEAD = 30.0
_FOOT = 62.0
_GRID = "#dddddb"
_BAND = "#f6dfae"


def drawing(found: Timeline) -> Svg:
    """Draw each build's stages as rows on one axis of time."""
    names = [clip(stage_name(lane), _LABEL) for lane in found.lanes]
    left = _MARGIN + max(map(len, names), default=0) * _CHARACTER + 10
    height = _MARGIN + len(found.names) * _HEAD + len(found.lanes) * _ROW + _FOOT
    svg = Svg(left + PLOT + 12 + _NOTE, height)
    end = axis_end(found)
    top, bottom = _MARGIN, height - _FOOT + 6
    for build in range(len(found.names)):
        lanes = found.lanes_of(build)
        rows = top + _HEAD
        for start, stop in found.parallel(build):
            width = max((stop - start) / end * PLOT, 1)
            svg.rect(left + start / end * PLOT, rows, width, len(lanes) * _ROW,
                     fill=_BAND, radius=0)  # fmt: skip
        top = rows + len(lanes) * _ROW
        for tick in ticks(end):
            x = left + tick / end * PLOT
            svg.line([(x, rows), (x, top)], stroke=_GRID, thick=1)
        svg.text(_MARGIN, rows - 10, build_line(found, build), bold=True)
        for at, lane in enumerate(lanes):
            _lane(svg, found, lane, (left, rows + at * _ROW, end))
    _axis(svg, left, bottom, end)
    _legend(svg, left, bottom + 44)
    return svg


def room(seconds: float, end: float) -> int:
    """Tell how many characters a bar of this length has room for; 0 if for too few to say much."""
    characters = int((seconds / end * PLOT - 10) / _SMALL)
    return characters if characters > 5 else 0  # noqa: PLR2004 - "RUN a…"


def alternative(found: Timeline) -> str:
    """Say in words what the picture shows."""
    parts = [heading(found) + "."]
    for build in range(len(found.names)):
        lanes = found.lanes_of(build)
        rows = "; ".join(f"{stage_name(lane)} {_told(found, lane)}" for lane in lanes)
        parts.append(f"{build_line(found, build)}: {rows}. {said(found, build)}")
    return " ".join(parts)


def _told(found: Timeline, lane: Lane) -> str:
    ran = [
        f"from {start:.2f} to {stop:.2f} s"
        for start, stop in found.running(lane.stage, lane.build)
        if stop - start >= 0.005  # noqa: PLR2004 - a shorter one would be from 1.00 to 1.00 s
    ]
    return f"{note(found, lane)} ({', '.join(ran)})" if ran else note(found, lane)


def _lane(svg: Svg, found: Timeline, lane: Lane, place: tuple[float, float, float]) -> None:
    left, top, end = place
    base = top + _ROW / 2 + 4.5
    skipped = lane.state == "skipped"
    svg.text(left - 10, base, clip(stage_name(lane), _LABEL), anchor="end",
             fill=FAINT if skipped else INK)  # fmt: skip
    svg.text(left + PLOT + 12, base, note(found, lane), size=12, fill=FAINT)
    if skipped:
        svg.line([(left, top + _ROW / 2), (left + PLOT, top + _ROW / 2)], dashed=True, thick=1)
    for mark in marks(lane, end):
        x, width = left + mark.start / end * PLOT, (mark.end - mark.start) / end * PLOT
        y = top + (_ROW - _BAR) / 2
        _bar(svg, (x, y, width), cached=mark.cached)
        letters = room(mark.end - mark.start, end)
        if letters and not mark.cached:
            svg.text(x + 5, y + 12.5, clip(mark.what, letters), size=10.5, fill="#ffffff",
                     code=True)  # fmt: skip


def _bar(svg: Svg, place: tuple[float, float, float], *, cached: bool) -> None:
    x, y, width = place
    if cached:
        svg.rect(x, y, width, _BAR, fill=GROUND, stroke=FAINT, dashed=width > _BAR, radius=1)
    else:
        svg.rect(x, y, width, _BAR, fill=PALETTE["blue"], stroke=GROUND, thick=0.7, radius=2)


def _axis(svg: Svg, left: float, top: float, end: float) -> None:
    svg.line([(left, top), (left + PLOT, top)], thick=1)
    for tick in ticks(end):
        x = left + tick / end * PLOT
        svg.line([(x, top), (x, top + 4)], thick=1)
        svg.text(x, top + 17, f"{tick:g} s", size=11, fill=FAINT, anchor="middle")


def _legend(svg: Svg, left: float, base: float) -> None:
    _bar(svg, (left, base - 13, 18), cached=False)
    svg.text(left + 25, base, "ran", size=12)
    _bar(svg, (left + 66, base - 13, 6), cached=True)
    svg.text(left + 79, base, "from the cache", size=12)
    svg.rect(left + 190, base - 13, 18, _BAR, fill=_BAND, radius=0)
    svg.text(left + 215, base, AT_ONCE, size=12)
