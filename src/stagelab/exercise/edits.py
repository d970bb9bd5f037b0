"""Requirements on what an edit costs: which steps run again, and which come from the cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stagelab.exercise.task import Found, Requirement, met, unmet

if TYPE_CHECKING:
    from stagelab.builds import Build, Instruction, Step
    from stagelab.exercise.attempt import Attempt

Edit = Callable[[Path], None]
"""Changes something in a copy of the context; with other bytes each time, so that it counts."""


def cached_after(edit: Edit, steps: str, text: str, why: str = "") -> Requirement:
    """After an edit of the context, the RUN with `steps` in it comes from the cache.

    Args:
        edit: What is edited.
        steps: A part of the RUN instruction, such as "go mod download".
        text: The requirement.
        why: Added to the feedback: what to do about it.
    """
    return Requirement(text, lambda attempt: _after(attempt, edit, steps, "cached", why))


def ran_again_after(edit: Edit, steps: str, text: str, why: str = "") -> Requirement:
    """After an edit of the context, the RUN with `steps` in it runs again; else as above."""
    return Requirement(text, lambda attempt: _after(attempt, edit, steps, "ran", why))


def after(attempt: Attempt, edit: Edit, text: str | None = None) -> Build:
    """Build the answer on an edited copy of the context, edit again, and build again; once an edit.

    Args:
        attempt: The answer.
        edit: What is edited.
        text: Built in place of the answer's text; None for that.

    Raises:
        BuildError: One of the builds failed.
    """
    attempt.build  # noqa: B018 - what does not build at all is told by another requirement

    def twice() -> Build:
        with attempt.copied_context() as copy:
            # What an earlier build has cached may rest on a cache mount that was emptied since.
            edit(copy)
            attempt.variant(text=text, context=copy)
            edit(copy)
            return attempt.variant(text=text, context=copy)

    return attempt.once(f"edited by {edit!r} as {text!r}", twice)


def _after(
    attempt: Attempt, edit: Edit, steps: str, wanted: Literal["cached", "ran"], why: str
) -> Found:
    edited = after(attempt, edit)
    at = next((i for i in attempt.source.instructions if steps in i.value), None)
    found = [step for step in edited.steps if steps in step.instruction]
    if not found or at is None:
        return unmet(
            f"no step that the image needs runs `{steps}`, so there is nothing to keep."
            f"{' ' + why if why else ''}",
            at=at,
        )
    again = [step for step in found if not step.cached]
    if wanted == "cached" and again:
        cause = first_again(attempt, edited, again[0])
        seen = (
            f", because line {cause.line}, `{cause.keyword}`, sees what was edited" if cause else ""
        )
        return unmet(
            f"after the edit this ran again{seen}. A step comes from the cache only if nothing "
            f"above it has changed. {why}".rstrip(),
            at=at,
        )
    if wanted == "ran" and not again:
        return unmet(
            "after the edit this came from the cache, so the edit is not in the image. "
            f"{why}".rstrip(),
            at=at,
        )
    return met(
        "It comes from the cache after the edit." if wanted == "cached" else "The edit gets in."
    )


def first_again(attempt: Attempt, edited: Build, late: Step) -> Instruction | None:
    """Find the first instruction of a step's stage that ran again, if it is another one."""
    for step in edited.steps:
        if step.stage == late.stage and not step.cached:
            return None if step is late else attempt.instruction_at(step.line)
    return None
