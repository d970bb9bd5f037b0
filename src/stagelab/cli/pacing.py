"""How long a learner needs for a notebook, from what there is to read, to do and to wait for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

WORDS_A_MINUTE = 238
"""Silent reading of English non-fiction by adults: the mean that Brysbaert (2019), "How many words
do we read per minute?", Journal of Memory and Language 109, found over 190 studies."""

SECONDS_A_LINE = 4.0
"""To read a line of code; a convention of this course, like the two below."""

SECONDS_AN_OUTPUT = 20.0
"""To look at what a cell gave."""

SECONDS_A_QUESTION = 30.0
"""To make up one's mind on a prediction or a quiz, and to read what is said to it."""

_STATED = re.compile(r"\*\*Time\*\* about (\d+) minutes")
_QUESTION = re.compile(r"^(?:\w+ = )?(?:predict|quiz)\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pace:
    """What a notebook asks of a learner.

    Attributes:
        code_cells: How many cells there are to run.
        words: Words of prose.
        lines: Lines of code that are not blank.
        questions: Predictions and quizzes.
        waiting: Seconds for which the cells ran; 0 if that is not known.
        stated: Minutes that the notebook itself states; None if it states none.
    """

    code_cells: int
    words: int
    lines: int
    questions: int
    waiting: float
    stated: int | None

    @property
    def minutes(self) -> float:
        """Minutes that it takes by these counts."""
        seconds = (
            60 * self.words / WORDS_A_MINUTE
            + SECONDS_A_LINE * self.lines
            + SECONDS_AN_OUTPUT * self.code_cells
            + SECONDS_A_QUESTION * self.questions
            + self.waiting
        )
        return seconds / 60


def pace(notebook: Any, waiting: float = 0.0) -> Pace:  # noqa: ANN401 - nbformat ships no types
    """Count what a notebook asks of a learner.

    Args:
        notebook: The notebook.
        waiting: Seconds for which its cells ran.
    """
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    stated = _STATED.search(prose[0]) if prose else None
    return Pace(
        code_cells=len(code),
        words=sum(len(text.split()) for text in prose),
        lines=sum(bool(line.strip()) for text in code for line in text.splitlines()),
        questions=sum(len(_QUESTION.findall(text)) for text in code),
        waiting=waiting,
        stated=int(stated.group(1)) if stated else None,
    )
