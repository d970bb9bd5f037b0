"""Treemaps: areas in proportion, nothing overlaps, nothing is left, squares as far as can be."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.show.treemap import Rect, squarify

AREA = Rect(10, 20, 600, 400)
SIZES = st.lists(st.integers(0, 10**12), max_size=60)
SIDES = st.floats(1, 2000)


def overlap(a: Rect, b: Rect) -> float:
    wide = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    high = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(wide, 0) * max(high, 0)


def ratio(rect: Rect) -> float:
    return max(rect.width / rect.height, rect.height / rect.width)


@given(sizes=SIZES, x=SIDES, y=SIDES, width=SIDES, height=SIDES)
def test_areas_are_in_proportion_and_fill_the_rectangle(
    sizes: list[int], x: float, y: float, width: float, height: float
) -> None:
    area = Rect(x, y, width, height)
    places = squarify(sizes, area)
    assert len(places) == len(sizes)
    slack = 1e-6 * max(x, y, width, height)
    for size, place in zip(sizes, places, strict=True):
        share = size / sum(sizes) if sum(sizes) else 0
        assert place.area == pytest.approx(share * area.area, rel=1e-6, abs=1e-6 * area.area)
        assert place.width >= 0
        assert place.height >= 0
        assert x - slack <= place.x <= place.x + place.width <= x + width + slack
        assert y - slack <= place.y <= place.y + place.height <= y + height + slack
    if any(sizes):
        assert sum(place.area for place in places) == pytest.approx(area.area)
    assert sum(overlap(a, b) for a, b in combinations(places, 2)) <= 1e-6 * area.area


@given(sizes=st.lists(st.integers(0, 1000), max_size=30))
def test_what_is_larger_is_not_smaller_and_alike_is_alike(sizes: list[int]) -> None:
    places = squarify(sizes, AREA)
    for (size, place), (other, second) in combinations(zip(sizes, places, strict=True), 2):
        if size >= other:
            assert place.area >= second.area - 1e-6


def test_the_example_of_the_paper() -> None:
    places = squarify([6, 6, 4, 3, 2, 2, 1], Rect(0, 0, 6, 4))
    assert [
        (round(p.x, 2), round(p.y, 2), round(p.width, 2), round(p.height, 2)) for p in places
    ] == [
        (0, 0, 3, 2),
        (0, 2, 3, 2),
        (3, 0, 1.71, 2.33),
        (4.71, 0, 1.29, 2.33),
        (3, 2.33, 1.2, 1.67),
        (4.2, 2.33, 1.2, 1.67),
        (5.4, 2.33, 0.6, 1.67),
    ]


@pytest.mark.parametrize("number", [*range(1, 30), 100, 1000])
def test_equal_sizes_make_near_squares(number: int) -> None:
    places = squarify([5] * number, Rect(0, 0, 400, 400))
    assert max(map(ratio, places)) <= (1 if number == 1 else 3.01)


def test_one_fills_it_all_and_none_is_nowhere() -> None:
    assert squarify([7], AREA) == [AREA]
    assert squarify([], AREA) == []
    assert [place.area for place in squarify([0, 0], AREA)] == [0, 0]
    assert [place.area for place in squarify([0, 3, 0], AREA)] == [0, AREA.area, 0]
    assert [place.area for place in squarify([1, 2], Rect(0, 0, 0, 9))] == [0, 0]


def test_sizes_of_very_different_orders() -> None:
    places = squarify([10**15, *[1] * 999], AREA)
    assert places[0].area == pytest.approx(AREA.area)
    assert len(places) == 1000
    assert all(place.area >= 0 for place in places)
