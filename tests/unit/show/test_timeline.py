"""How timelines look, by builds that are made by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import altair as alt
import pytest

from stagelab import show
from stagelab.builds import Build, Stage, Step
from stagelab.builds.timeline import Timeline, timeline
from stagelab.show import timeline_parts as parts
from stagelab.show.vega import MIME

assert show

LONG = "RUN go build -ldflags '-X <main>' " + "./... " * 40
STEPS = (
    Step("builder", "FROM golang:1.27", 1, 0.0, 0.0, cached=True),
    Step("builder", LONG, 2, 0.0, 4.0),
    Step("assets", "RUN make", 5, 1.0, 3.0),
    Step("stage-3", "COPY --from=builder /app/x .", 9, 4.0, 4.001),
)


def build_of(*steps: Step, skipped: str = "tests", **changes: Any) -> Build:  # noqa: ANN401 - of any field
    stages = tuple(
        Stage(name, at, "alpine:3.22", at + 1, tuple(s for s in steps if s.stage == name),
              ran=name not in skipped.split())
        for at, name in enumerate(("builder", "assets", "tests", "stage-3"))
    )  # fmt: skip
    made = Build(
        image=object(),
        builder="buildkit",
        tag=None,
        target=None,
        stages=stages,
        steps=steps,
        log="",
        context_bytes=0,
        seconds=60.0,
        dockerfile="",
        bases=(),
    )
    return replace(made, **changes)


PARALLEL = build_of(*STEPS)
IN_TURN = build_of(
    Step(None, "ARG X=1", 1, 0.0, 0.0),
    Step("builder", LONG, 2, 0.0, 4.0),
    Step("assets", "RUN make", 5, 4.0, 6.0),
    Step("tests", "RUN go test", 7, 6.0, 7.0),
    Step("stage-3", "COPY --from=builder /app/x .", 9, 7.0, 7.5),
    builder="classic",
    skipped="",
)
CACHED = build_of(*(replace(step, cached=True) for step in STEPS))
BOTH = timeline(PARALLEL, IN_TURN)


def bundle(found: Timeline) -> dict[str, Any]:
    return found._repr_mimebundle_()


def picture(found: Timeline) -> tuple[ET.Element, str]:
    """The picture, and what it says to those who do not see it."""
    svg = ET.fromstring(bundle(found)["image/svg+xml"])  # noqa: S314 - of our own making
    return svg, svg.attrib["aria-label"]


def words_of(svg: ET.Element) -> list[str]:
    return [node.text or "" for node in svg.iter("{http://www.w3.org/2000/svg}text")]


# text

AS_TEXT = """\
Timeline of BuildKit and classic builder

BuildKit · 4.0 s
builder                  │░███████████████████████████                         │ ran 4.0 s, 1 cached
assets                   │       ██████████████                                │ ran 2.0 s
tests                    │·····················································│ skipped
stage-3                  │                            █                        │ ran 1 ms

classic builder · 7.5 s
(before the first stage) │█                                                    │ ran 0 ms
builder                  │████████████████████████████                         │ ran 4.0 s
assets                   │                            ██████████████           │ ran 2.0 s
tests                    │                                          ███████    │ ran 1.0 s
stage-3                  │                                                 ████│ ran 500 ms
                         └┴─────────────┴─────────────┴─────────────┴──────────┘
                          0 s           2 s           4 s           6 s

