"""Does a mistake stop the build? Builds an answer on a copy of its context with a mistake in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.builds.edges import needed
from stagelab.exercise.targets import failure_after
from stagelab.exercise.task import Found, Requirement, met, unmet, waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stagelab.builds import Instruction
    from stagelab.exercise.attempt import Attempt

_MAIN = "func main() {"
_MISTAKE = _MAIN + '\n\tfmt.Printf("%d\\n", "seven")'
_VET = "go vet"


def vetted(*hints: str, needs: Callable[[Attempt], Found] = lambda _: met("")) -> Requirement:
    """A mistake that the compiler accepts and `go vet` does not stops the build.

    Args:
        hints: Three, from a nudge to nearly the answer.
        needs: What has to be met before; the build with a mistake takes long.
    """

    def look(attempt: Attempt) -> Found:
        return _mistakes_stop_it(attempt) if needs(attempt).ok else waiting()

    return Requirement("A mistake that go vet finds stops the build.", look, hints)


def _mistakes_stop_it(attempt: Attempt) -> Found:
    attempt.build  # noqa: B018 - what does not build at all is told by an earlier requirement
    at = next((i for i in attempt.source.instructions if _VET in i.value), None)
    error = attempt.once("mistaken", lambda: (failure_after(attempt, None, _mistake),))[0]
    if error is None:
        return _unnoticed(attempt, at)
    if _VET in (error.step or ""):
        return met("With a mistake in the program the build stops at `go vet`.")
    return unmet(
        "with a mistake in the program the build stops, but somewhere else than at `go vet`.",
        at=attempt.instruction_at(error.line),
        detail=error.detail,
    )


def _unnoticed(attempt: Attempt, at: Instruction | None) -> Found:
    """Say why a mistake went into the image."""
    if at is None:
        return unmet(
            "a mistake that `go vet` finds went into the image: no instruction calls it. Let RUN "
            "go vet ./... stand in the stage that compiles, or in one that it takes from."
        )
    within = next((s for s in attempt.source.stages if at in s.instructions), None)
    if within is not None and within.index in needed(attempt.source, attempt.stage):
        return unmet(
            "this finds the mistake, and the build goes on: a RUN fails only if the last of its "
            "commands fails. Let nothing hide that: join commands by &&, and not by ; or ||.",
            at=at,
        )
    return unmet(
        "a mistake that this would find went into the image: the stage that is built does not rest "
        "on this stage, so BuildKit skips it. Let it leave a file behind (&& touch /passed), and "
        "take that file by COPY --from in a stage that is needed.",
        at=at,
    )


def _mistake(context: Path) -> None:
    """Give the program a mistake that `go vet` finds."""
    main = context / "main.go"
    main.write_text(main.read_text(encoding="utf-8").replace(_MAIN, _MISTAKE), encoding="utf-8")
