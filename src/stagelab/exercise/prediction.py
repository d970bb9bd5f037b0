"""`predict`: say what you expect before you run it. That you said it counts, never what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from stagelab.errors import ExerciseError
from stagelab.exercise.progressing import note_prediction
from stagelab.exercise.tasks import find

_ASK = "Choose one; it is not scored."
REVEAL = "Run the next cell and see."


def predict(
    question: str,
    options: Sequence[str],
    *,
    reveal: str = REVEAL,
    task: str = "",
    choose: str | None = None,
) -> Prediction:
    """Ask for a prediction: radio buttons where there are widgets, else plain text.

    Args:
        question: What is to be predicted.
        options: What may be chosen, at least two.
        reveal: Said once something is chosen, whatever it is.
        task: The ID of the task that asks for it; its check sees that something was chosen.
        choose: What you expect, one of the options, in place of a click.

    Raises:
        ExerciseError: There are fewer than two different options, what is chosen is none of
            them, or no task has this ID.
    """
    prediction = Prediction(question, options, reveal, find(task).id if task else "")
    if choose is not None:
        prediction.choose(choose)
    return prediction


class Prediction:
    """A question asked before the run; made by `predict`.

    Attributes:
        question: What is to be predicted.
        options: What may be chosen.
        reveal: Said once something is chosen.
        task: The ID of the task that asks for it, "" if none does.
    """

    def __init__(self, question: str, options: Sequence[str], reveal: str, task: str = "") -> None:
        self.task = task
        self._chosen: str | None = None
        self.question = question
        self.options = tuple(options)
        self.reveal = reveal
        if len(set(self.options)) < 2 or len(set(self.options)) < len(self.options):  # noqa: PLR2004
            raise ExerciseError(
                f"A prediction needs two or more different options; it got {list(options)!r}.",
                fix="Give what a learner may expect, each once.",
            )

    @property
    def chosen(self) -> str | None:
        """What was chosen, None if nothing yet."""
        return self._chosen

    def choose(self, option: str) -> None:
        """Say what you expect.

        Raises:
            ExerciseError: It is none of the options.
        """
        if option not in self.options:
            raise ExerciseError(
                f"{option!r} is none of the choices.",
                fix=f"Choose one of: {'; '.join(self.options)}.",
            )
        self._chosen = option
        if self.task:
            note_prediction(self.task, option)

    def __str__(self) -> str:
        lines = [f"Predict: {self.question}"]
        lines += [
            f"  ({'x' if option == self._chosen else ' '}) {option}" for option in self.options
        ]
        return "\n".join([*lines, self.reveal])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle = dict(self._box._repr_mimebundle_(include=include, exclude=exclude) or {})
        bundle["text/plain"] = str(self)
        return bundle

    @cached_property
    def _buttons(self) -> Any:  # noqa: ANN401 - ipywidgets has no types
        import ipywidgets  # noqa: PLC0415 - takes its time, and only notebooks show widgets

        return ipywidgets.RadioButtons(
            options=self.options,
            value=self._chosen,
            layout=ipywidgets.Layout(width="auto"),
        )

    @cached_property
    def _box(self) -> Any:  # noqa: ANN401 - as above
        import ipywidgets  # noqa: PLC0415 - as above

        told = ipywidgets.Label(value=self.reveal if self._chosen else _ASK)

        def tell(change: dict[str, Any]) -> None:
            if change["new"] is not None:
                self.choose(change["new"])
                told.value = self.reveal

        self._buttons.observe(tell, names="value")
        title = ipywidgets.Label(value=f"Predict: {self.question}")
        return ipywidgets.VBox([title, self._buttons, told])
