"""What a build was: frozen facts, in bytes and seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from stagelab._render import Shown

if TYPE_CHECKING:
    from docker.models.images import Image

BuilderName = Literal["buildkit", "classic"]
BaseKind = Literal["official", "stand-in", "scratch", "other"]
StageState = Literal["ran", "cached", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction that the builder carried out, or took from its cache.

    Attributes:
        stage: Name of its stage as in `AS name`, `stage-N` if it has none, None for a step that
            belongs to no stage (an ARG before the first FROM).
        instruction: The instruction as the builder named it, arguments expanded.
        line: Its first line in the Dockerfile, 1-based; None if the builder did not tell enough.
        started: When it started, POSIX seconds; by the engine's clock on BuildKit, by ours on the
            classic builder; None if unknown.
        completed: When it ended, as `started`.
        cached: Whether the result was taken from the build cache.
        log: What it printed, stdout and stderr as they came; of very much its beginning and its
            end, with a line between that says so.
        error: The builder's message if it failed, else "".
    """

    stage: str | None
    instruction: str
    line: int | None = None
    started: float | None = None
    completed: float | None = None
    cached: bool = False
    log: str = field(default="", repr=False)
    error: str = ""

    @property
    def seconds(self) -> float:
        """How long it took, in seconds; 0.0 if it was cached or is unknown."""
        if self.cached or self.started is None or self.completed is None:
            return 0.0
        return max(0.0, self.completed - self.started)


@dataclass(frozen=True, slots=True)
class BuildWarning:
    """What BuildKit's own checks of the Dockerfile say (from Docker 27 on; none before).

    Attributes:
        rule: Name of the rule, such as "StageNameCasing"; "" if the builder named none.
        message: What it found, one sentence.
        line: First line in the Dockerfile that it speaks of, 1-based; None if it named none.
        url: Where the rule is explained, "" if nowhere.
        detail: More words of the builder, "" if there are none.
    """

    rule: str
    message: str
    line: int | None = None
    url: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the Dockerfile and what this build did with it.

    Attributes:
        name: Its name, `stage-N` if it has none.
        index: Its place, from 0.
        base: What its FROM names, arguments expanded: an image, an earlier stage, or `scratch`.
        line: The line of its FROM, 1-based.
        steps: Its steps in this build, cached ones included.
        ran: Whether the builder carried it out or took it from its cache; False if it was skipped.
    """

    name: str
    index: int
    base: str
    line: int
    steps: tuple[Step, ...]
    ran: bool

    @property
    def state(self) -> StageState:
        """What became of it: "ran" (a step at least), "cached" (all of it) or "skipped"."""
        if not self.ran:
            return "skipped"
        return "cached" if all(step.cached for step in self.steps) else "ran"


@dataclass(frozen=True, slots=True)
class BaseUse:
    """Which base image a stage rests on, and of which kind it is on this engine."""

    stage: str
    reference: str
    kind: BaseKind


@dataclass(frozen=True, slots=True)
class Build(Shown):
    """A build that succeeded.

    Attributes:
        image: The SDK's own `docker.models.images.Image`.
        builder: Which builder made it: "buildkit" or "classic".
        tag: The tag it was given, None if none.
        target: The stage that was asked for, None for the last one.
        stages: Every stage of the Dockerfile, in order.
        steps: Every step that the builder reported, in the order of their start.
        log: Everything that was printed, in the order of `steps`.
        context_bytes: Sum of the sizes of the files in the build context, after `.dockerignore`.
        seconds: From the call to the image, by our clock.
        dockerfile: Text of the Dockerfile.
        bases: Base image of each stage that starts from an image or from scratch.
        warnings: What BuildKit's checks of the Dockerfile say, in the order of its lines.
    """

    image: Image
    builder: BuilderName
    tag: str | None
    target: str | None
    stages: tuple[Stage, ...]
    steps: tuple[Step, ...]
    log: str = field(repr=False)
    context_bytes: int
    seconds: float
    dockerfile: str = field(repr=False)
    bases: tuple[BaseUse, ...]
    warnings: tuple[BuildWarning, ...] = ()

    def stage(self, name: str) -> Stage:
        """Give the stage of this name.

        Raises:
            KeyError: No stage has this name.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)
