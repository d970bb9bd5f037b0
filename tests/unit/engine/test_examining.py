from __future__ import annotations

import time

from stagelab.engine.checks import Check
from stagelab.engine.examining import Question, examine
from stagelab.errors import StagelabError


def late() -> Check:
    time.sleep(5)
    return Check("late", ok=True, found="at last")


def broken() -> Check:
    raise KeyError("what")


def refused() -> Check:
    raise StagelabError("It is closed.", fix="Open it.")


def test_what_is_late_broken_or_refused_is_told_in_its_place_and_holds_nobody_up() -> None:
    began = time.monotonic()
    checks = examine(
        [
            Question("late", late, needed=False, late=("nothing came", "wait")),
            Question("broken", broken),
            Question("refused", refused),
            Question(
                "two", lambda: [Check("a", ok=True, found="x"), Check("b", ok=None, found="")]
            ),
        ],
        began + 0.3,
    )
    assert time.monotonic() - began < 1
    assert [check.name for check in checks] == ["late", "broken", "refused", "a", "b"]
    slow, wrong, closed, *_ = checks
    assert (slow.ok, slow.found, slow.fix) == (None, "nothing came", "wait")
    assert slow.milliseconds is not None
    assert slow.milliseconds >= 290
    assert wrong.ok is False
    assert "KeyError: 'what'" in wrong.found
    assert (closed.ok, closed.found, closed.fix) == (False, "It is closed.", "Open it.")
    assert all(check.milliseconds is not None for check in checks)


def test_a_time_that_a_check_measured_itself_stays() -> None:
    (check,) = examine(
        [Question("a", lambda: Check("a", ok=True, found="", milliseconds=7))], time.monotonic() + 1
    )
    assert check.milliseconds == 7
