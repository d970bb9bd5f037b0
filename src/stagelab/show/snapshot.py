"""A build at one moment, as the live views show it: frozen facts, in bytes and seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stagelab.builds.facts import BuildWarning
from stagelab.show.style import count, humane_seconds

NO_STAGE = "(before the first stage)"
"""Stands for the stage of steps that belong to none."""

State = Literal["running", "done", "cached", "failed", "stopped"]
"""What became of a step; "stopped" is one that was cut off, and is not to blame."""

Outcome = Literal["running", "built", "failed", "stopped"]

UNDONE: tuple[State, ...] = ("failed", "running", "stopped")
"""States of steps that did not end well, those that say most first."""

WELL: tuple[State, ...] = ("done", "cached")
"""States of steps that ended well."""


@dataclass(frozen=True, slots=True)
class StepProgressed:
    """One step at one moment.

    Attributes:
        instruction: As the builder named it.
        line: Its first line in the Dockerfile, 1-based, None if unknown.
        state: What became of it.
        began: Seconds from the build's begin to its own, by our clock.
        seconds: How long it took, or has been taking.
        moved: Bytes moved so far; 0 if it moves none.
        total: Bytes to move in all; 0 if unknown.
    """

    instruction: str
    line: int | None
    state: State
    began: float
    seconds: float
    moved: int
    total: int


@dataclass(frozen=True, slots=True)
class StageProgressed:
    """One stage at one moment.

    Attributes:
        name: As in `Step.stage`, `NO_STAGE` for steps that belong to none.
        steps: In the order of their start, one at least.
        log: The last lines that were printed.
        log_cut: Whether more was printed than `log` has.
    """

    name: str
    steps: tuple[StepProgressed, ...]
    log: tuple[str, ...]
    log_cut: bool

    @property
    def at(self) -> StepProgressed:
        """The step that it is at: the failed one, else a running one, else the last."""
        for state in UNDONE:
            found = next((step for step in self.steps if step.state == state), None)
            if found is not None:
                return found
        return self.steps[-1]

    @property
    def state(self) -> State:
        """What became of it so far."""
        state = self.at.state
        ran = any(step.state == "done" for step in self.steps)
        return "done" if state == "cached" and ran else state

    @property
    def done(self) -> int:
        """Steps that have ended well."""
        return sum(step.state in WELL for step in self.steps)

    @property
    def cached(self) -> int:
        """Those of them that came from the cache."""
        return sum(step.state == "cached" for step in self.steps)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A build at one moment; `seconds` since its begin."""

    title: str
    outcome: Outcome
    seconds: float
    stages: tuple[StageProgressed, ...]
    warnings: tuple[BuildWarning, ...]

    @property
    def done(self) -> int:
        """Steps that have ended well."""
        return sum(stage.done for stage in self.stages)

    @property
    def failed(self) -> tuple[StageProgressed, StepProgressed] | None:
        """The step that failed, behind its stage."""
        found = ((g, s) for g in self.stages for s in g.steps if s.state == "failed")
        return next(found, None)

    def facts(self) -> str:
        """Sum the build up in a line: title, steps, cached ones, seconds, warnings."""
        cached = sum(stage.cached for stage in self.stages)
        steps = f"{count(self.done, 'step')}, {cached} from the cache"
        said = f"{self.title} · {steps} · {humane_seconds(self.seconds)}"
        return f"{said} · {count(len(self.warnings), 'warning')}" if self.warnings else said
