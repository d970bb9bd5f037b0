"""Solution markers: one cell holds the reference answer and what the learner starts from.

In a code cell::

    %%dockerfile answer
    # BEGIN SOLUTION
    FROM golang:1.27 AS builder
    # STARTER
    #> FROM golang:1.27
    # END SOLUTION

The exercise keeps what stands outside, and the starter lines without their `#> `. The solution's
own text is what stands outside and what stands before STARTER. In a Markdown cell a block between
`<!-- BEGIN SOLUTION -->` and `<!-- END SOLUTION -->` is left out of the exercise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from stagelab.errors import ExerciseError

Kind = Literal["code", "markdown"]

STARTER_PREFIX = "#>"

_CODE = {"# BEGIN SOLUTION": "begin", "# STARTER": "starter", "# END SOLUTION": "end"}
_MARKDOWN = {"<!-- BEGIN SOLUTION -->": "begin", "<!-- END SOLUTION -->": "end"}
_NEARLY_CODE = re.compile(r"(?i)^\s*#+\s*((begin|end)[\s_-]*solution|starter)\s*[:.]?\s*$")
_NEARLY_MARKDOWN = re.compile(r"(?i)<!--\s*#*\s*(begin|end)[\s_-]*solution")

_FIX = (
    "Write each marker on a line of its own, in this order: # BEGIN SOLUTION, # STARTER (optional, "
    "its lines begin with '#> '), # END SOLUTION; in Markdown <!-- BEGIN SOLUTION --> and "
    "<!-- END SOLUTION -->."
)


@dataclass(frozen=True, slots=True)
class Parts:
    """A cell taken apart; every text is lines with their line breaks.

    Attributes:
        reference: What stands outside the markers and the solution, without the starter.
        starter: What stands outside the markers and the starter's lines, prefix removed.
        solution: What only the solution has.
        marked: Whether there was any marker.
    """

    reference: str
    starter: str
    solution: str
    marked: bool


def split(source: str, *, kind: Kind = "code", where: str = "") -> Parts:
    """Take a cell apart at its markers.

    Args:
        source: The cell's text.
        kind: Which form the markers have.
        where: Names the cell in an error, as in "03_build.ipynb, cell 4".

    Raises:
        ExerciseError: A marker is unclosed, nested, stray or misspelt, or a line of the starter
            does not begin with `#>`.
    """
    words = _CODE if kind == "code" else _MARKDOWN
    nearly = _NEARLY_CODE if kind == "code" else _NEARLY_MARKDOWN
    reference: list[str] = []
    starter: list[str] = []
    solution: list[str] = []
    state = "outside"
    marked = False

    def fault(number: int, what: str) -> ExerciseError:
        place = f"{where}, line {number}" if where else f"Line {number}"
        return ExerciseError(f"{place}: {what}.", fix=_FIX)

    lines = source.splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        word = words.get(line.strip())
        if word is None and nearly.search(line):
            raise fault(number, f"{line.strip()!r} looks like a marker but is none")
        if word is not None:
            marked = True
            state = _next(state, word) or ""
            if not state:
                raise fault(number, f"{line.strip()!r} does not belong here: {_RULES[word]}")
        elif state == "starter":
            if not line.lstrip().startswith(STARTER_PREFIX):
                raise fault(number, f"a line of the starter begins with {STARTER_PREFIX!r}")
            starter.append(_without_prefix(line))
        elif state == "solution":
            reference.append(line)
            solution.append(line)
        else:
            reference.append(line)
            starter.append(line)
    if state != "outside":
        raise fault(len(lines), "the solution that began before is not closed")
    return Parts("".join(reference), "".join(starter), "".join(solution), marked)


_STEPS = {
    ("outside", "begin"): "solution",
    ("solution", "starter"): "starter",
    ("solution", "end"): "outside",
    ("starter", "end"): "outside",
}
_RULES = {
    "begin": "the block before it is still open",
    "starter": "it stands once, inside a solution",
    "end": "no solution is open",
}


def _next(state: str, word: str) -> str | None:
    return _STEPS.get((state, word))


def _without_prefix(line: str) -> str:
    indent, _, rest = line.partition(STARTER_PREFIX)
    return indent + rest.removeprefix(" ")
