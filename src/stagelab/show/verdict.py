"""How a verdict, a hint and a solution look; `stagelab.exercise` registers it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from stagelab.show.style import (
    GROUND,
    BadgeKind,
    Html,
    badge,
    card,
    code,
    escape,
    muted,
    prose,
    text_badge,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stagelab.exercise import Hint, Outcome, Solution, Verdict

_WIDTH = 92
_STATES: dict[bool | None, tuple[str, BadgeKind]] = {
    True: ("met", "ok"),
    False: ("not yet", "bad"),
    None: ("to do", "info"),
}


def verdict_html(verdict: Verdict) -> Html:
    """Show each requirement with its state and feedback."""
    rows = (
        Html(
            '<div style="margin:.5em 0;display:flex;gap:.7em;align-items:baseline">'
            f'<div style="flex:0 0 5.5em">{badge(*_state(outcome))}</div>'
            f'<div style="flex:1 1 auto;min-width:0">{_outcome_html(outcome)}</div></div>'
        )
        for outcome in verdict.requirements
    )
    return card(
        Html(f"Exercise {escape(verdict.task)} · {escape(verdict.title)}"),
        badge(*_summary(verdict)),
        *([escape(verdict.advice)] if verdict.advice else []),
        *rows,
        *([muted(_help(verdict))] if not verdict.passed else []),
    )


def verdict_text(verdict: Verdict) -> str:
    """Give the plain text twin of `verdict_html`."""
    lines = [
        f"Exercise {verdict.task} · {verdict.title}",
        text_badge(*_summary(verdict)),
    ]
    if verdict.advice:
        lines += _wrapped([verdict.advice], "  ")
    for outcome in verdict.requirements:
        word, kind = _state(outcome)
        lines.append(f"  {text_badge(word, kind)}: {outcome.text}")
        lines += _wrapped([outcome.feedback], "      ")
        lines += [f"      | {line}" for line in outcome.detail.splitlines()]
    if not verdict.passed:
        lines += _wrapped([_help(verdict)], "  ")
    return "\n".join(lines)


def hint_html(hint: Hint) -> Html:
    """Show a hint."""
    about = [muted(Html(f"About: {prose(hint.about)}"))] if hint.about else []
    return card(_hint_title(hint), *about, prose(hint.text))


def hint_text(hint: Hint) -> str:
    """Give the plain text twin of `hint_html`."""
    about = _wrapped([f"About: {hint.about}"], "  ") if hint.about else []
    return "\n".join([_hint_title(hint), *about, *_wrapped([hint.text], "  ")])


def solution_html(solution: Solution) -> Html:
    """Show a solution."""
    return card(
        _solution_title(solution),
        _block(solution.dockerfile),
        *(prose(part) for part in solution.reasoning.split("\n\n") if part),
        *([Html(f"{_from_yours(solution)}{_diff_html(solution.diff)}")] if solution.diff else []),
        muted(_others(solution)),
    )


def solution_text(solution: Solution) -> str:
    """Give the plain text twin of `solution_html`."""
    return "\n".join(
        [
            _solution_title(solution),
            "",
            textwrap.indent(solution.dockerfile.rstrip(), "    "),
            "",
            *_wrapped(solution.reasoning.split("\n\n"), "  "),
            *(["", f"  {_from_yours(solution)}", ""] if solution.diff else []),
            *textwrap.indent(solution.diff, "    ").splitlines(),
            f"  {_others(solution)}",
        ]
    )


_OTHERS = "Other Dockerfiles are right too: the check looks at what they do."


def _others(solution: Solution) -> str:
    return f"Yours passed as well. {_OTHERS}" if solution.passed else _OTHERS


def _from_yours(solution: Solution) -> str:
    yours = "your answer, which is right as well," if solution.passed else "your answer"
    return f"From {yours} to this one (- is yours, + is this one's):"


def _diff_html(diff: str) -> Html:
    """Show a diff; the signs say it, colour only helps."""
    grounds = {"-": "rgba(213,94,0,.16)", "+": "rgba(0,158,115,.16)"}
    lines = (
        f'<span style="display:block;background:{grounds.get(line[:1], "none")}">'
        f"{escape(line) or '&nbsp;'}</span>"
        for line in diff.splitlines()
    )
    return Html(
        f'<pre style="background:{GROUND};color:inherit;padding:.5em .7em;margin:.3em 0;'
        f'border-radius:.3em;white-space:pre-wrap;overflow-wrap:anywhere">{"".join(lines)}</pre>'
    )


def _summary(verdict: Verdict) -> tuple[str, BadgeKind]:
    if verdict.passed:
        return "passed: every requirement is met", "ok"
    if not verdict.started:
        return "not yet: the exercise is still as you found it", "info"
    count = sum(bool(outcome.ok) for outcome in verdict.requirements)
    return f"not yet: {count} of {len(verdict.requirements)} requirements met", "warn"


def _state(outcome: Outcome) -> tuple[str, BadgeKind]:
    return _STATES[outcome.ok]


def _outcome_html(outcome: Outcome) -> Html:
    parts = [Html(f"<div><b>{escape(outcome.text)}</b></div>")]
    if outcome.feedback:
        parts.append(Html(f"<div>{_with_code(outcome.feedback)}</div>"))
    if outcome.detail:
        parts.append(_block(outcome.detail))
    return Html("".join(parts))


def _with_code(text: str) -> Html:
    """Set what stands between backticks in the fixed-width face."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a lone backtick is no pair
        return escape(text)
    return Html("".join(code(part) if odd % 2 else escape(part) for odd, part in enumerate(parts)))


def _block(text: str) -> Html:
    return Html(
        f'<pre style="background:{GROUND};color:inherit;padding:.5em .7em;margin:.3em 0;'
        'border-radius:.3em;white-space:pre-wrap;overflow-wrap:anywhere">'
        f"{escape(text.rstrip())}</pre>"
    )


def _help(verdict: Verdict) -> str:
    return f'hint("{verdict.task}") helps; solution("{verdict.task}") shows one right answer.'


def _hint_title(hint: Hint) -> str:
    if not hint.count:
        return f"No hint needed for exercise {hint.task}"
    return f"Hint {hint.number} of {hint.count} for exercise {hint.task}"


def _solution_title(solution: Solution) -> str:
    return f"Solution of exercise {solution.task} · {solution.title}"


def _wrapped(paragraphs: Iterable[str], indent: str) -> list[str]:
    return [
        line
        for text in paragraphs
        for line in textwrap.wrap(
            text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False
        )
    ]
