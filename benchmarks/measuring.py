"""Time contestants in turns, and say what the medians mean."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Literal

Unit = Literal["seconds", "bytes", "count"]
Figure = Literal["ratio", "difference"]

_PACE_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    Args:
        case: Name of its case.
        contestant: What of ours was measured.
        ours: Its samples, in `unit`.
        rival: What it is held against.
        theirs: The rival's samples, in `unit`.
        unit: Of the samples.
        figure: "ratio" is the median of ours over theirs, "difference" ours less theirs.
        goal: The figure must not be above it; None if there is none.
    """

    case: str
    contestant: str
    ours: tuple[float, ...]
    rival: str
    theirs: tuple[float, ...]
    unit: Unit = "seconds"
    figure: Figure = "ratio"
    goal: float | None = None

    @property
    def value(self) -> float:
        """The figure: a plain number if it is a ratio, else in `unit`."""
        ours, theirs = median(self.ours), median(self.theirs)
        return ours / theirs if self.figure == "ratio" else ours - theirs

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None if there is none."""
        return None if self.goal is None else self.value <= self.goal


def take_turns(
    contestants: Mapping[str, Callable[[], object]],
    runs: int,
    *,
    warm_up: bool = True,
    before: Callable[[], object] | None = None,
    after: Callable[[], object] | None = None,
) -> dict[str, tuple[float, ...]]:
    """Time each contestant `runs` times, in turns; each round begins with another one.

    Args:
        contestants: Name to what is timed.
        runs: How many samples of each.
        warm_up: Begin with a round that does not count.
        before: Done before each turn, untimed.
        after: Done after each turn, untimed.

    Returns:
        Name to its samples in seconds, in the order of the runs.
    """
    names = list(contestants)
    samples: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-1 if warm_up else 0, runs):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            if before is not None:
                before()
            began = time.perf_counter()
            contestants[name]()
            seconds = time.perf_counter() - began
            if after is not None:
                after()
            if number >= 0:
                samples[name].append(seconds)
    return {name: tuple(taken) for name, taken in samples.items()}


def pace() -> float:
    """Time a fixed calculation on every core: how fast the machine is just now.

    On a machine that is shared with others, minutes measured at different times compare only as
    far as this figure is the same at both.

    Returns:
        The seconds, by the clock on the wall.
    """
    cores = os.cpu_count() or 1
    block = bytes(_PACE_BYTES)
    began = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(hashlib.sha256, [block] * cores))  # outside the interpreter's lock
    return time.perf_counter() - began
