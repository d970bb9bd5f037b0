"""Verdicts, hints and solutions as text and as HTML."""

from __future__ import annotations

from stagelab.exercise import Hint, Outcome, Solution, Verdict

OUTCOMES = (
    Outcome("It builds.", ok=True, feedback="Built."),
    Outcome("It runs.", ok=False, feedback="Line 2, `RUN <x>`: no.", line=2, detail="sh: <x>\nend"),
    Outcome("It ends.", ok=None),
)
TEXT = """\
Exercise 03-1 · Write <it>
! not yet: 1 of 3 requirements met
  ✓ met: It builds.
      Built.
  ✗ not yet: It runs.
      Line 2, `RUN <x>`: no.
      | sh: <x>
      | end
  i to do: It ends.
  hint("03-1") helps; solution("03-1") shows one right answer."""
VERDICT = Verdict("03-1", "Write <it>", started=True, requirements=OUTCOMES)


def test_the_text_tells_everything_by_symbol_and_word() -> None:
    assert str(VERDICT) == TEXT


def test_html_is_escaped_and_says_the_same() -> None:
    html = VERDICT._repr_mimebundle_()["text/html"]
    assert "<x>" not in html
    assert "Write &lt;it&gt;" in html
    for words in ("met", "not yet", "to do", "RUN &lt;x&gt;</code>", "sh: &lt;x&gt;"):
        assert words in html


def test_passed_and_untouched_read_differently() -> None:
    passed = Verdict("03-1", "T", started=True, requirements=OUTCOMES[:1])
    assert passed.passed
    assert bool(passed)
    assert "passed: every requirement is met" in str(passed)
    assert "hint(" not in str(passed)
    waiting = Verdict("03-1", "T", started=False, requirements=OUTCOMES[2:], advice="Begin.")
    assert "not yet: the exercise is still as you found it\n  Begin." in str(waiting)
    assert "Begin." in waiting._repr_mimebundle_()["text/html"]


def test_a_lone_backtick_is_shown_as_it_is() -> None:
    odd = Verdict("1", "T", started=True, requirements=(Outcome("R.", ok=False, feedback="a ` b"),))
    assert "a ` b" in odd._repr_mimebundle_()["text/html"]


def test_hints_and_solutions_show_themselves() -> None:
    hint = Hint("03-1", 1, 3, "Look <here>.")
    assert str(hint) == "Hint 1 of 3 for exercise 03-1\n  Look <here>."
    assert "Look &lt;here&gt;." in hint._repr_mimebundle_()["text/html"]
    solution = Solution("03-1", "T", "FROM a\nRUN <b>\n", "One.\n\nTwo.")
    lines = str(solution).splitlines()
    assert lines[:4] == ["Solution of exercise 03-1 · T", "", "    FROM a", "    RUN <b>"]
    assert lines[5:7] == ["  One.", "  Two."]
    assert "RUN &lt;b&gt;" in solution._repr_mimebundle_()["text/html"]
