"""How the stage graph looks: the same told as a picture, in words and to Mermaid."""

from __future__ import annotations

import dataclasses
import itertools
import re
import xml.etree.ElementTree as ET

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import stagelab.show.graph  # noqa: F401 - registers the renderer
from stagelab.builds import StageGraph, stages
from stagelab.show.graph import caption
from stagelab.show.graph_layout import Box, lay_out
from stagelab.show.graph_svg import picture
from tests.unit.builds.corpus import CASES

SVG = "{http://www.w3.org/2000/svg}"
TEXT = """\
FROM golang:1.27 AS builder
RUN go build
FROM builder AS tests
RUN go test
FROM debian:trixie-slim AS certs
FROM scratch AS runtime
COPY --from=builder /app/myapp /
COPY --from=certs /etc/ssl /etc/
COPY --from=$X a b
"""
STATES = [("ran", 2, 1.2), ("skipped", 0, 0.0), ("cached", 1, 0.0), ("ran", 2, 0.05)]


@pytest.fixture
def built() -> StageGraph:
    """A graph of four stages as BuildKit might have built it."""
    graph = stages(TEXT)
    nodes = tuple(
        dataclasses.replace(stage, state=state, steps=steps, seconds=seconds)
        for stage, (state, steps, seconds) in zip(graph.stages, STATES, strict=True)
    )
    return dataclasses.replace(graph, stages=nodes, builder="buildkit")


def bundle(graph: StageGraph) -> dict[str, str]:
    return graph._repr_mimebundle_()


def svg_of(found: StageGraph) -> ET.Element:
    return ET.fromstring(bundle(found)["image/svg+xml"])  # noqa: S314 - our own


def alt_of(found: StageGraph) -> str:
    return svg_of(found).attrib["aria-label"]


def head_of(graph: StageGraph) -> dict[str, str]:
    """What precedes the flowchart in Mermaid's text, read as YAML."""
    head: dict[str, str] = yaml.safe_load(graph.mermaid.split("---\n")[1])
    return head


