"""A build's events, made by hand."""

from __future__ import annotations

from stagelab.builds.events import (
    Event,
    StepCached,
    StepCompleted,
    StepLog,
    StepStarted,
    Warned,
)
from stagelab.builds.facts import BuildWarning
from stagelab.show.progress import BuildProgress

EVENTS: tuple[Event, ...] = (
    StepStarted("0", None, "ARG X", 1, 0.0),
    StepCompleted("0", time=0.0),
    StepStarted("a", "builder", "FROM golang", 2, 0.0),
    StepCached("a", time=0.0),
    StepStarted("b", "builder", "RUN go build", 3, 10.0),
    StepStarted("c", "other", "RUN sleep <1>", 5, 10.0),
    StepLog("b", "compiling <all>\n"),
)
WARNING = Warned(
    BuildWarning("StageNameCasing", "Stage names are lower case", 3, "https://docs.example/rule")
)


def observed(*events: Event) -> BuildProgress:
    """Give the progress of a build that tells of these events."""
    progress = BuildProgress("stagelab/<x>")
    for event in events:
        progress.observe(event)
    return progress
