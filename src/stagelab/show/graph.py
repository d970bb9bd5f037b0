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
from stagelab.show.style import count, text_badge

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
    return " ".join([*said, *map(refusal, graph.refused)])


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


def _svg(graph: StageGraph) -> str:
    return picture(graph).document(_TITLE, [caption(graph), *_refusals(graph)], alt=alt(graph))


def _mermaid(graph: StageGraph) -> str:
    title = f"{_TITLE}: {caption(graph)}"
    return mermaid(graph, title=title, alt=alt(graph), notes=_refusals(graph))


def _refusals(graph: StageGraph) -> list[str]:
    return [text_badge(refusal(edge), "warn") for edge in graph.refused]


def _text(graph: StageGraph) -> str:
    lines = [f"{_TITLE}: {caption(graph)}"]
    for stage in graph.stages:
        lines.append(f"{symbol(stage)} {stage.name} ({_state(stage)})")
        edges = graph.taken_by(stage)
        if not edges:
            lines.append(f"    FROM {stage.base}, line {stage.line}")
        lines += [f"    {edge_words(edge)} ← {_origin(edge)}" for edge in edges]
    lines += _refusals(graph)
    return "\n".join(lines)


def _state(stage: StageNode) -> str:
    return f"target, {state_words(stage)}" if stage.is_target else state_words(stage)


def _origin(edge: Edge) -> str:
    return f"{'image' if edge.origin_index is None else 'stage'} {edge.origin}"


register(StageGraph, text=_text, rich={"text/vnd.mermaid": _mermaid, "image/svg+xml": _svg})
