"""Predictions: widgets where there are any, and all of it as plain text."""

from __future__ import annotations

import pytest

from stagelab.errors import ExerciseError
from stagelab.exercise import predict


def test_the_text_says_it_all() -> None:
    asked = predict("How much smaller?", ["a little", "ten times"], reveal="Run it.")
    assert str(asked) == "Predict: How much smaller?\n  ( ) a little\n  ( ) ten times\nRun it."


def test_a_notebook_gets_widgets_and_the_text() -> None:
    asked = predict("Which?", ["one", "two"])
    bundle = asked._repr_mimebundle_()
    assert bundle["text/plain"] == str(asked)
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle == asked._repr_mimebundle_()  # one widget, however often it is shown


def test_choosing_reveals_whatever_was_chosen() -> None:
    asked = predict("Which?", ["one", "two"], reveal="See below.")
    assert asked.chosen is None
    told = asked._box.children[-1]
    assert "not scored" in told.value
    asked._buttons.value = "two"
    assert asked.chosen == "two"
    assert told.value == "See below."


@pytest.mark.parametrize("options", [[], ["one"], ["one", "one", "two"]])
def test_a_choice_needs_different_options(options: list[str]) -> None:
    with pytest.raises(ExerciseError, match="two or more different"):
        predict("Which?", options)
