"""An answer's stages as targets: each built by its name, as it is or after an edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.containers import run
from stagelab.errors import BuildFailed, BuildStopped, RunTimeout
from stagelab.exercise.task import Found, unmet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stagelab.builds import Build, Instruction
    from stagelab.exercise.attempt import Attempt


def target(attempt: Attempt, name: str | None, text: str | None = None) -> Build:
    """Build a stage of the answer, once.

    Args:
        attempt: The answer.
        name: The stage, None for the one that the task builds.
        text: A changed Dockerfile to build it from, None for the answer.

    Raises:
        BuildError: It does not build.
    """
    return attempt.once(
        f"target {name} of {text!r}",
        lambda: attempt.variant(text=text, target=name),
    )


def failure_after(
    attempt: Attempt, name: str | None, edit: Callable[[Path], None], text: str | None = None
) -> BuildFailed | None:
    """Build a stage with an edited copy of the context.

    Args:
        attempt: The answer.
        name: The stage, None for the one that the task builds.
        edit: Edits the copy.
        text: A changed Dockerfile to build it from, None for the answer.

    Returns:
        How the build failed, None if it ended well.

    Raises:
        BuildError: It could not even be tried.
        BuildStopped: It took more time or disk than it may.
    """
    with attempt.copied_context() as copy:
        edit(copy)
        try:
            attempt.variant(text=text, context=copy, target=name)
        except BuildStopped:
            raise
        except BuildFailed as error:
            return error
    return None


def missing(attempt: Attempt, name: str, use: str) -> Found | None:
    """Say that a stage that is asked for as a target is not there; None if it is.

    Args:
        attempt: The answer.
        name: The stage.
        use: What it is there for, such as "the debug build".
    """
    if attempt.source.stage(name) is not None:
        return None
    names = [stage.name for stage in attempt.source.stages if stage.named]
    there = f"The names here are {', '.join(names)}." if names else "No stage here has a name."
    return unmet(
        f"There is no stage named {name!r}: by this name {use} is asked for. {there} Write AS "
        f"{name} at the end of its FROM."
    )


def begins(attempt: Attempt, name: str) -> Instruction | None:
    """Find the FROM of the stage of this name."""
    stage = attempt.source.stage(name)
    return stage.instructions[0] if stage is not None else None


def said(attempt: Attempt, made: Build, *command: str, entrypoint: list[str] | None = None) -> str:
    """Run an image; give what it printed, or why it printed nothing."""
    try:
        return run(made, *command, entrypoint=entrypoint, client=attempt.client).output
    except RunTimeout as error:
        return f"{error.cause} {error.detail}"
