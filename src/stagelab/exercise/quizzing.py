"""`quiz`: a question whose every choice explains itself."""

from __future__ import annotations

import difflib
from functools import cached_property
from string import ascii_lowercase
from typing import Any

from stagelab.errors import ExerciseError
from stagelab.exercise import quizzes
from stagelab.exercise.progressing import note_quiz
from stagelab.show import quiz as _look


def quiz(name: str) -> Quiz:
    """Ask a question: choose, and read why the choice is right or wrong.

    Args:
        name: The quiz's ID, such as "03-a".

    Raises:
        ExerciseError: There is no such quiz.
    """
    try:
        return Quiz(quizzes.QUIZZES[str(name)])
    except KeyError:
        close = difflib.get_close_matches(str(name), quizzes.QUIZZES, n=1)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        raise ExerciseError(
            f"The course has no quiz {name!r}.",
            fix=f"{meant}The quizzes are {', '.join(quizzes.QUIZZES)}.",
        ) from None


class Quiz:
    """A question with choices; made by `quiz`.

    Where there are widgets the choices are buttons. A stored notebook or a page shows them as
    lines that unfold, and `choose` does the same by function.

    Attributes:
        text: The question and its choices.
    """

    def __init__(self, text: quizzes.Text) -> None:
        self.text = text

    def choose(self, letter: str) -> str:
        """Take a choice, and give what there is to say about it.

        Args:
            letter: "a" for the first choice, and so on.

        Raises:
            ExerciseError: There is no such choice.
        """
        return _look.told(self._take(letter))

    def _take(self, letter: str) -> quizzes.Choice:
        letters = ascii_lowercase[: len(self.text.choices)]
        if len(letter) != 1 or letter not in letters:
            raise ExerciseError(
                f"This quiz has no choice {letter!r}.", fix=f"Its choices are {', '.join(letters)}."
            )
        choice = self.text.choices[letters.index(letter)]
        note_quiz(self.text.id, right=choice.right)
        return choice

    def __str__(self) -> str:
        return _look.quiz_text(self.text)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle = dict(self._box._repr_mimebundle_(include=include, exclude=exclude) or {})
        bundle["text/html"] = _look.quiz_html(self.text)
        bundle["text/plain"] = str(self)
        return bundle

    @cached_property
    def _box(self) -> Any:  # noqa: ANN401 - ipywidgets has no types
        import ipywidgets  # noqa: PLC0415 - takes its time, and only notebooks show widgets

        letters = ascii_lowercase[: len(self.text.choices)]
        told = ipywidgets.HTML(value=_look.ASK)
        buttons = ipywidgets.RadioButtons(
            options=[
                (f"{letter}) {choice.text.replace('`', '')}", letter)
                for letter, choice in zip(letters, self.text.choices, strict=True)
            ],
            value=None,
            layout=ipywidgets.Layout(width="auto"),
        )

        def tell(change: dict[str, Any]) -> None:
            if change["new"] is not None:
                told.value = _look.told_html(self._take(change["new"]))

        buttons.observe(tell, names="value")
        title = ipywidgets.HTML(value=_look.title_html(self.text))
        return ipywidgets.VBox([title, buttons, told])
