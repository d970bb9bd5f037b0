"""Build arguments in an answer: built with another value, and why a value is not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelab.builds import Build, Instruction
    from stagelab.exercise.attempt import Attempt


def built_with(attempt: Attempt, name: str, value: str) -> Build:
    """Build the answer with a build argument, once.

    Raises:
        BuildError: It does not build.
    """
    return attempt.once(
        f"with {name}={value}",
        lambda: attempt.variant(buildargs={name: value}),
    )


def no_value(attempt: Attempt, name: str, default: str, at: Instruction | None) -> str:
    """Say why a stage sees no value of a variable at an instruction, and what to do."""
    early = next((i for i in attempt.source.preamble if name in i.value), None)
    declared = _declares(attempt, "ARG", name, at)
    if declared is None and early is not None:
        return (
            f"The ARG in line {early.line} stands before FROM, and only FROM lines see it: write "
            f"ARG {name} inside the stage."
        )
    if declared is None:
        return f"No ARG declares it in this stage: write ARG {name}={default} below FROM."
    if at is not None and declared.line > at.line:
        return (
            f"The ARG in line {declared.line} comes too late, it counts from its own line on: "
            "move it above this line."
        )
    return f"Line {declared.line} declares it without a default: write ARG {name}={default}."


def hiding(attempt: Attempt, name: str, at: Instruction | None) -> Instruction | None:
    """Find the ENV that hides a build argument of the same name from an instruction."""
    return _declares(attempt, "ENV", name, at)


HIDDEN = (
    "an ENV of this name hides the build argument: whatever its value is for a build, this one "
    "wins. ARG alone declares a build argument."
)
"""What to say of the instruction that `hiding` finds."""


def _declares(
    attempt: Attempt, keyword: str, name: str, at: Instruction | None
) -> Instruction | None:
    """Find what declares a name in the stage of an instruction, or in those that it starts from."""
    within = next((s for s in attempt.source.stages if at in s.instructions), attempt.stage)
    for stage in attempt.down_from(within):
        for instruction in stage.instructions:
            words = instruction.arguments.replace("=", " ").split()
            if instruction.keyword == keyword and name in words[:1]:
                return instruction
    return None
