"""The stage graph as the text of a Mermaid flowchart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stagelab.show.graph_words import edge_words, look, state_words, symbol
from stagelab.show.style import PALETTE, clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.builds.graph import StageGraph, StageNode

_PLAIN = frozenset(" .,:/@=+-()")
_LABEL = 60
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


def mermaid(graph: StageGraph, *, title: str = "", notes: Sequence[str] = ()) -> str:
    """Write the graph as a Mermaid flowchart, from left to right.

    Nodes have identifiers of their own, since a name such as `end` means something to Mermaid.

    Args:
        graph: The graph.
        title: A heading, in one line.
        notes: Sentences that stand beside the graph.
    """
    images = {image: f"i{n}" for n, image in enumerate(graph.images)}
    # The head is YAML, of which JSON is a part.
    lines = ["---", f"title: {json.dumps(title, ensure_ascii=False)}", "---"] if title else []
    lines.append("flowchart LR")
    lines += [f'  {node}(["{_safe(image)}"]):::image' for image, node in images.items()]
    lines += [f"  s{stage.index}[{_label(stage)}]:::{look(stage)}" for stage in graph.stages]
    for edge in graph.edges:
        start = images[edge.origin] if edge.origin_index is None else f"s{edge.origin_index}"
        label = _safe(clip(edge_words(edge), _LABEL))
        lines.append(f'  {start} -->|"{label}"| s{edge.stage_index}')
    lines += [f'  n{n}["{_safe(note)}"]:::note' for n, note in enumerate(notes)]
    lines += [f"  class s{stage.index} target" for stage in graph.stages if stage.is_target]
    lines += [f"  classDef {name} {looks}" for name, looks in _CLASSES.items()]
    return "\n".join(lines)


def _label(stage: StageNode) -> str:
    words = f"{symbol(stage)} {state_words(stage)}"
    parts = [stage.name, f"FROM {stage.base}", f"target, {words}" if stage.is_target else words]
    return f'"{"<br/>".join(_safe(clip(part, _LABEL)) for part in parts)}"'


def _safe(text: str) -> str:
    """Write what might mean something to Mermaid or HTML as the number of its character."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)
