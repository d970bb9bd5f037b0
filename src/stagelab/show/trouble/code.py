"""Errors of Python: in the learner's own cell, or of the course itself."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import traceback
from pathlib import Path

import stagelab
from stagelab.show.style import clip
from stagelab.show.trouble.facts import Section, Trouble
from stagelab.show.trouble.names import close_to
from stagelab.show.trouble.place import Place

_RUN_AGAIN = "Then run the cell again."
_LONGEST = 400
_FILE = re.compile(r'File "[^"]*"')


def learners(error: BaseException, at: Place, trace: str) -> Trouble:
    """Explain an error of the cell's own code.

    Args:
        error: The error.
        at: Where it came from.
        trace: IPython's own traceback.
    """
    short = "\n".join(filter(None, [at.own_steps(), _only(error)]))
    return Trouble(
        "Your code",
        type(error).__name__,
        _said(error),
        _fix(error, at),
        where=at.where,
        sections=(Section("Python's traceback", trace, folded=True, short=short),),
        plain=True,
    )


def syntax(error: SyntaxError) -> Trouble:
    """Explain a cell that is no Python."""
    line = f"line {error.lineno} of the cell" if error.lineno else "the cell"
    return Trouble(
        "Your code",
        type(error).__name__,
        f"Python does not understand {line}: {error.msg}.",
        "Look where the sign ^ points and just before it: a bracket, a quote or a colon is "
        f"missing there, or one too many. {_RUN_AGAIN}",
        sections=(Section("Python's words", _FILE.sub("The cell", _only(error))),),
        plain=True,
    )


def courses(error: BaseException, at: Place, trace: str) -> Trouble:
    """Explain an error that the course should not have let come so far."""
    return Trouble(
        "A fault of the course itself",
        type(error).__name__,
        "The course's own code failed where it should not.",
        "Check the arguments of that call: `help(…)` tells what it takes. If they are right, run "
        "the cell again; if it fails again, report the fault to those who gave you the course, "
        "with the text of this box. The other cells go on working.",
        where=at.where,
        sections=(
            Section("The original words", _only(error)),
            Section("Versions, for the report", _versions()),
            Section("Python's traceback", trace, folded=True, short=at.last_steps()),
        ),
    )


def _only(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).rstrip()


def _said(error: BaseException) -> str:
    said = clip(str(error), _LONGEST)  # the whole is in the traceback
    if isinstance(error, AssertionError):
        return f"What the cell asserts does not hold{f': {said}' if said else '.'}"
    if isinstance(error, KeyError):
        return f"There is no {said} there."
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"There is no file or folder `{error.filename}`."
    return said or f"Python raised {type(error).__name__} without words."


def _fix(error: BaseException, at: Place) -> str:
    line = str(at).partition(":")[0]
    at_line = f"Look at {line or 'the cell'}"
    if isinstance(error, AssertionError):
        return f"{at_line}: let the cell print both sides and compare them. {_RUN_AGAIN}"
    if isinstance(error, FileNotFoundError):
        return f"Correct the path; it counts from {Path.cwd()}. {_RUN_AGAIN}"
    if isinstance(error, AttributeError) and error.name is not None:
        names = [name for name in dir(error.obj) if not name.startswith("_")]
        return f"{close_to(error.name, names)}{at_line} and correct it. {_RUN_AGAIN}"
    if isinstance(error, KeyError | IndexError):
        return f"{at_line}: let the cell print what is there. {_RUN_AGAIN}"
    if isinstance(error, TypeError):
        return f"{at_line}: check the arguments, `help(…)` tells what is taken. {_RUN_AGAIN}"
    return f"{at_line} and correct it. {_RUN_AGAIN}"


def _versions() -> str:
    parts = [f"stagelab {stagelab.__version__}", f"Python {platform.python_version()}"]
    for package in ("docker", "ipykernel"):
        try:
            parts.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return " · ".join([*parts, platform.platform(terse=True)])
