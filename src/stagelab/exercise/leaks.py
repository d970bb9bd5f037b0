"""Does an exercise show a solution? Looks for runs of a solution's lines in every exercise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stagelab.exercise import markers, notebooks
from stagelab.exercise.notebooks import Notebook

RUN = 3
"""How many of a solution's lines in a row make a leak; all of them if it has fewer."""


def leaks(solved: Mapping[str, Notebook], exercises: Mapping[str, Notebook]) -> list[str]:
    """Give a line for each place where an exercise shows a solution.

    Blank lines, comments and differences in white space do not count; runs of lines that the
    task's own starter gives do not count either. Only the solution's own lesson and those before
    it are looked at: later ones build upon what was learned.

    Args:
        solved: The solutions' notebooks, by file name.
        exercises: The exercises' notebooks, by file name.
    """
    shown = [
        (name, where, _lines(notebooks.source(cell)))
        for name, notebook in exercises.items()
        for where, cell in notebooks.cells(notebook, f"exercises/{name}")
    ]
    found = []
    for lesson, origin, parts in _solutions(solved):
        solution = _lines(parts.solution)
        given = _lines(parts.starter)
        for run in _runs(solution):
            if _contains(given, run):
                continue
            found += [
                f"{where} shows the solution of {origin}: {run[0]} …"
                for name, where, lines in shown
                if name <= lesson and _contains(lines, run)
            ]
    return list(dict.fromkeys(found))


def _solutions(solved: Mapping[str, Notebook]) -> Iterator[tuple[str, str, markers.Parts]]:
    for name, notebook in solved.items():
        for where, cell in notebooks.cells(notebook, f"solutions/{name}"):
            if cell["cell_type"] == "code":
                yield name, where, markers.split(notebooks.source(cell), where=where)


def _lines(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _runs(lines: Sequence[str]) -> Iterator[list[str]]:
    length = min(RUN, len(lines))
    if length:
        for start in range(len(lines) - length + 1):
            yield list(lines[start : start + length])


def _contains(lines: Sequence[str], run: Sequence[str]) -> bool:
    width = len(run)
    return any(list(lines[n : n + width]) == list(run) for n in range(len(lines) - width + 1))
