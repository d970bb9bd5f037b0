"""How findings look: at their lines, in HTML and as text; by facts made by hand."""

from __future__ import annotations

import re

from stagelab import show
from stagelab.builds import Finding, Lint
from stagelab.show.style import PALETTE

assert show

TEXT = "FROM debian\nRUN echo <b> & $A\nCMD x\n"
FINDINGS = (
    Finding(1, 1, "DL3006", "warning", "Always tag `it`", "https://rules/DL3006"),
    Finding(2, 1, "SC9999", "error", "Mind <this>", "https://rules/SC9999"),
    Finding(2, 1, "SC2086", "info", "Double quote", ""),
)
LINT = Lint(TEXT, FINDINGS, version="2.15.1")


def html(lint: Lint) -> str:
    bundle = lint._repr_mimebundle_()
    assert bundle["text/plain"] == str(lint)
    return str(bundle["text/html"])


def numbers(lint: Lint) -> list[str]:
    """The numbers and gaps in the first column, "" at a finding."""
    return re.findall(r'user-select:none;[^"]*">([^<]*)</span>', html(lint))


def long(*lines: int, total: int = 20) -> Lint:
    """Findings at these lines of a Dockerfile of `total` lines."""
    text = "".join(f"RUN echo {n}\n" for n in range(1, total + 1))
    return Lint(text, tuple(Finding(n, 1, "DL1", "style", "So.", "") for n in lines))


def test_findings_as_text() -> None:
    assert str(LINT).splitlines() == [
        "hadolint 2.15.1 · 1 error, 1 warning, 1 info",
        "    1 │ FROM debian",
        "      ╰ ! warning DL3006: Always tag `it`",
        "          https://rules/DL3006",
        "    2 │ RUN echo <b> & $A",
        "      ╰ ✗ error SC9999: Mind <this>",
        "          https://rules/SC9999",
        "      ╰ i info SC2086: Double quote",
        "    3 │ CMD x",
    ]


def test_findings_as_html_tell_the_same() -> None:
    shown = html(LINT)
    for text in ("hadolint 2.15.1", "1 error, 1 warning, 1 info", "Always tag", "Double quote"):
        assert text in shown
    assert '<a href="https://rules/DL3006" target="_blank" rel="noopener noreferrer"' in shown
    assert shown.count("<a ") == 2  # a rule without a page is no link
    assert "Mind &lt;this&gt;" in shown
    assert "RUN echo &lt;b&gt; &amp; $A" in shown
    assert "<b>" not in re.sub(r"<b>[✗!i]</b>", "", shown)
    assert re.search(r">it</code>", shown)  # backticks are shown as code
    assert "<script" not in shown


def test_a_level_has_symbol_and_word_beside_its_colour() -> None:
    shown = html(LINT)
    for symbol, word in (("✗", "error"), ("!", "warning"), ("i", "info")):
        assert f"<b>{symbol}</b>&nbsp;{word}</span>" in shown
    assert PALETTE["vermillion"] in shown


def test_each_finding_stands_below_its_line() -> None:
    assert numbers(LINT) == ["1", "", "2", "", "", "3"]


def test_of_a_long_dockerfile_only_the_surroundings_are_shown() -> None:
    middle = long(10)
    assert numbers(middle) == ["⋯", "8", "9", "10", "", "11", "12", "⋯"]
    lines = str(middle).splitlines()
    assert lines[0] == "hadolint · 1 style"
    assert lines[1].split() == ["⋯", "7", "lines"]
    assert lines[-1].split() == ["⋯", "8", "lines"]
    assert "> 7 lines</span>" in html(middle).replace('.72">', '.72"> ')


def test_a_gap_of_one_line_is_filled() -> None:
    # lines 1 to 3 and 5 to 20, with line 4 between them
    assert numbers(long(4, 9, 17, total=20)) == [
        *["1", "2", "3", "4", "", "5", "6", "7", "8", "9", "", "10", "11"],
        *["⋯", "15", "16", "17", "", "18", "19", "20"],
    ]


def test_blank_lines_and_windows_line_ends() -> None:
    said = Lint("FROM a\r\n\r\nRUN b\r\n", (Finding(3, 1, "X", "info", "So.", ""),))
    assert str(said).splitlines()[1:] == [
        "    1 │ FROM a",
        "    2 │",
        "    3 │ RUN b",
        *["      ╰ i info X: So."],
    ]
    assert "\r" not in html(said)


def test_nothing_found_is_one_line() -> None:
    clean = Lint("FROM a:1\n", (), version="2.15.1")
    assert str(clean) == "✓ hadolint 2.15.1 finds nothing in this Dockerfile."
    assert "✓ hadolint 2.15.1 finds nothing in this Dockerfile." in html(clean)


def test_not_linted_is_no_praise() -> None:
    missing = Lint(
        "FROM a\n",
        (),
        available=False,
        cause="Not linted: there is none.",
        fix="Run `pip install <x>`.",
        detail="some\nwords",
    )
    assert str(missing).splitlines() == [
        "i not linted hadolint",
        "Not linted: there is none.",
        "Run `pip install <x>`.",
        "    some",
        "    words",
    ]
    shown = html(missing)
    assert "pip install &lt;x&gt;</code>" in shown
    assert "some\nwords</code>" in shown
    assert "✓" not in shown
