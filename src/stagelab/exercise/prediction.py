"""`predict`: say what you expect before you run it. Never scored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from stagelab.errors import ExerciseError

REVEAL = "Run the next cell and see."


def predict(question: str, options: Sequence[str], *, reveal: str = REVEAL) -> Prediction:
    """Ask for a prediction: radio buttons where there are widgets, else plain text.

    Args:
        question: What is to be predicted.
        options: What may be chosen, at least two.
        reveal: Said once something is chosen, whatever it is.

    Raises:
        ExerciseError: There are fewer than two different options.
    """
    return Prediction(question, options, reveal)


class Prediction:
    """A question asked before the run; made by `predict`.

    Attributes:
        question: What is to be predicted.
        options: What may be chosen.
        reveal: Said once something is chosen.
    """

    def __init__(self, question: str, options: Sequence[str], reveal: str) -> None:
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
        """What was chosen by the radio buttons, None if nothing yet."""
        value = self._buttons.value
        return None if value is None else str(value)

    def __str__(self) -> str:
        lines = [f"Predict: {self.question}"]
        lines += [f"  ( ) {option}" for option in self.options]
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
            value=None,
            layout=ipywidgets.Layout(width="auto"),
        )

    @cached_property
    def _box(self) -> Any:  # noqa: ANN401 - as above
        import ipywidgets  # noqa: PLC0415 - as above

        told = ipywidgets.Label(value="Choose one; it is not scored.")

        def tell(_change: object) -> None:
            told.value = self.reveal

        self._buttons.observe(tell, names="value")
        title = ipywidgets.Label(value=f"Predict: {self.question}")
        return ipywidgets.VBox([title, self._buttons, told])
