"""`progress`: how far a learner has come, in one lesson or in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stagelab._render import Shown
from stagelab.errors import ExerciseError
from stagelab.exercise import quizzes, record
from stagelab.exercise.tasks import TASKS

if TYPE_CHECKING:
    from stagelab.exercise.facts import Verdict


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """What was done about one task.

    Attributes:
        task: Its ID.
        title: Its title.
        tries: How often an answer was checked.
        passed: The day of the first answer that passed, as "2027-01-31"; "" if none did yet.
        hints: How many hints were taken.
        solved: Whether the solution was looked at before an answer had passed.
        predicted: What was predicted before the run; "" if nothing was, or nothing is asked.
    """

    task: str
    title: str
    tries: int = 0
    passed: str = ""
    hints: int = 0
    solved: bool = False
    predicted: str = ""


@dataclass(frozen=True, slots=True)
class QuizProgress:
    """What was answered in one quiz.

    Attributes:
        quiz: Its ID.
        answered: Whether any choice was taken.
        right: Whether the first choice was the right one.
    """

    quiz: str
    answered: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Progress(Shown):
    """How far a learner has come; made by `progress`.

    Attributes:
        lesson: The lesson that it is about, as "03"; "" for the whole course.
        tasks: Every task of the course.
        quizzes: Every quiz of the course.
        kept: Whether it is in a file; False if that could not be written.
        file: The file's path.
    """

    lesson: str
    tasks: tuple[TaskProgress, ...]
    quizzes: tuple[QuizProgress, ...]
    kept: bool
    file: str

    @property
    def passed(self) -> int:
        """How many tasks of the whole course are passed."""
        return sum(bool(task.passed) for task in self.tasks)

    @property
    def lessons(self) -> tuple[str, ...]:
        """The lessons that have tasks, or the one that this is about."""
        if self.lesson:
            return (self.lesson,)
        return tuple(dict.fromkeys(task.task[:2] for task in self.tasks))

    def tasks_of(self, lesson: str) -> tuple[TaskProgress, ...]:
        """Give a lesson's tasks."""
        return tuple(task for task in self.tasks if task.task[:2] == lesson)

    def quizzes_of(self, lesson: str) -> tuple[QuizProgress, ...]:
        """Give a lesson's quizzes."""
        return tuple(quiz for quiz in self.quizzes if quiz.quiz[:2] == lesson)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values for JSON."""
        return {
            "passed": self.passed,
            "tasks": [
                {name: getattr(task, name) for name in TaskProgress.__slots__}
                for task in self.tasks
            ],
            "quizzes": [
                {name: getattr(quiz, name) for name in QuizProgress.__slots__}
                for quiz in self.quizzes
            ],
        }


def progress(lesson: str = "") -> Progress:
    """Show how far you have come. It is kept in a file on this computer and sent nowhere.

    Args:
        lesson: A lesson's number, as "03", for a line about it; "" for the whole course.

    Raises:
        ExerciseError: No lesson has this number.
    """
    notes = record.read()
    tasks = tuple(_of_task(each.id, each.title, notes["tasks"]) for each in TASKS.values())
    asked = tuple(
        QuizProgress(
            name,
            answered=bool(found := notes["quizzes"].get(name, {})),
            right=bool(found.get("right")),
        )
        for name in quizzes.QUIZZES
    )
    seen = Progress(str(lesson), tasks, asked, record.is_kept(), str(record.file()))
    if lesson and not seen.tasks_of(seen.lesson):
        numbers = ", ".join(dict.fromkeys(task.task[:2] for task in tasks))
        raise ExerciseError(
            f"The course has no lesson {lesson!r} with exercises.", fix=f"There are {numbers}."
        )
    return seen


def note_check(verdict: Verdict) -> None:
    """Note that an answer was checked, and whether it passed."""

    def change(noted: dict[str, Any]) -> None:
        noted["tries"] = _number(noted, "tries") + 1
        if verdict.passed and not noted.get("passed"):
            noted["passed"] = datetime.now(UTC).astimezone().date().isoformat()

    record.note("tasks", verdict.task, change)


def note_hint(task: str) -> None:
    """Note that a hint was taken."""
    record.note("tasks", task, lambda noted: noted.update(hints=_number(noted, "hints") + 1))


def note_solution(task: str) -> None:
    """Note that the solution was looked at, if no answer had passed before."""

    def change(noted: dict[str, Any]) -> None:
        if not noted.get("passed"):
            noted["solved"] = True

    record.note("tasks", task, change)


def note_prediction(task: str, chosen: str) -> None:
    """Note what was predicted; the first prediction counts."""
    record.note("tasks", task, lambda noted: noted.setdefault("predicted", chosen))


def note_quiz(quiz: str, *, right: bool) -> None:
    """Note that a choice was taken; the first one counts."""
    record.note("quizzes", quiz, lambda noted: noted.setdefault("right", right))


def _of_task(task: str, title: str, notes: dict[str, Any]) -> TaskProgress:
    noted = notes.get(task, {})
    return TaskProgress(
        task,
        title,
        tries=_number(noted, "tries"),
        passed=str(noted.get("passed") or ""),
        hints=_number(noted, "hints"),
        solved=bool(noted.get("solved")),
        predicted=str(noted.get("predicted") or ""),
    )


def _number(noted: dict[str, Any], name: str) -> int:
    found = noted.get(name)
    return found if isinstance(found, int) else 0
