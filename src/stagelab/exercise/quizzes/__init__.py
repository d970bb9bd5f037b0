"""The quizzes' texts: a TOML file a lesson, each with tables `[[quiz]]`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a quiz.

    Attributes:
        text: What may be chosen.
        why: Why it is right, or tempting and wrong.
        right: Whether it is the right one.
    """

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A quiz as it is written.

    Attributes:
        id: Lesson and letter, such as "03-a".
        question: What is asked.
        choices: Three or four, one of them right.
    """

    id: str
    question: str
    choices: tuple[Choice, ...]


def _read() -> dict[str, Text]:
    texts = [
        Text(each["id"], each["question"], tuple(Choice(**choice) for choice in each["choices"]))
        for file in sorted(files(__package__).iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
        for each in tomllib.loads(file.read_text("utf-8"))["quiz"]
    ]
    return {text.id: text for text in texts}


QUIZZES = _read()
"""Every quiz of the course, by ID."""
