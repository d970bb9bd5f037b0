"""What a check, a hint and a solution say: frozen facts."""

from __future__ import annotations

from dataclasses import dataclass

from stagelab._render import Shown


@dataclass(frozen=True, slots=True)
class Outcome:
    """One requirement and how the answer meets it.

    Attributes:
        text: The requirement.
        ok: Whether it is met; None if it was not looked at.
        feedback: What is there and why it matters; if not met also what to do.
        line: The line of the answer that it is about, 1-based; None if about none.
        detail: The engine's or program's own words, "" if there are none.
    """

    text: str
    ok: bool | None
    feedback: str = ""
    line: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict(Shown):
    """What a check found.

    Attributes:
        task: The task's ID, such as "03-1".
        title: The task's title.
        started: Whether there was an answer to look at; False for an untouched exercise.
        requirements: Every requirement in order; none was looked at if not `started`.
        advice: The first thing to do if not `started`, else "".
    """

    task: str
    title: str
    started: bool
    requirements: tuple[Outcome, ...]
    advice: str = ""

    @property
    def passed(self) -> bool:
        """Whether every requirement is met."""
        return self.started and all(outcome.ok for outcome in self.requirements)

    def __bool__(self) -> bool:
        return self.passed


@dataclass(frozen=True, slots=True)
class Hint(Shown):
    """One hint of a task.

    Attributes:
        task: The task's ID.
        number: Which one it is, from 1; 0 if none is needed.
        count: How many there are.
        text: The hint.
        about: The requirement that it is about, "" if about the whole task.
    """

    task: str
    number: int
    count: int
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Solution(Shown):
    """The reference answer of a task; one right answer among others.

    Attributes:
        task: The task's ID.
        title: The task's title.
        dockerfile: The text.
        reasoning: Why it is written so, in Markdown; "" if the notebook gives none.
        diff: What leads from the learner's answer to it, as unified diff; "" if there is no
            answer, or no difference.
        passed: Whether the learner's answer passed; None if none was checked.
    """

    task: str
    title: str
    dockerfile: str
    reasoning: str
    diff: str = ""
    passed: bool | None = None
