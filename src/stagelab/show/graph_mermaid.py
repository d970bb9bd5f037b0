"""The stage graph as the text of a Mermaid flowchart."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from stagelab.show.graph_words import edge_words, end, look, reference, state_words, symbol
from stagelab.show.style import PALETTE, clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.builds.edges import Edge
    from stagelab.builds.graph import StageGraph, StageNode

_PLAIN = frozenset(" .,:/@=+-()")
_LABEL, _REFERENCE, _PATHS = 60, 30, 28
_DEEP = 4  # stages and images one after another, for which a page is wide enough
_LINE = "#797979"  # reads on white as well as on near-black
# Grounds and inks of their own, so that they read in the light and the dark theme.
_INK = "color:#1f2328"
_CLASSES = {
    "ran": f"fill:#dff3ea,stroke:{PALETTE['green']},{_INK}",
    "cached": f"fill:#dcecf6,stroke:{PALETTE['sky']},{_INK}",
    "skipped": f"fill:#ededed,stroke:{PALETTE['grey']},{_INK},stroke-dasharray:5 4",
    "waiting": f"fill:#f6f2e6,stroke:{PALETTE['orange']},{_INK}",
    "image": f"fill:#ffffff,stroke:{PALETTE['grey']},{_INK}",
    "note": f"fill:#fbeee6,stroke:{PALETTE['vermillion']},{_INK}",
    "target": "stroke-width:4px",
}
# JupyterLab keeps a drawing when its theme changes, so all colours are told.
_CONFIG = {
    "theme": "base",
    "themeVariables": {
        "lineColor": _LINE,
        "textColor": _LINE,
        "nodeTextColor": "#1f2328",
        "edgeLabelBackground": "#ececea",
    },
    "flowchart": {"wrappingWidth": 300, "nodeSpacing": 30, "rankSpacing": 36},
}


def mermaid(graph: StageGraph, *, title: str = "", alt: str = "", notes: Sequence[str] = ()) -> str:
    """Write the graph as a Mermaid flowchart, from left to right, or downwards if it is deep.

    Nodes have identifiers of their own, since a name such as `end` means something to Mermaid.

    Args:
        graph: The graph.
        title: A heading, in one line.
        alt: Says in words what the drawing shows, for those who do not see it.
        notes: Sentences that stand beside the graph.
    """
    images = {image: f"i{n}" for n, image in enumerate(graph.images)}
    # The head is YAML, of which JSON is a part.
    lines = ["---", f"title: {json.dumps(title)}", f"config: {json.dumps(_CONFIG)}", "---"]
    lines.append(f"flowchart {'LR' if _depth(graph) <= _DEEP else 'TB'}")
    lines += [f"  accTitle: {_safe(title)}", f"  accDescr: {_safe(alt)}"]
    for image, node in images.items():
        lines.append(f'  {node}(["{_safe(reference(image, _REFERENCE))}"]):::image')
    lines += [f"  s{stage.index}[{_label(stage)}]:::{look(stage)}" for stage in graph.stages]
    for edge in graph.edges:
        start = images[edge.origin] if edge.origin_index is None else f"s{edge.origin_index}"
        lines.append(f"  {start} -->|{_edge(edge)}| s{edge.stage_index}")
    lines += [f'  n{n}["{_safe(note)}"]:::note' for n, note in enumerate(notes)]
    lines += [f"  class s{stage.index} target" for stage in graph.stages if stage.is_target]
    lines += [f"  classDef {name} {looks}" for name, looks in _CLASSES.items()]
    lines.append("  linkStyle default stroke-width:1.5px")
    return "\n".join(lines)


def _depth(graph: StageGraph) -> int:
    """Count the stages and images on the longest way to a stage, itself included."""
    depths: list[int] = []
    for stage in graph.stages:
        below = [
            1 if edge.origin_index is None else depths[edge.origin_index]
            for edge in graph.taken_by(stage)
        ]
        depths.append(1 + max(below, default=0))
    return max(depths)


def _label(stage: StageNode) -> str:
    words = f"{symbol(stage)} {state_words(stage)}"
    base = f"FROM {reference(stage.base, _REFERENCE)}"
    return _lines(stage.name, base, f"target, {words}" if stage.is_target else words)


def _edge(edge: Edge) -> str:
    words = edge_words(replace(edge, paths=()))
    return _lines(words, end(" ".join(edge.paths), _PATHS)) if edge.paths else _lines(words)


def _lines(*parts: str) -> str:
    return f'"{"<br/>".join(_safe(clip(part, _LABEL)) for part in parts)}"'


def _safe(text: str) -> str:
    """Write what might mean something to Mermaid or HTML as the number of its character."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)
