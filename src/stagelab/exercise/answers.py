"""Reference answers and starters: read from the solutions' notebooks, which alone hold them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from stagelab.builds import Build
from stagelab.errors import ExerciseError
from stagelab.exercise import markers, notebooks
from stagelab.exercise.course import course_root
from stagelab.exercise.facts import Solution
from stagelab.exercise.last import CHECKED
from stagelab.exercise.progressing import note_solution
from stagelab.exercise.tasks import find

SOLUTIONS = "solutions"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solutions' notebook holds for one task.

    Attributes:
        reference: Text of the reference Dockerfile.
        starter: Text that the exercise begins with.
        reasoning: Solution-only Markdown of the same task.
    """

    reference: str
    starter: str
    reasoning: str


def solution(task: str, answer: str | Build | None = None) -> Solution:
    """Show a task's reference answer, why it is written so, and what leads to it from yours.

    Other answers are right too.

    Args:
        task: The task's ID, such as "03-1".
        answer: Your Dockerfile; None for the last one that was checked in this kernel.

    Raises:
        ExerciseError: No task has this ID, or the solutions' notebooks are not there.
    """
    found = find(task)
    folder = course_root() / SOLUTIONS
    reference = read_answer(found.id, folder)
    if reference is None:
        raise ExerciseError(
            f"No notebook in {folder} holds the solution of task {found.id}.",
            fix="Bring the folder back from the course's repository: git checkout -- solutions",
        )
    note_solution(found.id)
    checked = CHECKED.get(found.id)
    if answer is not None:
        yours = answer.dockerfile if isinstance(answer, Build) else str(answer)
    else:
        yours = checked.text if checked else ""
    return Solution(
        found.id,
        found.title,
        reference.reference,
        reference.reasoning,
        diff=_diff(yours, reference.reference) if yours.strip() else "",
        passed=checked.verdict.passed if checked and checked.text == yours else None,
    )


def _diff(yours: str, ours: str) -> str:
    """Give what leads from one text to the other, without the lines that name files."""
    lines = list(difflib.unified_diff(_bare(yours), _bare(ours), lineterm="", n=3))
    return "\n".join(line for line in lines[2:] if not line.startswith("@@"))


def _bare(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def read_answer(task: str, folder: Path) -> Answer | None:
    """Read what the notebooks in `folder` hold for a task; None if none of them has it.

    Raises:
        ExerciseError: A notebook or its markers are not in order.
    """
    for path in sorted(folder.glob(notebooks.PATTERN)):
        code: markers.Parts | None = None
        reasoning: list[str] = []
        for where, cell in notebooks.cells(notebooks.read(path), path.name):
            if notebooks.task_id(cell) != task:
                continue
            text = notebooks.source(cell)
            if cell.get("cell_type") == "markdown":
                reasoning.append(markers.split(text, kind="markdown", where=where).solution)
            elif code is None:
                code = markers.split(text, where=where)
        if code is not None:
            reason = "\n\n".join(part.strip() for part in reasoning if part.strip())
            return Answer(_body(code.reference), _body(code.starter), reason)
    return None


def _body(source: str) -> str:
    """Give a cell's text without the line of its magic."""
    first, _, rest = source.partition("\n")
    return rest if first.startswith("%%") else source
