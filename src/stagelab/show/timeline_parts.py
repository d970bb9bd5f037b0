"""What the forms of a timeline share: its words, its scale, and what is drawn for each step."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

from stagelab.builds.timeline import Bar, Lane, Timeline
from stagelab.show.build import BUILDERS
from stagelab.show.style import clip, count, humane_seconds

NO_STAGE = "(before the first stage)"
AT_ONCE = "two or more stages at once"

_INSTRUCTION = 120
_PAIRS = 4
_TICKS = 6
_LEAST_AXIS = 0.1  # seconds: below, the shown times would be noise
_LEAST_SHARE = 1 / 140  # of the axis: what is narrower is not seen


@dataclass(frozen=True, slots=True)
class Mark:
    """What is drawn in a lane: a step that ran, or cached steps that the builder told of at once.

    Attributes:
        start: Where it is drawn from, in seconds on the axis.
        end: Where it is drawn to; never so near to `start` that it could not be seen.
        bars: The steps that it stands for.
    """

    start: float
    end: float
    bars: tuple[Bar, ...]

    @property
    def cached(self) -> bool:
        """Whether its steps were taken from the cache."""
        return self.bars[0].cached

    @property
    def what(self) -> str:
        """Its instructions, shortened."""
        return clip("; ".join(bar.instruction for bar in self.bars), _INSTRUCTION)

    @property
    def lines(self) -> str:
        """The lines of its instructions in the Dockerfile, "" if none is known."""
        return ", ".join(str(bar.line) for bar in self.bars if bar.line is not None)


def heading(found: Timeline) -> str:
    """Say what is shown."""
    *others, last = (called(found, build) for build in range(len(found.names)))
    return f"Timeline of {', '.join(others)} and {last}" if others else f"Timeline of {last}"


def called(found: Timeline, build: int) -> str:
    """Give a build's name; one that is called as its builder gets the name for people."""
    name, builder = found.names[build], found.builders[build]
    return BUILDERS[builder] if name == builder else name


def build_line(found: Timeline, build: int) -> str:
    """Name a build, its builder and how long its steps took."""
    name, builder = called(found, build), BUILDERS[found.builders[build]]
    shown = [name] if name == builder else [name, builder]
    return " · ".join([*shown, brief(found.seconds[build])])


def stage_name(lane: Lane) -> str:
    """Name a lane."""
    return lane.stage if lane.stage is not None else NO_STAGE


def note(found: Timeline, lane: Lane) -> str:
    """Say what a stage did: "ran 2.5 s, 1 cached", "all 3 cached", "skipped"."""
    if lane.state == "skipped":
        return "skipped"
    if not lane.bars:
        return "no step of its own"
    cached = sum(bar.cached for bar in lane.bars)
    if cached == len(lane.bars):
        return "cached" if cached == 1 else f"all {cached} cached"
    ran = f"ran {brief(found.busy(lane.stage, lane.build))}"
    return f"{ran}, {cached} cached" if cached else ran


def said(found: Timeline, build: int) -> str:
    """Say in a sentence whether stages of a build ran at the same time, and which."""
    stages = [lane.stage for lane in found.lanes_of(build) if lane.stage is not None]
    ran = [stage for stage in stages if found.running(stage, build)]
    name = called(found, build)
    if parallel := found.parallel_seconds[build]:
        pairs = [
            (found.overlap(one, two, build), f"{one} with {two}")
            for at, one in enumerate(ran)
            for two in ran[at + 1 :]
        ]
        longest = sorted((pair for pair in pairs if pair[0]), reverse=True, key=lambda p: p[0])
        told = ", ".join(f"{pair} {brief(seconds)}" for seconds, pair in longest[:_PAIRS])
        more = f", and {count(len(longest) - _PAIRS, 'pair')} more" if longest[_PAIRS:] else ""
        return f"{name}: {AT_ONCE} for {brief(parallel)} ({told}{more})."
    if len(ran) > 1:
        return f"{name}: its stages ran one after another, no two at once."
    if ran:
        return f"{name}: only {ran[0]} ran, so no two stages at once."
    return f"{name}: no stage ran, everything came from the cache."


def brief(seconds: float) -> str:
    """Give a duration; one that rounds to nothing is said to be short."""
    shown = humane_seconds(seconds)
    return "<1 ms" if shown == "0 ms" and seconds else shown


def axis_end(found: Timeline) -> float:
    """Tell where the axis of all builds ends, in seconds."""
    return max(*found.seconds, _LEAST_AXIS)


def ticks(end: float) -> list[float]:
    """Choose round numbers from 0 to `end`, a few of them."""
    rough = end / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [round(n * step, 9) for n in range(int(end / step + 1e-9) + 1)]


def marks(lane: Lane, end: float) -> list[Mark]:
    """Give what is drawn in a lane on an axis that goes to `end`, the uppermost last."""
    least = end * _LEAST_SHARE
    groups: list[list[Bar]] = []
    for bar in lane.bars:
        if groups and bar.cached and groups[-1][0].cached and bar.end - groups[-1][0].start < least:
            groups[-1].append(bar)
        else:
            groups.append([bar])
    drawn = []
    for bars in groups:
        start = min(bars[0].start, end - least)
        drawn.append(Mark(start, max(bars[-1].end, start + least), tuple(bars)))
    # Long bars lie below short ones, so that none hides another.
    return sorted(drawn, key=lambda mark: (mark.end - mark.start < 2 * least, not mark.cached))
