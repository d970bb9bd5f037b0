"""Treemaps: areas in proportion to sizes, in rectangles that are as square as can be.

Source: Bruls, Huizing, van Wijk, "Squarified Treemaps", Proceedings of the Joint Eurographics and
IEEE TCVG Symposium on Visualization, 2000. Sizes are laid out from the largest to the smallest, in
rows along the shorter side of what is left; a row takes one more as long as that makes the least
square of its rectangles no less so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Rect(NamedTuple):
    """A rectangle; the origin is at the top left, lengths in any unit."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Width times height."""
        return self.width * self.height


def squarify(sizes: Sequence[float], area: Rect) -> list[Rect]:
    """Divide a rectangle.

    Args:
        sizes: None of them negative.
        area: What is to be divided.

    Returns:
        A rectangle for each size, in the order of the sizes; those of sizes of 0 have no area.
    """
    places = [Rect(area.x, area.y, 0, 0)] * len(sizes)
    total = sum(sizes)
    if total <= 0 or area.area <= 0:
        return places
    order = sorted((at for at, size in enumerate(sizes) if size > 0), key=lambda at: -sizes[at])
    areas = [sizes[at] / total * area.area for at in order]
    first = 0
    rest = area
    while first < len(areas):
        last = _row_end(areas, first, min(rest.width, rest.height))
        row, rest = _laid(areas[first:last], rest, is_last=last == len(areas))
        for at, place in zip(order[first:last], row, strict=True):
            places[at] = place
        first = last
    return places


def _row_end(areas: Sequence[float], first: int, side: float) -> int:
    """Tell where a row ends that begins with `first` and lies along a side of this length."""
    total = areas[first]
    worst = _worst(areas[first], areas[first], total, side)
    end = first + 1
    while end < len(areas):
        longer = _worst(areas[first], areas[end], total + areas[end], side)
        if longer > worst:
            break
        worst, total, end = longer, total + areas[end], end + 1
    return end


def _worst(largest: float, smallest: float, total: float, side: float) -> float:
    """Give the largest quotient of sides, long over short, in a row of this area."""
    square = side * side
    if not square or not smallest:
        return 0.0  # too thin to tell: all in one row
    # the order of the divisions keeps very small numbers from being 0
    return max(largest / total * square / total, total / smallest * total / square)


def _laid(areas: Sequence[float], rest: Rect, *, is_last: bool) -> tuple[list[Rect], Rect]:
    """Lay a row along the shorter side; gives its rectangles and what is left."""
    total = sum(areas)
    upright = rest.width >= rest.height  # the row is a column at the left
    side, depth = (rest.height, rest.width) if upright else (rest.width, rest.height)
    thick = depth if is_last else min(total / side, depth)
    row = []
    begin = done = 0.0
    for at, area in enumerate(areas):
        done += area
        end = side if at == len(areas) - 1 else min(done / total * side, side)
        if upright:
            row.append(Rect(rest.x, rest.y + begin, thick, end - begin))
        else:
            row.append(Rect(rest.x + begin, rest.y, end - begin, thick))
        begin = end
    if upright:
        return row, Rect(rest.x + thick, rest.y, rest.width - thick, rest.height)
    return row, Rect(rest.x, rest.y + thick, rest.width, rest.height - thick)
