"""The state of a running build, as the live views show it: one line a stage, and the last log."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from stagelab.builds.events import (
    Event,
    StepCached,
    StepCompleted,
    StepFailed,
    StepLog,
    StepStarted,
)
from stagelab.show.style import count, humane_seconds

LOG_LINES = 5
"""How many of the last log lines are shown."""


@dataclass(slots=True)
class StageProgress:
    """How far one stage is; the live views read it in another thread than the build's."""

    name: str
    done: int = 0
    cached: int = 0
    running: dict[str, tuple[str, float]] = field(default_factory=dict)
    failed: str = ""

    @property
    def current(self) -> str:
        """The instruction that it is at, "" between two."""
        return next((instruction for instruction, _ in list(self.running.values())), "")

    def elapsed(self, now: float) -> float:
        """Seconds since the current instruction began, by our clock."""
        return max((now - began for _, began in list(self.running.values())), default=0.0)


class BuildProgress:
    """Collects a build's events; ask it what to show."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.began = time.monotonic()
        self.stages: dict[str, StageProgress] = {}
        # Replaced, never changed in place: a view may be reading it in another thread.
        self.log: tuple[str, ...] = ()
        self._partial: dict[str, str] = {}
        self._owner: dict[str, str] = {}

    @property
    def seconds(self) -> float:
        """Since the build began, by our clock."""
        return time.monotonic() - self.began

    @property
    def done(self) -> int:
        """Steps that have ended well."""
        return sum(stage.done for stage in self.stages.values())

    @property
    def cached(self) -> int:
        """Those of them that came from the cache."""
        return sum(stage.cached for stage in self.stages.values())

    def facts(self) -> str:
        """Sum the build up in a line: title, steps, cached ones, seconds."""
        steps = f"{count(self.done, 'step')}, {self.cached} from the cache"
        return f"{self.title} · {steps} · {humane_seconds(self.seconds)}"

    def observe(self, event: Event) -> None:
        """Take an event in."""
        if isinstance(event, StepStarted):
            name = event.stage or "(before the first stage)"
            self._owner[event.key] = name
            stage = self.stages.setdefault(name, StageProgress(name))
            stage.running[event.key] = (event.instruction, time.monotonic())
        elif isinstance(event, StepLog):
            # Stages that run at the same time print in turns: a line belongs to its step.
            *lines, rest = (self._partial.get(event.key, "") + event.text).split("\n")
            self._partial[event.key] = rest
            self.log = (*self.log, *(line for line in lines if line.strip()))[-LOG_LINES:]
        elif (
            isinstance(event, StepCached | StepCompleted | StepFailed) and event.key in self._owner
        ):
            self._ended(self.stages[self._owner[event.key]], event)

    def _ended(self, stage: StageProgress, event: StepCached | StepCompleted | StepFailed) -> None:
        instruction, _ = stage.running.pop(event.key, ("", 0.0))
        if isinstance(event, StepFailed):
            stage.failed = instruction
        else:
            stage.done += 1
            stage.cached += isinstance(event, StepCached)
