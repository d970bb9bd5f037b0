"""The state of a running build, as the live views show it.

The build's thread tells `BuildProgress` of events; a view, in another thread, takes snapshots,
which are frozen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stagelab.builds.events import (
    Event,
    StepCached,
    StepCompleted,
    StepFailed,
    StepLog,
    StepProgress,
    StepStarted,
    Warned,
)
from stagelab.builds.facts import BuildWarning
from stagelab.errors import BuildCancelled, BuildFailed
from stagelab.show.logtail import LogTail
from stagelab.show.snapshot import (
    NO_STAGE,
    UNDONE,
    Outcome,
    Snapshot,
    StageProgressed,
    State,
    StepProgressed,
)

LOG_LINES = 40
"""How many of a stage's last log lines a snapshot has, unless it is asked for fewer."""


@dataclass(slots=True)
class _Stage:
    name: str
    steps: list[_Step] = field(default_factory=list)
    log: LogTail = field(default_factory=LogTail)


@dataclass(slots=True)
class _Step:
    stage: _Stage
    instruction: str
    line: int | None
    time: float
    began: float
    state: State = "running"
    seconds: float = 0.0
    bytes: dict[str, tuple[int, int]] = field(default_factory=dict)


class BuildProgress:
    """Collects a build's events; ask it for a snapshot of what to show."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._outcome: Outcome = "running"
        self._stages: dict[str, _Stage] = {}
        self._steps: dict[str, _Step] = {}
        self._warnings: list[BuildWarning] = []
        self._lock = threading.Lock()
        self._takers: Mapping[type, Callable[[Any], None]] = {
            StepStarted: self._start,
            StepLog: self._log,
            StepProgress: self._move,
            StepCached: self._cached,
            StepCompleted: self._completed,
            StepFailed: self._failed,
            Warned: self._warned,
        }

    def observe(self, event: Event) -> None:
        """Take an event in; cheap, because the build waits for it."""
        with self._lock:
            self._takers[type(event)](event)

    def state_of(self, key: str) -> State:
        """Give the state of the step whose events have this key."""
        with self._lock:
            return self._steps[key].state

    def end(self, error: BaseException | None = None) -> None:
        """Note that the build has ended, and by which error."""
        stopped = isinstance(error, KeyboardInterrupt | BuildCancelled)
        with self._lock:
            self._outcome = "stopped" if stopped else "built" if error is None else "failed"
            for step in self._steps.values():
                if step.state == "running":
                    step.seconds = self._now() - step.began
                    step.state = "stopped"
            if isinstance(error, BuildFailed):
                self._blame(error)

    def snapshot(self, log_lines: int = LOG_LINES) -> Snapshot:
        """Give the state at this moment.

        Args:
            log_lines: How many log lines of each stage to give.
        """
        with self._lock:
            now = self._now()
            return Snapshot(
                title=self._title,
                outcome=self._outcome,
                seconds=now,
                stages=tuple(_freeze(stage, now, log_lines) for stage in self._stages.values()),
                warnings=tuple(self._warnings),
            )

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _start(self, event: StepStarted) -> None:
        name = event.stage or NO_STAGE
        stage = self._stages.setdefault(name, _Stage(name))
        step = _Step(stage, event.instruction, event.line, event.time, self._now())
        stage.steps.append(step)
        self._steps[event.key] = step

    def _log(self, event: StepLog) -> None:
        if step := self._steps.get(event.key):
            step.stage.log.add(event.text)

    def _move(self, event: StepProgress) -> None:
        if step := self._steps.get(event.key):
            step.bytes[event.what] = (event.current, event.total)

    def _cached(self, event: StepCached) -> None:
        self._end(event.key, "cached", None)

    def _completed(self, event: StepCompleted) -> None:
        self._end(event.key, "done", event.time)

    def _failed(self, event: StepFailed) -> None:
        # The first to fail is to blame; the others are cancelled for its sake, whatever they say.
        first = not any(step.state == "failed" for step in self._steps.values())
        cut_off = "cancel" in event.error or not first
        self._end(event.key, "stopped" if cut_off else "failed", None)

    def _warned(self, event: Warned) -> None:
        self._warnings.append(event.warning)

    def _end(self, key: str, state: State, ended: float | None) -> None:
        step = self._steps.get(key)
        if step is None:
            return
        step.state = state
        if ended is not None:
            # Several events may come in one message: only the engine's clock tells them apart.
            step.seconds = max(0.0, ended - step.time)
        elif state != "cached":
            step.seconds = self._now() - step.began
        step.stage.log.end_line()

    def _blame(self, error: BuildFailed) -> None:
        """Let the step that the error speaks of, and no other one, be the failed one."""
        if error.line is None:
            return
        at = (step for step in self._steps.values() if step.line == error.line)
        named = [step for step in at if step.state in UNDONE]
        for step in self._steps.values():
            if named and step.state == "failed":
                step.state = "stopped"
        for step in named[:1]:
            step.state = "failed"


def _freeze(stage: _Stage, now: float, log_lines: int) -> StageProgressed:
    # One more than wanted tells whether there were more.
    log = stage.log.lines(log_lines + 1)
    return StageProgressed(
        name=stage.name,
        steps=tuple(
            StepProgressed(
                instruction=step.instruction,
                line=step.line,
                state=step.state,
                began=step.began,
                seconds=now - step.began if step.state == "running" else step.seconds,
                moved=sum(current for current, _ in step.bytes.values()),
                total=sum(total for _, total in step.bytes.values()),
            )
            for step in stage.steps
        ),
        log=log[-log_lines:],
        log_cut=len(log) > log_lines or stage.log.cut,
    )
