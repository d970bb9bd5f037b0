"""Stretches of time, as (from, to) in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[float, float]


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Give the time that lies in any of them, as intervals that do not touch, in order."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def common(one: Iterable[Interval], two: Sequence[Interval]) -> tuple[Interval, ...]:
    """Give the time that lies in one of the first and in one of the second."""
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in two)
    return tuple((start, end) for start, end in pairs if start < end)


def length(intervals: Iterable[Interval]) -> float:
    """Add up how long intervals that do not touch are, in seconds."""
    return sum((end - start for start, end in intervals), start=0.0)
