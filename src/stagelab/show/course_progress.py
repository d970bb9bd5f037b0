"""How progress looks: a line of badges for a lesson, a table for the course."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.show.style import Html, badge, count, escape, muted, table, text_badge, text_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.exercise.progressing import Progress, QuizProgress, TaskProgress
    from stagelab.show.style import BadgeKind


def progress_html(seen: Progress) -> Html:
    """Show a lesson as a line of badges, the whole course as a table."""
    below = muted(_below(seen))
    if not seen.lesson:
        rows = [
            (lesson, *map(_cell, seen.tasks_of(lesson)), _quizzes(seen.quizzes_of(lesson)))
            for lesson in seen.lessons
        ]
        wide = _padded(rows)
        return Html(f"{table(_header(wide), wide)}<div>{below}</div>")
    badges = " ".join(
        badge(f"{task.task} {_state(task)[0]}", _state(task)[1])
        for task in seen.tasks_of(seen.lesson)
    )
    return Html(f"<div>Exercise {escape(seen.lesson)}: {badges} · {below}</div>")


def progress_text(seen: Progress) -> str:
    """Give the plain text twin of `progress_html`."""
    if not seen.lesson:
        rows = [
            (
                lesson,
                *(f"{text_badge(*_state(task))}" for task in seen.tasks_of(lesson)),
                _quizzes(seen.quizzes_of(lesson)),
            )
            for lesson in seen.lessons
        ]
        wide = _padded(rows)
        return f"{text_table(_header(wide), wide)}\n{_below(seen)}"
    badges = "  ".join(
        f"{text_badge(f'{task.task} {_state(task)[0]}', _state(task)[1])}"
        for task in seen.tasks_of(seen.lesson)
    )
    return f"Exercise {seen.lesson}: {badges} · {_below(seen)}"


def _cell(task: TaskProgress) -> Html:
    return badge(*_state(task))


def _padded(rows: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Give every row as many tasks as the longest has; the quizzes stay last."""
    width = max(map(len, rows))
    return [(*row[:-1], *[""] * (width - len(row)), row[-1]) for row in rows]


def _header(rows: list[tuple[object, ...]]) -> list[str]:
    tasks = len(rows[0]) - 2
    return ["lesson", *(f"task {number}" for number in range(1, tasks + 1)), "quizzes"]


def _state(task: TaskProgress) -> tuple[str, BadgeKind]:
    if task.passed:
        return "passed", "ok"
    if task.tries:
        return f"not yet, {count(task.tries, 'check')}", "warn"
    return "to do", "info"


def _quizzes(found: tuple[QuizProgress, ...]) -> str:
    if not found:
        return ""
    right = sum(quiz.right for quiz in found)
    answered = sum(quiz.answered for quiz in found)
    return f"{answered} of {len(found)} answered, {right} right at once"


def _below(seen: Progress) -> str:
    words = f"{seen.passed} of {count(len(seen.tasks), 'task')} of the course passed"
    if seen.kept:
        return words
    return f"{words}; not kept: {seen.file} cannot be written"
