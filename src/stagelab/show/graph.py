"""How the graph of a Dockerfile's stages looks: in words, as a picture, as Mermaid's text."""

from __future__ import annotations

from collections import Counter

from stagelab._render import register
from stagelab.builds.edges import Edge
from stagelab.builds.graph import StageGraph, StageNode
from stagelab.show.build import BUILDERS
from stagelab.show.graph_mermaid import mermaid
from stagelab.show.graph_svg import picture
from stagelab.show.graph_words import edge_words, state_words, symbol
from stagelab.show.style import Html, card, count, escape, muted, text_badge

_TITLE = "Stages of the Dockerfile"


def caption(graph: StageGraph) -> str:
    """Sum the graph up in a line: target, builder, how many stages were what."""
    if graph.builder is None:
        needed = f"{len(graph.needed)} of {count(len(graph.stages), 'stage')} needed"
        return f"target {graph.target} · not built · {needed}"
    found = Counter(stage.state for stage in graph.stages)
    first, *others = [
        (state, found[state]) for state in ("ran", "cached", "skipped") if found[state]
    ]
    said = [f"{count(first[1], 'stage')} {first[0]}", *(f"{n} {state}" for state, n in others)]
    return f"target {graph.target} · {BUILDERS[graph.builder]} · {', '.join(said)}"


def alt(graph: StageGraph) -> str:
    """Tell the whole graph in words."""
    said = [f"{_TITLE}: {caption(graph)}."]
    for stage in graph.stages:
        takes = [f"{edge_words(edge)} from {_origin(edge)}" for edge in graph.taken_by(stage)]
        goes = "; ".join(takes) or f"FROM {stage.base}, line {stage.line}"
        said.append(f"Stage {stage.name} ({_state(stage)}): {goes}.")
    return " ".join(said)


def refusal(edge: Edge) -> str:
    """Say why a builder does not accept what an instruction takes from."""
    if "$" in edge.origin:
        why = "no variables are replaced there; name a stage that starts FROM it"
    elif edge.origin.lstrip("+-").isdecimal():
        why = "no stage above it has this index"
    else:
        why = "that is its own stage or a later one, and only those above can be taken from"
    option = "from" if edge.kind == "RUN --mount" else "--from"
    return f"Line {edge.line}, {edge.kind}: {option}={edge.origin} is refused: {why}."


def _html(graph: StageGraph) -> str:
    drawing = picture(graph)
    image = drawing.html(alt(graph))
    # A wide picture is scrolled rather than shrunk until nobody can read it.
    least = f'style="min-width:{0.8 * drawing.width:.0f}px;max-width:100%'
    image = Html(image.replace('style="max-width:100%', least))
    warnings = [text_badge(refusal(edge), "warn") for edge in graph.refused]
    return card(_TITLE, image, muted(caption(graph)), *map(escape, warnings))


def _text(graph: StageGraph) -> str:
    lines = [f"{_TITLE}: {caption(graph)}"]
    for stage in graph.stages:
        lines.append(f"{symbol(stage)} {stage.name} ({_state(stage)})")
        edges = graph.taken_by(stage)
        if not edges:
            lines.append(f"    FROM {stage.base}, line {stage.line}")
        lines += [f"    {edge_words(edge)} ← {_origin(edge)}" for edge in edges]
    lines += [text_badge(refusal(edge), "warn") for edge in graph.refused]
    return "\n".join(lines)


def _state(stage: StageNode) -> str:
    return f"target, {state_words(stage)}" if stage.is_target else state_words(stage)


def _origin(edge: Edge) -> str:
    return f"{'image' if edge.origin_index is None else 'stage'} {edge.origin}"


register(StageGraph, html=_html, text=_text, rich={"text/vnd.mermaid": mermaid})
