"""A timeline as a Vega-Lite chart, which shows more of a step when a pointer rests on it.

It is written out here because a package that writes it takes over a second to import.
"""

from __future__ import annotations

import textwrap
from copy import deepcopy
from typing import Any

from stagelab.builds.timeline import Timeline
from stagelab.show.style import PALETTE, clip
from stagelab.show.timeline_parts import (
    AT_ONCE,
    axis_end,
    build_line,
    heading,
    marks,
    note,
    said,
    stage_name,
)
from stagelab.show.timeline_svg import PLOT, alternative, room

Spec = dict[str, Any]
"""A part of a specification, as JSON has it."""

MIME = "application/vnd.vegalite.v5+json"

_RAN = "ran"
_CACHED = "from the cache"
_SENTENCE = 110  # characters, about as wide as the chart
_ROW = 26
_BAR = 17
_INK = "currentColor"  # that of the page, whatever its theme: the chart is drawn as SVG
_FAINT = PALETTE["grey"]
_HOLLOW = "#ececec"
_BAND = "rgba(199,127,0,.3)"

_CONFIG: Spec = {
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK, "titleColor": _INK, "domainColor": _FAINT, "tickColor": _FAINT,
        "gridColor": _FAINT, "gridOpacity": 0.25, "labelFontSize": 12, "labelLimit": 190,
    },
    "title": {"color": _INK, "subtitleColor": _INK, "subtitlePadding": 6},
    "legend": {"labelColor": _INK, "titleColor": _INK, "labelFontSize": 12},
}  # fmt: skip
_EMBEDDING: Spec = {
    "embedOptions": {
        "renderer": "svg",
        # An editor on a web site is no use to who works without a network.
        "actions": {"export": True, "source": False, "compiled": False, "editor": False},
    }
}


def _field(name: str, title: str = "") -> Spec:
    field = {"field": name, "type": "nominal"}
    return {**field, "title": title} if title else field


def _number(name: str, title: str) -> Spec:
    return {"field": name, "type": "quantitative", "title": title, "format": ".3f"}


_COLOUR: Spec = {
    **_field("kind"),
    "title": None,
    "scale": {
        "domain": [_RAN, _CACHED, AT_ONCE], "range": [PALETTE["blue"], _HOLLOW, _BAND]
    },
    "legend": {
        "orient": "bottom", "symbolType": "square", "symbolSize": 180, "symbolStrokeWidth": 1.5,
        "symbolStrokeColor": _FAINT, "symbolOpacity": 1, "labelLimit": 0,
    },
}  # fmt: skip
_TIP: Spec = {
    "tooltip": [
        _field("what", "instruction"),
        _field("line", "line"),
        _number("from", "start (s)"),
        _number("seconds", "seconds"),
        _field("kind", "result"),
    ]
}


def vega_lite(found: Timeline) -> Spec:
    """Give the chart as a specification of Vega-Lite 5, its data within it."""
    builds = range(len(found.names))
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": alternative(found),
        "title": {
            "text": heading(found),
            "subtitle": [line for build in builds for line in _wrapped(said(found, build))],
            "anchor": "start",
            "offset": 12,
        },
        "background": "transparent",
        "spacing": 14,
        "vconcat": [_of_build(found, build) for build in builds],
        "config": _CONFIG,
        "usermeta": _EMBEDDING,
    }
    return deepcopy(chart)  # its parts are shared between builds, and between charts


def _of_build(found: Timeline, build: int) -> Spec:
    end = axis_end(found)
    lanes = found.lanes_of(build)
    height = len(lanes) * _ROW
    x, x2 = _time(end, last=build == len(found.names) - 1), {"field": "end"}
    y = _stages([stage_name(lane) for lane in lanes])
    bar = {"type": "bar", "height": _BAR, "cornerRadius": 2, "stroke": _FAINT, "strokeWidth": 1.2}
    instruction = {"type": "text", "align": "left", "dx": 5, "fontSize": 10.5, "font": "monospace",
                   "color": "#ffffff"}  # fmt: skip
    beside = {"type": "text", "align": "left", "dx": 10, "fontSize": 12, "color": _INK,
              "opacity": 0.75}  # fmt: skip
    band = _layer(_bands(found, build), {"type": "rect"}, x=x, x2=x2, y={"value": 0},
                  y2={"value": height}, color=_COLOUR)  # fmt: skip
    skipped = _layer(
        _skipped(found, build),
        {"type": "rule", "strokeDash": [5, 4], "color": _FAINT},
        x={"value": 0},
        x2={"value": PLOT},
        y=y,
    )
    steps = {
        "data": {"values": _steps(found, build, end)},
        "layer": [
            {"mark": bar, "encoding": {"x": x, "x2": x2, "y": y, "color": _COLOUR, **_TIP}},
            {"mark": instruction, "encoding": {"x": x, "y": y, "text": _field("label"), **_TIP}},
        ],
    }
    notes = _layer(_notes(found, build), beside, x={"value": PLOT}, y=y, text=_field("note"))
    return {
        "title": {
            "text": build_line(found, build), "anchor": "start", "frame": "group", "fontSize": 13
        },
        "width": PLOT,
        "height": height,
        "layer": [band, skipped, steps, notes],
    }  # fmt: skip


def _layer(rows: list[dict[str, object]], mark: Spec, **encoding: Spec) -> Spec:
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _time(end: float, *, last: bool) -> Spec:
    """Encode where a step begins, on an axis that has its words below the last build alone."""
    axis = {
        "title": "seconds since the build's first step" if last else None,
        "titleFontWeight": "normal",
        "labels": last,
        "ticks": last,
        "domain": last,
        "tickCount": 6,
    }
    scale = {"domain": [0, end], "nice": False}
    return {"field": "start", "type": "quantitative", "axis": axis, "scale": scale}


def _stages(names: list[str]) -> Spec:
    axis = {"grid": False, "ticks": False, "domain": False, "labelPadding": 8}
    return {**_field("stage"), "sort": names, "title": None, "scale": {"domain": names},
            "axis": axis}  # fmt: skip


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _SENTENCE)


def _steps(found: Timeline, build: int, end: float) -> list[dict[str, object]]:
    rows = []
    for lane in found.lanes_of(build):
        for mark in marks(lane, end):
            letters = 0 if mark.cached else room(mark.end - mark.start, end)
            rows.append(
                {
                    "stage": stage_name(lane),
                    "start": round(mark.start, 4),
                    "end": round(mark.end, 4),
                    "kind": _CACHED if mark.cached else _RAN,
                    "what": mark.what,
                    "line": mark.lines,
                    "from": round(mark.bars[0].start, 4),
                    "seconds": round(sum(bar.seconds for bar in mark.bars), 4),
                    "label": clip(mark.what, letters) if letters else "",
                }
            )
    return rows


def _bands(found: Timeline, build: int) -> list[dict[str, object]]:
    return [
        {"start": round(start, 4), "end": round(end, 4), "kind": AT_ONCE}
        for start, end in found.parallel(build)
    ]


def _notes(found: Timeline, build: int) -> list[dict[str, object]]:
    return [
        {"stage": stage_name(lane), "note": note(found, lane)} for lane in found.lanes_of(build)
    ]


def _skipped(found: Timeline, build: int) -> list[dict[str, object]]:
    lanes = found.lanes_of(build)
    return [{"stage": stage_name(lane)} for lane in lanes if lane.state == "skipped"]
