"""Exercises: tasks, checks that build and run the answer, hints, solutions, the generator."""

from stagelab import _render
from stagelab.exercise.answers import solution
from stagelab.exercise.checking import check
from stagelab.exercise.course import course_root
from stagelab.exercise.facts import Hint, Outcome, Solution, Verdict
from stagelab.exercise.hints import hint
from stagelab.exercise.prediction import Prediction, predict
from stagelab.exercise.progressing import Progress, progress
from stagelab.exercise.quizzing import Quiz, quiz
from stagelab.exercise.syncing import sync
from stagelab.exercise.tasks import context
from stagelab.show import course_progress as _progress
from stagelab.show import verdict as _look

__all__ = [
    "Hint",
    "Outcome",
    "Prediction",
    "Progress",
    "Quiz",
    "Solution",
    "Verdict",
    "check",
    "context",
    "course_root",
    "hint",
    "predict",
    "progress",
    "quiz",
    "solution",
    "sync",
]

_render.register(Verdict, html=_look.verdict_html, text=_look.verdict_text)
_render.register(Hint, html=_look.hint_html, text=_look.hint_text)
_render.register(Solution, html=_look.solution_html, text=_look.solution_text)
_render.register(Progress, html=_progress.progress_html, text=_progress.progress_text)
