"""When each stage of a build ran: proof, by timestamps, of what ran at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stagelab._render import Shown
from stagelab.builds.facts import Build, BuilderName, StageState, Step
from stagelab.builds.intervals import Interval, common, length, union
from stagelab.errors import BuildError


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a build on the axis of time.

    Attributes:
        build: Place of its build, from 0.
        stage: As in `Step`.
        instruction: As in `Step`.
        line: As in `Step`.
        start: When it started, in seconds since the first step of its build did. A cached step
            takes no time: both are when the builder had found it in its cache, 0.0 if unknown.
        end: When it ended, as `start`.
        cached: Whether its result was taken from the build cache, so that it did not run.
    """

    build: int
    stage: str | None
    instruction: str
    line: int | None
    start: float
    end: float
    cached: bool

    @property
    def seconds(self) -> float:
        """How long it ran, in seconds; 0.0 if it was cached."""
        return 0.0 if self.cached else self.end - self.start


@dataclass(frozen=True, slots=True)
class Lane:
    """What one stage did in one build.

    Attributes:
        build: Place of the build, from 0.
        stage: Name of the stage, None for the steps that belong to none.
        state: "ran" (a step at least), "cached" (all of it) or "skipped".
        bars: Its steps, in the order of their start.
    """

    build: int
    stage: str | None
    state: StageState
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Timeline(Shown):
    """Builds on one axis of time, which has its zero where the first step of each build started.

    A stage runs while one of its steps does. Cached steps do not run: they count nowhere below.

    Attributes:
        names: What each build is called here.
        builders: Which builder made each: "buildkit" or "classic".
        lanes: The stages of each build in the order of its Dockerfile, skipped ones included;
            before them the steps that belong to no stage, if there are any.
        seconds: For each build, from the start of its first step to the end of its last, in
            seconds, cached ones included. Sending the context and naming the image are no steps.
    """

    names: tuple[str, ...]
    builders: tuple[BuilderName, ...]
    lanes: tuple[Lane, ...] = field(repr=False)
    seconds: tuple[float, ...]

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Every step of every build, lane by lane."""
        return tuple(bar for lane in self.lanes for bar in lane.bars)

    @property
    def parallel_seconds(self) -> tuple[float, ...]:
        """For each build, how long two or more of its stages ran at the same time, in seconds."""
        return tuple(length(self.parallel(build)) for build in range(len(self.names)))

    def lanes_of(self, build: int = 0) -> tuple[Lane, ...]:
        """Give the lanes of one build.

        Raises:
            BuildError: There is no such build.
        """
        if not 0 <= build < len(self.names):
            raise BuildError(
                f"This timeline has no build {build}.",
                fix=f"Count its builds from 0: the last one is build={len(self.names) - 1}.",
            )
        return tuple(lane for lane in self.lanes if lane.build == build)

    def running(self, stage: str | None, build: int = 0) -> tuple[Interval, ...]:
        """Tell when a stage ran: the union of its steps' times, in order, without overlaps.

        Args:
            stage: Its name, None for the steps that belong to no stage.
            build: Place of the build.

        Raises:
            BuildError: There is no such build, or it has no such stage.
        """
        lanes = self.lanes_of(build)
        found = [lane for lane in lanes if lane.stage == stage]
        if not found:
            raise BuildError(
                f"The build {self.names[build]!r} has no stage {stage!r}.",
                fix="Use one of: " + ", ".join(str(lane.stage) for lane in lanes) + ".",
            )
        return union((bar.start, bar.end) for lane in found for bar in lane.bars if not bar.cached)

    def busy(self, stage: str | None, build: int = 0) -> float:
        """Tell for how many seconds a stage ran, 0.0 if all of it was cached or skipped.

        Args:
            stage: As in `running`.
            build: Place of the build.

        Raises:
            BuildError: As in `running`.
        """
        return length(self.running(stage, build))

    def overlap(self, a: str | None, b: str | None, build: int = 0) -> float:
        """Tell for how many seconds two stages ran at the same time.

        It is the length of the intersection of what `running` gives for each.

        Args:
            a: One stage, as in `running`.
            b: The other.
            build: Place of the build.

        Raises:
            BuildError: As in `running`.
        """
        return length(common(self.running(a, build), self.running(b, build)))

    def before(self, a: str | None, b: str | None, build: int = 0) -> bool:
        """Tell whether every step that ran of one stage had ended when the first of another began.

        Args:
            a: The stage that may be the earlier one, as in `running`.
            b: The stage that may be the later one.
            build: Place of the build.

        Returns:
            False also if one of the two did not run.

        Raises:
            BuildError: As in `running`.
        """
        earlier, later = self.running(a, build), self.running(b, build)
        return bool(earlier and later) and earlier[-1][1] <= later[0][0]

    def parallel(self, build: int = 0) -> tuple[Interval, ...]:
        """Tell when two or more stages ran at the same time; steps of no stage do not count.

        Raises:
            BuildError: There is no such build.
        """
        stages = [lane.stage for lane in self.lanes_of(build) if lane.stage is not None]
        ran = [self.running(stage, build) for stage in stages]
        pairs = ((one, two) for at, one in enumerate(ran) for two in ran[:at])
        return union(interval for one, two in pairs for interval in common(one, two))


def timeline(*builds: Build, names: Sequence[str] | None = None) -> Timeline:
    """Put the steps of builds on one axis of time, stage by stage.

    Args:
        builds: What `build` gave; at least one.
        names: What to call them; their tags or builders unless told.

    Raises:
        BuildError: There is no build, something that is none, or not a name for each.
    """
    if not builds or (names is not None and len(names) != len(builds)):
        raise BuildError(
            f"There are {len(builds)} builds and {len(names or ())} names for them.",
            fix="Give builds, and no names or one for each: timeline(a, b, names=('a', 'b')).",
        )
    for given in builds:
        if not isinstance(given, Build):
            raise BuildError(
                f"A timeline shows builds, and this is a {type(given).__name__}: only a build "
                "has steps with times.",
                fix="Give what `build` returned: timeline(build('.')).",
            )
    lanes = [_lanes(at, made) for at, made in enumerate(builds)]
    return Timeline(
        names=tuple(names) if names is not None else _names(builds),
        builders=tuple(made.builder for made in builds),
        lanes=tuple(lane for of_build in lanes for lane in of_build),
        seconds=tuple(
            max((bar.end for lane in of_build for bar in lane.bars), default=0.0)
            for of_build in lanes
        ),
    )


def _names(builds: Sequence[Build]) -> tuple[str, ...]:
    """Call builds by their tag or builder, by both if that is needed, by number as a last way."""
    short = [made.tag or made.builder for made in builds]
    if len(set(short)) < len(short):
        short = [f"{made.tag} ({made.builder})" if made.tag else made.builder for made in builds]
    if len(set(short)) < len(short):
        short = [f"{number}: {name}" for number, name in enumerate(short, start=1)]
    return tuple(short)


def _lanes(at: int, made: Build) -> list[Lane]:
    clock = _Clock(made)

    def lane(stage: str | None, state: StageState, steps: Iterable[Step]) -> Lane:
        bars = [_bar(at, step, clock) for step in steps]
        return Lane(at, stage, state, tuple(sorted(bars, key=lambda bar: (bar.start, bar.end))))

    apart = [step for step in made.steps if step.stage is None]
    state: StageState = "cached" if all(step.cached for step in apart) else "ran"
    stages = [lane(stage.name, stage.state, stage.steps) for stage in made.stages]
    return [lane(None, state, apart), *stages] if apart else stages


class _Clock:
    """Counts from the start of a build's first step.

    BuildKit shares a step with builds that ran shortly before or at the same time, and tells its
    times in those. They lie before this build was asked for, so they count as its beginning.
    """

    def __init__(self, made: Build) -> None:
        times = [time for step in made.steps for time in _times(step)]
        asked = max(times, default=0.0) - made.seconds
        self._zero = min((time for time in times if time >= asked), default=0.0)

    def since(self, time: float) -> float:
        """Give the seconds until a POSIX time, 0.0 if it lies before."""
        return max(0.0, time - self._zero)


def _times(step: Step) -> tuple[float, ...]:
    """Give the start and the end of a step that ran; a cached one has but the moment of its end."""
    known = [time for time in (step.started, step.completed) if time is not None]
    return tuple(known[-1:] if step.cached else known)


def _bar(at: int, step: Step, clock: _Clock) -> Bar:
    times = [clock.since(time) for time in _times(step)] or [0.0]
    start, end = times[0], max(times)
    return Bar(at, step.stage, step.instruction, step.line, start, end, step.cached)
