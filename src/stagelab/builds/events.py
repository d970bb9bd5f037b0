"""What happens while a build runs, as a stream of typed events from either builder.

An observer is any callable that takes an `Event`, and is called in the order in which the builder
tells of things::

    build(".", observe=lambda event: print(event))

Events of one step share its `key`. Each step begins with `StepStarted` and ends with exactly one of
`StepCompleted` (it ran), `StepCached` (its result was there) and `StepFailed`; `StepLog` and
`StepProgress` come in between. Warnings belong to no step. Times are POSIX seconds: by the engine's
clock on BuildKit, by ours on the classic builder, which sends none.

An observer that raises ends the build: its exception comes out of `build`, and the engine stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stagelab.builds.facts import BuildWarning


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
class StepProgress:
    """A step moves bytes: a base image that is pulled, a context that is sent, a layer unpacked.

    Attributes:
        key: The step's.
        what: What is moved, in the builder's words: a digest, a file name, "transferring …".
        current: Bytes so far.
        total: Bytes in all, 0 if the builder does not tell.
    """

    key: str
    what: str
    current: int
    total: int


@dataclass(frozen=True, slots=True)
class StepCached:
    """A step was not carried out: its result was in the build cache."""

    key: str
    time: float


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """A step was carried out and ended well."""

    key: str
    time: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step ended badly; `error` is the builder's message."""

    key: str
    error: str


@dataclass(frozen=True, slots=True)
class Warned:
    """The builder has something to say about the Dockerfile."""

    warning: BuildWarning


Event = StepStarted | StepLog | StepProgress | StepCached | StepCompleted | StepFailed | Warned
Observer = Callable[[Event], None]
