"""How a quiz looks: as lines that unfold, and as plain text."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING

from stagelab.show.style import Html, badge, card, prose, text_badge

if TYPE_CHECKING:
    from stagelab.exercise.quizzes import Choice, Text
    from stagelab.show.style import BadgeKind

ASK = "Choose one; every choice explains itself."


def quiz_html(text: Text) -> Html:
    """Show a quiz without a kernel: each choice unfolds into its explanation."""
    choices = (
        Html(
            f'<details><summary style="cursor:pointer">{letter}) {prose(choice.text)}</summary>'
            f'<div style="margin:.3em 0 .5em 1.4em">{told_html(choice)}</div></details>'
        )
        for letter, choice in zip(ascii_lowercase, text.choices, strict=False)
    )
    return card(title_html(text), *choices)


def quiz_text(text: Text) -> str:
    """Give the plain text twin, which keeps the explanations back."""
    lines = [f"Quiz: {text.question}"]
    lines += [
        f"  {letter}) {choice.text}"
        for letter, choice in zip(ascii_lowercase, text.choices, strict=False)
    ]
    return "\n".join([*lines, f'quiz("{text.id}").choose("a") takes the first choice.'])


def title_html(text: Text) -> Html:
    """Show what is asked."""
    return Html(f"<b>Quiz</b> · {prose(text.question)}")


def told_html(choice: Choice) -> Html:
    """Show whether a choice is right, and why."""
    return Html(f"{badge(*_state(choice))} {prose(choice.why)}")


def told(choice: Choice) -> str:
    """Give the plain text twin of `told_html`."""
    word, kind = _state(choice)
    return f"{text_badge(word, kind)}: {choice.why}"


def _state(choice: Choice) -> tuple[str, BadgeKind]:
    return ("right", "ok") if choice.right else ("not so", "bad")
