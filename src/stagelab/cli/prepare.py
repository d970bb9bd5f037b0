"""What `start` and `test` do first: an engine, and the base images on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from stagelab.bases import Base, ensure
from stagelab.cli.waiting import Display, waiting
from stagelab.engine.connecting import Found
from stagelab.engine.setup import Plan, set_up


def get_engine(*, yes: bool) -> Found:
    """Get an engine: find one, or after asking install one and start the course's own.

    Args:
        yes: Agree to whatever has to be installed.
    """
    with waiting() as display:
        found = set_up(agree=agree_on_terminal(display, yes=yes), progress=display)
    print(f"Engine: {found.endpoint}")
    return found


def get_bases(found: Found, *, stand_ins: bool | None) -> dict[str, Base]:
    """Make every base image of the catalogue present.

    Args:
        found: The engine.
        stand_ins: As for `ensure`.
    """
    with waiting() as display:
        display("Looking for the base images", None, None)
        bases = ensure(found.client, stand_ins=stand_ins, progress=display)
    print("Bases:  " + ", ".join(f"{base.reference} ({base.kind})" for base in bases.values()))
    return bases


def agree_on_terminal(display: Display, *, yes: bool) -> Callable[[Plan], bool]:
    """Make the question whether a plan may be carried out.

    Args:
        display: Makes room for the question.
        yes: The answer is yes and nobody is asked.
    """

    def agree(plan: Plan) -> bool:
        display.pause()
        print(plan)
        return yes or _agrees()

    return agree


def _agrees() -> bool:
    """Ask once on a terminal; where nobody can answer, that is a yes."""
    if os.environ.get("CI") or not sys.stdin.isatty():
        return True
    try:
        answer = input("Go on? [Y/n] ")
    except EOFError:
        return True
    return answer.strip().lower() in {"", "y", "yes"}
