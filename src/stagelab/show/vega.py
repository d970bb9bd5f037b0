"""A timeline as a Vega-Lite chart, which shows more of a step when a pointer rests on it."""

from __future__ import annotations

import textwrap
from types import ModuleType
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
from stagelab.show.timeline_svg import PLOT, room

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


def vega_lite(found: Timeline) -> dict[str, Any]:
    """Give the chart as a specification of Vega-Lite 5, its data within it."""
    import altair as alt  # noqa: PLC0415 - takes a second, which not every use of the package needs

    builds = [_of_build(alt, found, build) for build in range(len(found.names))]
    title = alt.TitleParams(
        heading(found),
        subtitle=[line for at in range(len(found.names)) for line in _wrapped(said(found, at))],
        anchor="start",
        offset=12,
    )
    chart = alt.vconcat(*builds, spacing=14, title=title, background="transparent")
    chart = chart.configure_view(stroke=None).configure_axis(
        labelColor=_INK, titleColor=_INK, domainColor=_FAINT, tickColor=_FAINT,
        gridColor=_FAINT, gridOpacity=0.25, labelFontSize=12, labelLimit=190,
    )  # fmt: skip
    chart = chart.configure_title(color=_INK, subtitleColor=_INK, subtitlePadding=6)
    chart = chart.configure_legend(labelColor=_INK, titleColor=_INK, labelFontSize=12)
    chart.usermeta = {
        "embedOptions": {
            "renderer": "svg",
            # An editor on a web site is no use to who works without a network.
            "actions": {"export": True, "source": False, "compiled": False, "editor": False},
        }
    }
    specification: dict[str, Any] = chart.to_dict()
    return specification


def _of_build(alt: ModuleType, found: Timeline, build: int) -> Any:  # noqa: ANN401 - of Altair
    end = axis_end(found)
    lanes = found.lanes_of(build)
    order = [stage_name(lane) for lane in lanes]
    last = build == len(found.names) - 1
    time_axis = alt.Axis(
        title="seconds since the build's first step" if last else None,
        labels=last, ticks=last, domain=last, tickCount=6, titleFontWeight="normal",
    )  # fmt: skip
    x = alt.X("start:Q", axis=time_axis, scale=alt.Scale(domain=[0, end], nice=False))
    y = alt.Y("stage:N", sort=order, title=None, scale=alt.Scale(domain=order),
              axis=alt.Axis(grid=False, ticks=False, domain=False, labelPadding=8))  # fmt: skip
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(
            domain=[_RAN, _CACHED, AT_ONCE],
            range=[PALETTE["blue"], _HOLLOW, _BAND],
        ),
        legend=alt.Legend(
            orient="bottom", symbolType="square", symbolSize=180, symbolStrokeWidth=1.5,
            symbolStrokeColor=_FAINT, symbolOpacity=1, labelLimit=0,
        ),
    )  # fmt: skip
    band = (
        alt.Chart(alt.Data(values=_bands(found, build)))
        .mark_rect()
        .encode(x=x, x2="end:Q", y=alt.value(0), y2=alt.value(len(lanes) * _ROW), color=colour)
    )
    bars = alt.Chart().mark_bar(height=_BAR, cornerRadius=2, stroke=_FAINT, strokeWidth=1.2)
    bars = bars.encode(x=x, x2="end:Q", y=y, color=colour, tooltip=_tooltip(alt))
    inside = alt.Chart().mark_text(
        align="left", dx=5, fontSize=10.5, font="monospace", color="#ffffff"
    )
    inside = inside.encode(x=x, y=y, text="label:N", tooltip=_tooltip(alt))
    steps = alt.layer(bars, inside, data=alt.Data(values=_steps(found, build, end)))
    skipped = (
        alt.Chart(alt.Data(values=_skipped(found, build)))
        .mark_rule(strokeDash=[5, 4], color=_FAINT)
        .encode(x=alt.value(0), x2=alt.value(PLOT), y=y)
    )
    beside = (
        alt.Chart(alt.Data(values=_notes(found, build)))
        .mark_text(align="left", dx=10, fontSize=12, color=_INK, opacity=0.75)
        .encode(x=alt.value(PLOT), y=y, text="note:N")
    )
    name = alt.TitleParams(build_line(found, build), anchor="start", frame="group", fontSize=13)
    layers = alt.layer(band, skipped, steps, beside)
    return layers.properties(width=PLOT, height=len(lanes) * _ROW, title=name)


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _SENTENCE)


def _tooltip(alt: ModuleType) -> list[object]:
    return [
        alt.Tooltip("what:N", title="instruction"),
        alt.Tooltip("line:N", title="line"),
        alt.Tooltip("from:Q", title="start (s)", format=".3f"),
        alt.Tooltip("seconds:Q", title="seconds", format=".3f"),
        alt.Tooltip("kind:N", title="result"),
    ]


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
