"""What happens while a build runs, as a stream of typed events from either builder.

An observer is any callable that takes an `Event`. Events of one step share its `key`; a step that
was cached is started and completed in one go. Times are POSIX seconds by the builder's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began; `stage` and `line` as in `Step`."""

    key: str
    stage: str | None
    instruction: str
    line: int | None
    time: float


@dataclass(frozen=True, slots=True)
class StepLog:
    """A step printed something; `text` is as it came, not line by line."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """A step ended well, or was taken from the cache."""

    key: str
    cached: bool
    time: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step ended badly; `error` is the builder's message."""

    key: str
    error: str


Event = StepStarted | StepLog | StepCompleted | StepFailed
Observer = Callable[[Event], None]
