"""Lay a graph out from left to right, in columns, so that nothing lies on anything else.

Every edge has a label, and a label is a box as a node is: it has a column of its own between those
of the nodes, right before the node that the edge leads to. An edge that goes past columns keeps a
narrow lane free in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

_GAP = 18.0
_COLUMN_GAP = 32.0
_LANE = 6.0
_SWEEPS = 12

Size = tuple[float, float]


@dataclass(slots=True, eq=False)
class Box:
    """A rectangle in the picture; lengths in pixels.

    Attributes:
        width: Its own.
        height: Its own.
        column: The number of its column.
        x: Of its left side.
        y: Of its top.
        left: Of its column's left side.
        right: Of its column's right side.
        before: What leads to it.
        after: What it leads to.
    """

    width: float
    height: float
    column: int = 0
    x: float = 0.0
    y: float = 0.0
    left: float = 0.0
    right: float = 0.0
    before: list[Box] = field(default_factory=list, repr=False)
    after: list[Box] = field(default_factory=list, repr=False)

    @property
    def middle(self) -> float:
        """The y of its centre."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is.

    Attributes:
        width: Of the whole.
        height: Of the whole.
        nodes: The box of each node.
        routes: What each edge passes: its origin, its lanes, its label, the node it leads to.
    """

    width: float
    height: float
    nodes: Mapping[Hashable, Box]
    routes: tuple[tuple[Box, ...], ...]


def lay_out(
    nodes: Mapping[Hashable, Size],
    edges: Sequence[tuple[Hashable, Hashable, Size]],
    margin: float,
) -> Layout:
    """Lay out a graph without cycles.

    Args:
        nodes: The size of each node; where an edge leads to comes behind where it is from.
        edges: Origin, end and size of the label of each; no two are between the same nodes.
        margin: What stays free around the whole.
    """
    depths = _depths(nodes, [(start, end) for start, end, _ in edges])
    boxes = {name: Box(*size, column=2 * depths[name]) for name, size in nodes.items()}
    routes = []
    for start, end, size in edges:
        last = boxes[end].column - 1
        lanes = [Box(0.0, _LANE, n) for n in range(boxes[start].column + 1, last)]
        routes.append((boxes[start], *lanes, Box(*size, column=last), boxes[end]))
    for left, right in (pair for route in routes for pair in pairwise(route)):
        left.after.append(right)
        right.before.append(left)
    columns = _columns([*boxes.values(), *(box for route in routes for box in route[1:-1])])
    _order(columns)
    width = _place_columns(columns, margin)
    _place_rows(columns)
    everything = [box for column in columns for box in column]
    top = min(box.y for box in everything)
    for box in everything:
        box.y += margin - top
    height = max(box.y + box.height for box in everything) + margin
    return Layout(width, height, boxes, tuple(routes))


def _depths(
    nodes: Iterable[Hashable], edges: Sequence[tuple[Hashable, Hashable]]
) -> dict[Hashable, int]:
    depths: dict[Hashable, int] = {}
    for node in nodes:
        depths[node] = max((depths[start] + 1 for start, end in edges if end == node), default=0)
    ends = {end for _, end in edges}
    for node in depths:
        # What rests on nothing stands beside what needs it.
        goals = [depths[end] for start, end in edges if start == node]
        if node not in ends and goals:
            depths[node] = min(goals) - 1
    return depths


def _columns(boxes: Sequence[Box]) -> list[list[Box]]:
    numbers = sorted({box.column for box in boxes})
    return [[box for box in boxes if box.column == number] for number in numbers]


def _order(columns: list[list[Box]]) -> None:
    """Bring neighbours together, so that few edges cross."""
    for sweep in range(_SWEEPS):
        rank = {id(box): n for column in columns for n, box in enumerate(column)}
        for column in columns if sweep % 2 == 0 else reversed(columns):
            sides = {id(b): (b.before if sweep % 2 == 0 else b.after) for b in column}
            means = {
                key: sum(rank[id(b)] for b in side) / len(side) if side else rank[key]
                for key, side in sides.items()
            }
            column.sort(key=lambda box, means=means: means[id(box)])  # type: ignore[misc]
            rank.update({id(box): n for n, box in enumerate(column)})


def _place_columns(columns: list[list[Box]], margin: float) -> float:
    x = margin
    for column in columns:
        widest = max(box.width for box in column)
        for box in column:
            # Lanes cross the whole column; all else stands in its middle.
            box.x = x + (widest - box.width) / 2 if box.width else x
            box.width = box.width or widest
            box.left, box.right = x, x + widest
        x += widest + _COLUMN_GAP
    return x - _COLUMN_GAP + margin


def _place_rows(columns: list[list[Box]]) -> None:
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = []
            for box in column:
                near = box.before + box.after if sweep else box.before
                wanted.append(sum(b.middle for b in near) / len(near) if near else box.middle)
            bottom = float("-inf")
            for box, middle in zip(column, wanted, strict=True):
                box.y = max(middle - box.height / 2, bottom + _GAP)
                bottom = box.y + box.height
            off = sum(box.middle - middle for box, middle in zip(column, wanted, strict=True))
            for box in column:
                box.y -= off / len(column)