def decoded(text: str) -> str:
    """Mermaid's numbers of characters as the characters that they mean."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


def words_of(svg: ET.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def test_plain_text(built: StageGraph) -> None:
    assert str(built) == (
        "Stages of the Dockerfile: target runtime · BuildKit · 2 stages ran, 1 cached, 1 skipped\n"
        "✓ builder (ran, 2 steps, 1.2 s)\n"
        "    FROM line 1 ← image golang:1.27\n"
        "– tests (skipped)\n"  # noqa: RUF001 - the sign of what was left out
        "    FROM line 3 ← stage builder\n"
        "⟲ certs (cached, 1 step)\n"
        "    FROM line 5 ← image debian:trixie-slim\n"
        "✓ runtime (target, ran, 2 steps, 50 ms)\n"
        "    COPY line 7 /app/myapp ← stage builder\n"
        "    COPY line 8 /etc/ssl ← stage certs\n"
        "! Line 9, COPY: --from=$X is refused: no variables are replaced there; name a stage that "
        "starts FROM it."
    )
    assert bundle(built)["text/plain"] == str(built)


def test_the_picture_has_words_for_everything(built: StageGraph) -> None:
    words = words_of(svg_of(built))
    assert {"builder", "FROM golang:1.27", "✓ ran, 2 steps, 1.2 s", "target"} <= set(words)
    assert {"golang:1.27", "⟲ cached, 1 step", "COPY line 7", "/app/myapp"} <= set(words)
    assert any(word.endswith("skipped") for word in words)


def test_the_alternative_text_tells_the_whole_graph(built: StageGraph) -> None:
    alt = alt_of(built)
    assert alt.startswith(f"Stages of the Dockerfile: {caption(built)}. Stage builder (ran")
    for edge in built.edges:
        assert f"line {edge.line}" in alt
        assert edge.origin in alt
    assert alt.endswith("name a stage that starts FROM it.")
    assert "Stage runtime (target, ran, 2 steps, 50 ms): COPY line 7 /app/myapp from stage" in alt


def test_the_picture_says_what_is_refused_and_sums_up(built: StageGraph) -> None:
    said = " ".join(words_of(svg_of(built)))
    assert caption(built) in said
    assert "Line 9, COPY: --from=$X is refused" in said


def test_viewers_are_left_to_choose_the_form(built: StageGraph) -> None:
    # JupyterLab would show HTML and none of the others.
    assert set(bundle(built)) == {"text/vnd.mermaid", "image/svg+xml", "text/plain"}
    assert "id=" not in bundle(built)["image/svg+xml"], "several stand in one page"


def test_the_look_of_a_stage_is_never_colour_alone(built: StageGraph) -> None:
    boxes = svg_of(built).iter(f"{SVG}rect")
    looks = {
        title.text: (box.get("stroke-dasharray") is not None, float(box.get("stroke-width", 0)))
        for box in boxes
        if (title := box.find(f"{SVG}title")) is not None
    }
    assert looks["stage tests, line 3"] == (True, 1.5)
    assert looks["stage runtime, line 6"] == (False, 3.5)
    assert looks["stage builder, line 1"] == (False, 1.5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\n", "target stage-0 · not built · 1 of 1 stage needed"),
        ("FROM a\nFROM b\n", "target stage-1 · not built · 1 of 2 stages needed"),
    ],
)
def test_caption_of_what_was_not_built(text: str, expected: str) -> None:
    assert caption(stages(text)) == expected


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("COPY --from=7 a b", "--from=7 is refused: no stage above it has this index."),
        ("COPY --from=two a b", "--from=two is refused: that is its own stage or a later one"),
        ("RUN --mount=from=two,target=/m x", "RUN --mount: from=two is refused"),
    ],
)
def test_why_something_is_refused(line: str, why: str) -> None:
    assert why in str(stages(f"FROM a\n{line}\nFROM b AS two\n"))


def test_mermaid(built: StageGraph) -> None:
    lines = built.mermaid.splitlines()
    assert bundle(built)["text/vnd.mermaid"] == built.mermaid
    assert head_of(built)["title"] == f"Stages of the Dockerfile: {caption(built)}"
    assert "flowchart LR" in lines
    assert '  i0(["golang:1.27"]):::image' in lines
    assert '  s1["tests<br/>FROM builder<br/>#8211; skipped"]:::skipped' in lines
    assert '  s0 -->|"COPY line 7<br/>/app/myapp"| s3' in lines
    assert '  i0 -->|"FROM line 1"| s0' in lines
    assert "  class s3 target" in lines
    used = set(re.findall(r":::(\w+)", built.mermaid))
    assert used == {"image", "ran", "cached", "skipped", "note"}
    assert used <= set(re.findall(r"classDef (\w+) ", built.mermaid))


def test_mermaid_takes_no_name_for_a_word_of_its_own() -> None:
    text = 'FROM "a\\"]<b>`#|名" AS end\nCOPY --from=x;y "/p q" /\nFROM end AS click\n'
    graph = stages(text)
    body = graph.mermaid.split("\n---\n")[1]
    for line in body.splitlines()[3:]:
        assert re.match(r"  ((class )?[isn]\d+|classDef |linkStyle )", line)
        assert re.sub(r'"[^"]*"', "", line).count('"') == 0
        for label in re.findall(r'"([^"]*)"', line):
            assert not set("<>`|;[]{}") & set(re.sub(r"#\d+;|<br/>", "", label))
    assert "名" in graph.mermaid


def test_mermaid_has_words_for_those_who_do_not_see_it(built: StageGraph) -> None:
    lines = built.mermaid.splitlines()
    (title,) = [line for line in lines if line.startswith("  accTitle: ")]
    (words,) = [line for line in lines if line.startswith("  accDescr: ")]
    assert decoded(title).endswith(head_of(built)["title"])
    assert decoded(words).endswith(alt_of(built))


@pytest.mark.parametrize("name", ["a: b", "x # y", '"', "---", "%%{init}%%", "\u2028", "名"])
def test_the_title_of_mermaid_is_read_as_it_is_meant(name: str) -> None:
    graph = dataclasses.replace(stages("FROM a\n"), target=name)
    assert head_of(graph)["title"].endswith(f": {caption(graph)}")
    assert len(graph.mermaid.splitlines()) == len(stages("FROM a\n").mermaid.splitlines())


def test_a_deep_graph_is_drawn_downwards_by_mermaid() -> None:
    text = "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(3))
    assert "flowchart TB" in stages(text).mermaid
    assert "flowchart LR" in stages(text.rpartition("FROM")[0]).mermaid


def test_of_a_digest_a_sign_is_shown_and_all_of_it_said() -> None:
    image = f"registry.example.org/team/tool:1.2@sha256:{'0' * 64}"
    graph = stages(f"FROM {image}\n")
    nodes = [line for line in graph.mermaid.splitlines() if re.match(r"  [is]0\W", line)]
    for form in (" ".join(nodes), " ".join(words_of(svg_of(graph)))):
        assert "tool:1.2@…" in decoded(form)
        assert "00000" not in form
    assert image in alt_of(graph)
    assert image in str(graph)


def test_characters_that_xml_has_no_way_to_write() -> None:
    svg = svg_of(stages("FROM a\x1b[31m AS b\x00\n"))
    assert "FROM a\ufffd[31m" in words_of(svg)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_every_form_of_every_graph_of_the_corpus(case: object) -> None:
    graph = stages(case.path)  # type: ignore[attr-defined]
    forms = bundle(graph)
    alt = alt_of(graph)
    words = " ".join(words_of(svg_of(graph)))
    for stage in graph.stages:
        assert f"Stage {stage.name} (" in alt
        assert f" {stage.name} (" in forms["text/plain"]
        assert stage.name[:20] in words
    assert forms["text/vnd.mermaid"].count("-->") == len(graph.edges)


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 12))
    pairs = [(a, b) for b in range(count) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20)) if pairs else []
    return count, chosen


@given(graphs())
def test_nothing_lies_on_anything_else(model: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = model
    nodes = {n: (100.0 + n, 66.0 if n % 2 else 34.0) for n in range(count)}
    layout = lay_out(nodes, [(a, b, (80.0, 20.0 + a)) for a, b in edges], 10.0)
    labels_and_lanes = [box for route in layout.routes for box in route[1:-1]]
    boxes = [*layout.nodes.values(), *labels_and_lanes]
    for one, other in itertools.combinations(boxes, 2):
        assert not overlap(one, other)
    for box in boxes:
        assert 9.9 <= box.x <= box.x + box.width <= layout.width - 9.9
        assert 9.9 <= box.y <= box.y + box.height <= layout.height - 9.9
    for (start, end), route in zip(edges, layout.routes, strict=True):
        assert (route[0], route[-1]) == (layout.nodes[start], layout.nodes[end])
        for left, right in itertools.pairwise(route):
            assert right.column == left.column + 1
            assert left.x + left.width < right.x


def test_texts_stay_inside_their_boxes() -> None:
    text = "".join(
        f"FROM {'x' * n}:{n} AS {'w' * n}\nCOPY --from=0 /{'p' * n} /\n" for n in (1, 30, 99)
    )
    drawing = picture(stages(text))
    svg = ET.fromstring(drawing.document("", [], alt=""))  # noqa: S314 - our own
    for word in svg.iter(f"{SVG}text"):
        wide = len(word.text or "") * float(word.get("font-size", 0)) * 0.6
        x = float(word.get("x", 0)) - {"middle": wide / 2, "end": wide}.get(
            word.get("text-anchor", ""), 0
        )
        assert x >= 0
        assert x + wide <= max(drawing.width, 560)


def test_many_instructions_between_two_stages_are_summed_up() -> None:
    copies = "".join(f"COPY --from=0 /{n} /\n" for n in range(9))
    words = words_of(svg_of(stages(f"FROM a\nFROM b\n{copies}")))
    assert "and 7 more" in words
    assert "COPY by index 0 line 3" in words
    assert "COPY by index 0 line 5" not in words
