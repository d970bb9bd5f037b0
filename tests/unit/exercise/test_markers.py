"""Solution markers: cells are taken apart, and faults are errors that name their line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.errors import ExerciseError
from stagelab.exercise.markers import split

CELL = """\
%%dockerfile answer
FROM golang:1.27 AS builder
# BEGIN SOLUTION
FROM alpine:3.22
# STARTER
#> # your stage
#>
#>  indented
# END SOLUTION
LABEL a=b
"""


def test_a_cell_is_taken_apart() -> None:
    parts = split(CELL)
    head, tail = "%%dockerfile answer\nFROM golang:1.27 AS builder\n", "LABEL a=b\n"
    assert parts.reference == f"{head}FROM alpine:3.22\n{tail}"
    assert parts.starter == f"{head}# your stage\n\n indented\n{tail}"
    assert parts.solution == "FROM alpine:3.22\n"
    assert parts.marked


def test_a_cell_may_have_several_blocks_and_none_of_them_a_starter() -> None:
    text = "a\n# BEGIN SOLUTION\nb\n# END SOLUTION\nc\n# BEGIN SOLUTION\nd\n# END SOLUTION"
    parts = split(text)
    assert (parts.reference, parts.starter, parts.solution) == ("a\nb\nc\nd\n", "a\nc\n", "b\nd\n")


def test_indented_markers_keep_the_starters_indent() -> None:
    text = "if x:\n    # BEGIN SOLUTION\n    y()\n    # STARTER\n    #> ...\n    # END SOLUTION\n"
    assert split(text).starter == "if x:\n    ...\n"


def test_markdown_has_its_own_markers() -> None:
    text = "Shown.\n<!-- BEGIN SOLUTION -->\nHidden.\n<!-- END SOLUTION -->\n# STARTER\n"
    parts = split(text, kind="markdown")
    assert parts.starter == "Shown.\n# STARTER\n"
    assert parts.solution == "Hidden.\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# BEGIN SOLUTION\nx\n", "line 2: the solution that began before is not closed"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n", "line 2: '# BEGIN SOLUTION' does not belong"),
        ("# END SOLUTION\n", "line 1: '# END SOLUTION' does not belong here: no solution is open"),
        ("x\n# STARTER\n", "line 2: '# STARTER' does not belong here: it stands once"),
        ("# BEGIN SOLUTION\n# STARTER\n# STARTER\n", "line 3: '# STARTER' does not belong"),
        ("# BEGIN SOLUTION\n# STARTER\nFROM x\n# END SOLUTION\n", "line 3: a line of the starter"),
        ("#BEGIN SOLUTION\n", "line 1: '#BEGIN SOLUTION' looks like a marker"),
        ("# End solution\n", "looks like a marker"),
        ("## starter:\n", "looks like a marker"),
    ],
)
def test_faults_are_errors(text: str, words: str) -> None:
    with pytest.raises(ExerciseError) as caught:
        split(text, where="03.ipynb, cell 4")
    assert "03.ipynb, cell 4, " in caught.value.cause
    assert words in caught.value.cause


@pytest.mark.parametrize(
    "text",
    [
        "<!-- BEGIN SOLUTION -->\nx\n",
        "<!-- END SOLUTION -->\n",
        "Text <!-- BEGIN SOLUTION --> in a line\n",
        "<!-- begin solution -->\n",
    ],
)
def test_faults_in_markdown_are_errors(text: str) -> None:
    with pytest.raises(ExerciseError):
        split(text, kind="markdown")


lines = st.lists(st.from_regex(r"\A[a-z ]{0,8}\n\Z"), max_size=5).map("".join)


@given(before=lines, solution=lines, starter=lines, after=lines)
def test_what_was_put_together_is_taken_apart(
    before: str, solution: str, starter: str, after: str
) -> None:
    prefixed = "".join(f"#> {line}" for line in starter.splitlines(keepends=True))
    text = f"{before}# BEGIN SOLUTION\n{solution}# STARTER\n{prefixed}# END SOLUTION\n{after}"
    try:
        parts = split(text)
    except ExerciseError:
        pytest.fail(text)
    assert parts.reference == before + solution + after
    assert parts.starter == before + starter + after
    assert parts.solution == solution
