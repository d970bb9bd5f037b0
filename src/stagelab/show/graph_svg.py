"""The stage graph as a picture, from left to right."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from stagelab.show.graph_layout import Box, Layout, lay_out
from stagelab.show.graph_words import edge_words, end, look, reference, state_words, symbol
from stagelab.show.style import PALETTE, clip
from stagelab.show.svg import FAINT, GROUND, INK, Svg, columns

if TYPE_CHECKING:
    from collections.abc import Hashable

    from stagelab.builds.edges import Edge
    from stagelab.builds.graph import StageGraph, StageNode

_MARGIN = 16.0
_PAD = 12.0
_NODE_HEIGHT = 66.0
_IMAGE_HEIGHT = 34.0
_ROW = 15.0
_NAME, _SMALL = 14.0, 11.5
_NAME_CHARACTERS, _CHARACTERS, _LABEL_EDGES = 24, 24, 3
# What a character takes of the font's size, in the widest of the faces that may be found.
_BOLD, _CODE = 0.72, 0.61
_COLOURS = {
    "ran": (PALETTE["green"], "#e6f5ee"),
    "cached": (PALETTE["sky"], "#e4f0f8"),
    "skipped": (PALETTE["grey"], "#f1f1f0"),
    "waiting": (PALETTE["orange"], "#f9f3e4"),
}


def picture(graph: StageGraph) -> Svg:
    """Draw the graph: stages as boxes, images as rounded ones, edges with what they take."""
    nodes: dict[Hashable, tuple[float, float]] = {
        image: (_width([reference(image, _CHARACTERS)]) + _PAD, _IMAGE_HEIGHT)
        for image in graph.images
    }
    nodes |= {stage.index: (_node_width(stage), _NODE_HEIGHT) for stage in graph.stages}
    labels = _labels(graph)
    sizes = [
        (start, end, (_width(rows), _ROW * len(rows) + 8)) for (start, end), rows in labels.items()
    ]
    layout = lay_out(nodes, sizes, _MARGIN)
    svg = Svg(layout.width, layout.height)
    _draw_edges(svg, layout, list(labels.values()))
    for image in graph.images:
        _draw_image(svg, layout.nodes[image], image)
    for stage in graph.stages:
        _draw_stage(svg, layout.nodes[stage.index], stage)
    return svg


def _labels(graph: StageGraph) -> dict[tuple[Hashable, Hashable], list[str]]:
    """Give the rows of the label between each two nodes: its instructions, and what they take."""
    found: dict[tuple[Hashable, Hashable], list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        start = edge.origin if edge.origin_index is None else edge.origin_index
        found[start, edge.stage_index].append(edge)
    labels = {}
    for pair, edges in found.items():
        shown = edges if len(edges) <= _LABEL_EDGES else edges[: _LABEL_EDGES - 1]
        labels[pair] = [row for edge in shown for row in _rows(edge)]
        if len(shown) < len(edges):
            labels[pair].append(f"and {len(edges) - len(shown)} more")
    return labels


def _rows(edge: Edge) -> list[str]:
    paths = [end(" ".join(edge.paths), _CHARACTERS)] if edge.paths else []
    return [edge_words(replace(edge, paths=())), *paths]


def _node_width(stage: StageNode) -> float:
    name = columns(clip(stage.name, _NAME_CHARACTERS)) * _NAME * _BOLD
    return max(name + (70 if stage.is_target else 0), *map(_row_width, _details(stage)), 110) + (
        2 * _PAD
    )


def _details(stage: StageNode) -> tuple[str, str]:
    state = f"{symbol(stage)} {state_words(stage)}"
    return f"FROM {reference(stage.base, _CHARACTERS - 5)}", clip(state, 2 * _CHARACTERS)


def _draw_edges(svg: Svg, layout: Layout, labels: list[list[str]]) -> None:
    ends = _spread(layout)
    for route, rows in zip(layout.routes, labels, strict=True):
        label = route[-2]
        svg.rect(label.x, label.y, label.width, label.height, fill=GROUND, stroke="#dcdcda",
                 thick=1)  # fmt: skip
        for n, row in enumerate(rows):
            x, y = label.x + label.width / 2, label.y + 4 + _ROW * (n + 0.75)
            svg.text(x, y, row, size=_SMALL, fill=INK, anchor="middle", code=True)
        for left, right in pairwise(route):
            start = ends.get((id(left), id(right)), left.middle)
            end = ends.get((id(right), id(left)), right.middle)
            _draw_link(svg, (left, start), (right, end), arrow=right is route[-1])
            if right not in {label, route[-1]}:
                svg.line([(right.left, right.middle), (right.right, right.middle)])


def _draw_link(svg: Svg, start: tuple[Box, float], end: tuple[Box, float], *, arrow: bool) -> None:
    """Draw from a box to one in the next column; it bends between the columns only."""
    (left, y1), (right, y2) = start, end
    straight = right.x - right.left > 1
    svg.line([(left.x + left.width, y1), (left.right, y1)])
    svg.curve((left.right, y1), (right.left, y2), arrow=arrow and not straight)
    if straight:
        svg.line([(right.left, y2), (right.x, y2)], arrow=arrow)


def _spread(layout: Layout) -> dict[tuple[int, int], float]:
    """Give each edge a place of its own where it leaves and reaches a node."""
    places = {}
    for box in layout.nodes.values():
        for side in (box.before, box.after):
            for n, other in enumerate(sorted(side, key=lambda b: b.middle), start=1):
                places[id(box), id(other)] = box.y + box.height * n / (len(side) + 1)
    return places


def _draw_image(svg: Svg, box: Box, image: str) -> None:
    svg.rect(box.x, box.y, box.width, box.height, fill="#ffffff", stroke=FAINT,
             radius=_IMAGE_HEIGHT / 2, title=f"image {image}")  # fmt: skip
    words = reference(image, _CHARACTERS)
    svg.text(box.x + box.width / 2, box.middle + 4, words, size=_SMALL, anchor="middle", code=True)


def _draw_stage(svg: Svg, box: Box, stage: StageNode) -> None:
    colour, ground = _COLOURS[look(stage)]
    svg.rect(box.x, box.y, box.width, box.height, fill=ground, stroke=colour,
             dashed=look(stage) == "skipped", thick=3.5 if stage.is_target else 1.5,
             title=f"stage {stage.name}, line {stage.line}")  # fmt: skip
    base, state = _details(stage)
    name = clip(stage.name, _NAME_CHARACTERS)
    svg.text(box.x + _PAD, box.y + 22, name, size=_NAME, bold=True)
    if stage.is_target:
        right = box.x + box.width - _PAD
        svg.text(right, box.y + 22, "target", size=_SMALL, fill=INK, anchor="end")
    svg.text(box.x + _PAD, box.y + 40, base, size=_SMALL, fill=FAINT, code=True)
    svg.text(box.x + _PAD, box.y + 57, state, size=_SMALL, fill=INK, code=True)


def _width(rows: list[str]) -> float:
    return max(map(_row_width, rows)) + _PAD


def _row_width(row: str) -> float:
    return columns(row) * _SMALL * _CODE