█ ran   ░ from the cache   · skipped
BuildKit: two or more stages at once for 2.0 s (builder with assets 2.0 s).
classic builder: its stages ran one after another, no two at once.
Seconds count from the start of each build's first step.
A step that took too little time to be seen is drawn as wide as the narrowest that can be.
Cached steps did not run; they are drawn where the builder told of them.
"""


def test_two_builds_as_text() -> None:
    assert str(BOTH) + "\n" == AS_TEXT


@pytest.mark.parametrize("builds", [(PARALLEL,), (IN_TURN, CACHED), (PARALLEL,) * 4])
def test_text_is_never_wider_than_a_hundred_columns(builds: tuple[Build, ...]) -> None:
    names = [f"{'a rather long name ' * 3}{n}" for n in range(len(builds))]
    lines = str(timeline(*builds, names=names)).splitlines()[1:]
    assert max(map(len, lines)) <= 100


def test_a_build_that_was_all_cached_as_text() -> None:
    text = str(timeline(CACHED))
    assert "BuildKit: no stage ran, everything came from the cache." in text
    assert "│ all 2 cached" in text
    assert "│ cached" in text
    assert "█" not in text.replace("█ ran   ░", "")


def test_what_is_said() -> None:
    alone = build_of(STEPS[0], STEPS[1], replace(STEPS[2], cached=True))
    assert parts.said(timeline(alone), 0) == "BuildKit: only builder ran, so no two stages at once."
    four = build_of(*(Step(s, "RUN x", 1, 0.0, 1.0) for s in "abcd"))
    four = replace(four, stages=tuple(
        Stage(s, 0, "x", 1, (step,), ran=True) for s, step in zip("abcd", four.steps, strict=True)
    ))  # fmt: skip
    said = parts.said(timeline(four, names=["four"]), 0)
    assert said.startswith("four: two or more stages at once for 1.0 s (a with b 1.0 s, a with c")
    assert said.endswith("b with c 1.0 s, and 2 pairs more).")
    assert [parts.note(timeline(alone), lane) for lane in timeline(alone).lanes] == [
        "ran 4.0 s, 1 cached",
        "cached",
        "skipped",
        "no step of its own",
    ]


def test_names_are_listed() -> None:
    assert parts.heading(timeline(CACHED)) == "Timeline of BuildKit"
    many = timeline(PARALLEL, CACHED, CACHED, names=["a", "b", "c"])
    assert parts.heading(many) == "Timeline of a, b and c"
    assert parts.build_line(many, 0) == "a · BuildKit · 4.0 s"


# what is drawn


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (0.1, [0, 0.02, 0.04, 0.06, 0.08, 0.1]),
        (1.2, [0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2]),
        (7.5, [0, 2, 4, 6]),
        (600, [0, 100, 200, 300, 400, 500, 600]),
    ],
)
def test_ticks_are_round_numbers(end: float, expected: list[float]) -> None:
    assert parts.ticks(end) == expected


def test_marks_can_be_seen_and_lie_on_the_axis() -> None:
    for found in (BOTH, timeline(CACHED), timeline(PARALLEL)):
        end = parts.axis_end(found)
        for lane in found.lanes:
            for mark in parts.marks(lane, end):
                assert mark.end - mark.start >= end / 150
                assert 0 <= mark.start < mark.end <= end + 1e-9


def test_cached_steps_of_one_moment_are_one_mark() -> None:
    steps = [Step("builder", f"RUN {n}", n, 2.0, 2.0, cached=True) for n in (3, 4, 5)]
    found = timeline(build_of(*steps, Step("builder", "RUN last", 6, 2.0, 9.0)))
    below, above = parts.marks(found.lanes[0], 7.0)
    assert (below.cached, below.what, below.lines) == (False, "RUN last", "6")
    assert (above.cached, above.what, above.lines) == (True, "RUN 3; RUN 4; RUN 5", "3, 4, 5")


# the picture


def test_the_picture_has_rows_bars_and_words() -> None:
    svg, _ = picture(BOTH)
    words = words_of(svg)
    for word in ("BuildKit · 4.0 s", "classic builder · 7.5 s", "assets", "skipped", "ran 2.0 s",
                 "from the cache", "two or more stages at once", "0 s", "6 s"):  # fmt: skip
        assert word in words
    assert words.count("skipped") == 1
    assert any(word.startswith("RUN go build") and word.endswith("…") for word in words)
    narrowest = min(float(rect.get("width", "9")) for rect in svg.iter() if rect.get("rx") == "2")
    assert narrowest >= 3


def test_the_alternative_text_tells_what_the_picture_shows() -> None:
    _, alt = picture(timeline(PARALLEL))
    assert alt == (
        "Timeline of BuildKit. BuildKit · 4.0 s: builder ran 4.0 s, 1 cached (from 0.00 to 4.00 s);"
        " assets ran 2.0 s (from 1.00 to 3.00 s); tests skipped; stage-3 ran 1 ms. "
        "BuildKit: two or more stages at once for 2.0 s (builder with assets 2.0 s)."
    )


def test_the_picture_says_what_the_text_says_and_nothing_runs_in_it() -> None:
    found = timeline(PARALLEL, names=["<b>x</b>"])
    assert "<b>x" not in bundle(found)["image/svg+xml"]
    svg, _ = picture(BOTH)
    said = " ".join(text.text or "" for text in svg.iter("{http://www.w3.org/2000/svg}text"))
    for sentence in (parts.said(BOTH, 0), parts.said(BOTH, 1), "Cached steps did not run"):
        assert sentence in said
        assert sentence in " ".join(bundle(BOTH)["text/plain"].split())
    assert "text/html" not in bundle(BOTH), "JupyterLab would show it and not the chart"


# the chart


def charts(found: Timeline) -> list[dict[str, Any]]:
    """One chart a build."""
    return list(bundle(found)[MIME]["vconcat"])


def values(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """Every row of data in a chart, layers within layers included."""
    own = chart.get("data", {}).get("values", [])
    return [*own, *(row for layer in chart.get("layer", []) for row in values(layer))]


def test_the_chart_is_of_version_five_and_needs_no_network() -> None:
    spec = bundle(BOTH)[MIME]
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/v5")
    assert spec["background"] == "transparent"
    assert spec["usermeta"]["embedOptions"]["actions"]["editor"] is False
    text = json.dumps(spec)
    assert '"url"' not in text
    assert "datasets" not in spec
    assert len(text) < 20_000


def test_the_chart_has_every_step_with_what_a_pointer_shows() -> None:
    first, second = charts(BOTH)
    rows = [row for row in values(first) if "what" in row]
    assert [(row["stage"], row["kind"], row["line"]) for row in rows] == [
        ("builder", "ran", "2"),
        ("builder", "from the cache", "1"),
        ("assets", "ran", "5"),
        ("stage-3", "ran", "9"),
    ]
    assert (rows[2]["from"], rows[2]["seconds"], rows[2]["what"]) == (1.0, 2.0, "RUN make")
    assert max(len(row["what"]) for row in rows) == 120
    assert {"start": 1.0, "end": 3.0, "kind": "two or more stages at once"} in values(first)
    assert {"stage": "tests"} in values(first)
    assert {"stage": "tests"} not in values(second)
    assert "two or more" not in json.dumps(values(second))


def test_charts_share_the_axis_and_keep_the_order_of_stages() -> None:
    encodings = [
        layer["encoding"]
        for chart in charts(BOTH)
        for layer in chart["layer"][2]["layer"]
        if layer["mark"]["type"] == "bar"
    ]
    assert [each["x"]["scale"]["domain"] for each in encodings] == [[0, 7.5]] * 2
    assert encodings[0]["y"]["sort"] == ["builder", "assets", "tests", "stage-3"]
    tips = [tip["title"] for tip in encodings[0]["tooltip"]]
    assert tips == ["instruction", "line", "start (s)", "seconds", "result"]


def test_a_chart_of_a_build_without_steps() -> None:
    empty = timeline(build_of(skipped="builder assets tests"))
    assert len(charts(empty)) == 1
    assert "no step of its own" in str(empty)


@pytest.mark.parametrize("builds", [(PARALLEL, IN_TURN), (CACHED,), (build_of(),)])
def test_the_chart_is_what_the_schema_allows(builds: tuple[Build, ...]) -> None:
    chart = bundle(timeline(*builds))[MIME]
    alt.VConcatChart.from_dict(chart, validate=True)
    chart["vconcat"][0]["layer"][0]["mark"]["type"] = "pie"
    with pytest.raises(Exception, match="pie"):  # of a class that is none of Altair's own
        alt.VConcatChart.from_dict(chart, validate=True)


def test_charts_are_independent_of_each_other() -> None:
    chart = bundle(BOTH)[MIME]
    before = json.dumps(chart)
    chart["config"]["axis"]["labelFontSize"] = 30
    assert json.dumps(bundle(BOTH)[MIME]) == before


def test_the_chart_has_words_for_those_who_do_not_see_it() -> None:
    assert bundle(BOTH)[MIME]["description"] == picture(BOTH)[1]


def test_what_takes_a_second_to_import_is_not_needed() -> None:
    program = """if True:
        import sys
        from stagelab.builds.timeline import Lane, Timeline
        lanes = (Lane(0, "only", "skipped", ()),)
        assert len(Timeline(("one",), ("buildkit",), lanes, (0.0,))._repr_mimebundle_()) == 3
        print("altair" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
