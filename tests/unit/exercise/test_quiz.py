"""Quizzes: every one is whole, and every choice explains itself."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files

import pytest

from stagelab.errors import ExerciseError
from stagelab.exercise import progress, quiz
from stagelab.exercise.quizzes import QUIZZES, Choice, Text
from stagelab.exercise.quizzing import Quiz
from tests.notebooks.test_structure import MEASURE

ONE = Text(
    "03-z",
    "What is `scratch`?",
    (Choice("empty", "It has no file.", right=True), Choice("small <b>", "It is `alpine` & more.")),
)


@pytest.mark.parametrize("text", QUIZZES.values(), ids=list(QUIZZES))
def test_a_quiz_is_whole(text: Text) -> None:
    assert re.fullmatch(r"\d\d-[a-z]", text.id)
    assert 3 <= len(text.choices) <= 4
    assert [choice.right for choice in text.choices].count(True) == 1
    assert len({choice.text for choice in text.choices}) == len(text.choices)
    assert all(choice.text and len(choice.why) > len("because") for choice in text.choices)
    words = " ".join([text.question, *(f"{c.text} {c.why}" for c in text.choices)])
    assert not MEASURE.search(words)
    assert words.count("`") % 2 == 0


def test_the_right_choice_is_not_always_at_the_same_place() -> None:
    places = {[c.right for c in text.choices].index(True) for text in QUIZZES.values()}
    assert len(QUIZZES) < 4 or len(places) >= 3


def test_no_id_is_given_twice() -> None:
    written = [
        each["id"]
        for file in files("stagelab.exercise.quizzes").iterdir()
        if file.name.endswith(".toml")
        for each in tomllib.loads(file.read_text("utf-8"))["quiz"]
    ]
    assert sorted(written) == sorted(QUIZZES)


def test_every_choice_explains_itself() -> None:
    asked = Quiz(ONE)
    assert asked.choose("a") == "✓ right: It has no file."
    assert asked.choose("b") == "✗ not so: It is `alpine` & more."


@pytest.mark.parametrize("letter", ["c", "", "ab", "A", "?"])
def test_there_are_no_other_choices(letter: str) -> None:
    with pytest.raises(ExerciseError, match="no choice") as caught:
        Quiz(ONE).choose(letter)
    assert caught.value.fix == "Its choices are a, b."


def test_the_plain_text_keeps_the_explanations_back() -> None:
    text = str(Quiz(ONE))
    assert "a) empty" in text
    assert "no file" not in text
    assert 'quiz("03-z").choose("a")' in text


def test_without_a_kernel_each_choice_unfolds() -> None:
    page = Quiz(ONE)._repr_mimebundle_()["text/html"]
    assert page.count("<details>") == 2
    assert "small &lt;b&gt;" in page


def test_buttons_tell_and_are_noted() -> None:
    name = next(iter(QUIZZES))
    asked = quiz(name)
    bundle = asked._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    _, buttons, told = asked._box.children
    buttons.value = "b"
    assert asked.text.choices[1].why.split("`")[0] in told.value
    assert json.dumps(progress().to_dict()["quizzes"]).count('"answered": true') == 1


def test_an_unknown_quiz_is_named() -> None:
    with pytest.raises(ExerciseError, match="no quiz '99-a'"):
        quiz("99-a")
