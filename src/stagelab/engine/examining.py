"""Look at many things at once, and wait for none of them longer than is bearable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from threading import Thread

from stagelab.engine.checks import Check
from stagelab.errors import StagelabError

Answer = Check | Iterable[Check]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to look at.

    Args:
        name: Name of the check that says that it failed, or that it took too long.
        look: Gives the check, or several.
        needed: The course cannot do without what is looked at.
        late: What was found, and what to do, if there is no answer in time.
    """

    name: str
    look: Callable[[], Answer]
    needed: bool = True
    late: tuple[str, str] = (
        "no answer in time: what has to be asked for it hangs",
        "Run this again. If it stays so, restart the computer, and look at its network folders.",
    )


def examine(questions: Sequence[Question], until: float) -> list[Check]:
    """Ask all questions at the same time, each in a thread of its own.

    Args:
        questions: What to look at.
        until: When to stop waiting, by `time.monotonic`. Threads that hang are left behind; they
            hinder nobody, and end with the process.

    Returns:
        The checks in the order of the questions, with the time that each took. A question that
        raises gives a check that says so, and so does one without an answer in time.
    """
    given: dict[int, list[Check]] = {}
    threads = [
        Thread(target=_ask, args=(number, question, given), daemon=True, name=question.name)
        for number, question in enumerate(questions)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    waited = _milliseconds(began)
    checks: list[Check] = []
    for number, question in enumerate(questions):
        checks += given.get(number) or [_late(question, waited)]
    return checks


def _ask(number: int, question: Question, given: dict[int, list[Check]]) -> None:
    began = time.monotonic()
    try:
        answer = question.look()
        checks = [answer] if isinstance(answer, Check) else list(answer)
    except Exception as error:  # noqa: BLE001  (whatever is broken, the diagnosis must tell of it)
        checks = [_failed(question, error)]
    took = _milliseconds(began)
    given[number] = [
        check if check.milliseconds is not None else replace(check, milliseconds=took)
        for check in checks
    ]


def _failed(question: Question, error: Exception) -> Check:
    failed = False if question.needed else None
    if isinstance(error, StagelabError):
        return Check(question.name, ok=failed, found=error.cause, fix=error.fix)
    return Check(
        question.name,
        ok=failed,
        found=f"could not be looked at: {type(error).__name__}: {error}",
        fix="Run this again. If it stays so, report it to the authors with this line.",
    )


def _late(question: Question, waited: int) -> Check:
    found, fix = question.late
    failed = False if question.needed else None
    return Check(question.name, ok=failed, found=found, fix=fix, milliseconds=waited)


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
