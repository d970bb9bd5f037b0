"""How the state of a running build is put in words; every live view uses the same."""

from __future__ import annotations

from stagelab.show.snapshot import Outcome, Snapshot, StageProgressed, State, StepProgressed
from stagelab.show.style import BadgeKind, clip, count, humane_bytes, humane_seconds

KINDS: dict[State, BadgeKind] = {
    "running": "info",
    "done": "ok",
    "cached": "ok",
    "failed": "bad",
    "stopped": "warn",
}
"""How each state is marked, beside its word."""

OUTCOMES: dict[Outcome, tuple[str, BadgeKind]] = {
    "running": ("building", "info"),
    "built": ("built", "ok"),
    "failed": ("not built", "bad"),
    "stopped": ("stopped", "warn"),
}
"""The word and the mark of what became of a build."""

STOP = "To stop the build: ■ in the toolbar, or Esc, I, I. It stops on the engine as well."
"""What a notebook says to who waits: while a cell runs, nothing shown below it can stop it."""


def share(step: StepProgressed) -> float | None:
    """Give how much of its bytes a running step has moved, 0 to 1; None if that is unknown."""
    if step.state != "running" or step.total <= 0:
        return None
    return min(1.0, step.moved / step.total)


def moved(step: StepProgressed) -> str:
    """Give the bytes that a running step has moved: "12 MB of 45 MB"; "" if it moves none."""
    if step.state != "running" or not step.moved:
        return ""
    of = f" of {humane_bytes(step.total)}" if step.total >= step.moved else ""
    return f"{humane_bytes(step.moved)}{of}"


def tally(stage: StageProgressed) -> str:
    """Count the steps of a stage that have ended well: "3 steps done, 1 cached"."""
    if not stage.done:
        return ""
    cached = f", {stage.cached} cached" if stage.cached else ""
    return f"{count(stage.done, 'step')} done{cached}"


def duration(step: StepProgressed) -> str:
    """Give how long a step took: "1.2 s"; "" if it was cached."""
    return "" if step.state == "cached" else humane_seconds(step.seconds)


def blame(snapshot: Snapshot, width: int) -> str:
    """Name the step that failed: "failed in builder, line 4: RUN false"; "" if none did."""
    if snapshot.failed is None:
        return ""
    stage, step = snapshot.failed
    line = f", line {step.line}" if step.line else ""
    return f"failed in {stage.name}{line}: {clip(step.instruction, width)}"
