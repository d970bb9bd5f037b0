"""Where an error came from: which line of which cell, and whose code it was."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import docker

from stagelab.show.style import clip

Owner = Literal["cell", "course", "sdk", "other"]

_WIDTH = 100
_LAST = 3
_COURSE = Path(__file__).parents[2]
_SDK = Path(docker.__file__).parent
_CELL_MAGIC = re.compile(r"get_ipython\(\)\.run_cell_magic\('([^']*)', '([^']*)'")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a traceback.

    Args:
        owner: Whose code it is.
        file: Its file; of a cell what IPython calls it, as in "In[3]".
        line: Counted from 1, 0 if unknown.
        function: The function's name.
        code: The line's text, "" if unknown.
    """

    owner: Owner
    file: str
    line: int
    function: str
    code: str


@dataclass(frozen=True, slots=True)
class Place:
    """The way of an error, from the cell that ran to where it was raised.

    Args:
        steps: Outermost first; what IPython does before the cell is left out.
        cell: What IPython calls the cell that ran, "" if that is unknown.
        address: Where the SDK's client that was at work looks for the engine, "" if none was.
    """

    steps: tuple[Step, ...] = ()
    cell: str = ""
    address: str = ""

    @property
    def owner(self) -> Owner:
        """Whose code is to answer for it: the cell's or the course's, not what both call."""
        return next(
            (s.owner for s in reversed(self.steps) if s.owner in {"cell", "course"}), "cell"
        )

    @property
    def by_engine(self) -> bool:
        """Whether the SDK or the course was at work, and not what a cell did by itself."""
        own = [n for n, step in enumerate(self.steps) if step.owner == "cell"]
        inner = self.steps[own[-1] + 1 :] if own else self.steps
        return any(step.owner in {"course", "sdk"} for step in inner)

    def passed(self, owner: Owner) -> bool:
        """Tell whether this owner's code was at work."""
        return any(step.owner == owner for step in self.steps)

    @property
    def raised_in_code(self) -> bool:
        """Whether anything ran at all: a cell that is no Python has no steps of its own."""
        return any(step.owner in {"cell", "course"} for step in self.steps)

    @property
    def raised_on_purpose(self) -> bool:
        """Whether the course's code says by it that what was asked for is not there."""
        last = self.steps[-1] if self.steps else None
        return last is not None and last.owner == "course" and last.code.startswith("raise ")

    def __str__(self) -> str:
        """Name the cell's line, and if that was in a function, the call."""
        own = [step for step in self.steps if step.owner == "cell" and step.line]
        if not own:
            return ""
        said = f"{_line(own[-1], self.cell)}: {clip(own[-1].code, _WIDTH)}"
        if (own[-1].file, own[-1].line) == (own[0].file, own[0].line):
            return said.removesuffix(": ")
        return f"{said}, called from {_line(own[0], self.cell)}"

    @property
    def where(self) -> tuple[str, ...]:
        """Where in the cell, for readers; nothing if that is unknown."""
        return (f"In the cell: {self}",) if str(self) else ()

    def last_steps(self) -> str:
        """Give the innermost steps, a line each, with paths that begin at their package."""
        return "\n".join(
            f"{_short(step)}, line {step.line}, in {step.function}" for step in self.steps[-_LAST:]
        )

    def own_steps(self) -> str:
        """Give the steps within cells as Python writes them."""
        return "\n".join(
            f"{'this cell' if step.file == self.cell else step.file}, line {step.line}, "
            f"in {step.function}\n    {step.code}"
            for step in self.steps
            if step.owner == "cell"
        )


def place(trace: TracebackType | None, shell: Any) -> Place:  # noqa: ANN401 - IPython ships no types
    """Read a traceback."""
    steps = [_step(one, shell) for one in traceback.extract_tb(trace)]
    first = next((n for n, step in enumerate(steps) if step.owner == "cell"), 0)
    names = getattr(shell, "user_ns", {})
    return Place(tuple(steps[first:]), f"In[{len(names.get('In', ())) - 1}]", _address(trace))


def _address(trace: TracebackType | None) -> str:
    """Find the address of the SDK's client that was at work, "" if none was."""
    for frame, _ in traceback.walk_tb(trace):
        client = frame.f_locals.get("self")
        if isinstance(client, docker.APIClient):
            path = getattr(getattr(client, "_custom_adapter", None), "socket_path", None)
            base = str(getattr(client, "base_url", "") or "")
            return f"unix://{path}" if path else base.replace("http://", "tcp://")
    return ""


def _step(one: traceback.FrameSummary, shell: Any) -> Step:  # noqa: ANN401 - as above
    cell = shell.compile.format_code_name(one.filename) if hasattr(shell, "compile") else None
    path = Path(one.filename)
    owner: Owner = (
        "cell"
        if cell
        else "course"
        if path.is_relative_to(_COURSE)
        else "sdk"
        if path.is_relative_to(_SDK)
        else "other"
    )
    file = cell[1] if cell else one.filename
    return Step(owner, file, one.lineno or 0, one.name, _readable(one.line or ""))


def _readable(code: str) -> str:
    """Give a line as it stands in the cell, where IPython has made a call of a magic."""
    magic = _CELL_MAGIC.match(code)
    return f"%%{magic.group(1)} {magic.group(2)}".rstrip() if magic else code


def _line(step: Step, cell: str) -> str:
    return f"line {step.line}" if step.file == cell else f"line {step.line} of {step.file}"


def _short(step: Step) -> str:
    parts = Path(step.file).parts
    for package in ("stagelab", "site-packages"):
        if package in parts:
            at = len(parts) - 1 - parts[::-1].index(package)
            return Path(*parts[at + (package == "site-packages") :]).as_posix()
    return step.file
