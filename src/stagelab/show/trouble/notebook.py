"""What the notebook says of a name: which of its cells makes it, and where that cell stands."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAGIC = re.compile(r"\s*%%dockerfile\s+(?:-\S+\s+)*(\w+)")
_COMMAND = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell as the notebook was saved last."""

    name: str
    source: str

    @property
    def makes(self) -> frozenset[str]:
        """The names that it gives a value, an import or a definition."""
        magic = _MAGIC.match(self.source)
        if magic:
            return frozenset({magic.group(1)})
        try:
            tree = ast.parse(_COMMAND.sub(r"\1pass", self.source))
        except SyntaxError:
            return frozenset()
        return frozenset(name for statement in tree.body for name in _bound(statement))

    @property
    def begin(self) -> str:
        """Its first line that is no comment."""
        lines = (line.strip() for line in self.source.splitlines())
        return next((line for line in lines if line and not line.startswith("#")), "")


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells above the one that runs, and the others."""

    above: tuple[Cell, ...]
    below: tuple[Cell, ...]


def notebook(shell: Any) -> Notebook | None:  # noqa: ANN401 - IPython ships no types
    """Read the notebook whose kernel this is; None if it or the cell is not known.

    JupyterLab tells a kernel the notebook's path, and with each cell that cell's name.
    """
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        path = shell.user_ns.get("__vsc_ipynb_file__") or os.environ["JPY_SESSION_NAME"]
        here = shell.get_parent()["metadata"]["cellId"]
        found = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
        cells = [
            Cell(str(cell.get("id", "")), "".join(cell["source"]))
            for cell in found
            if cell["cell_type"] == "code"
        ]
        at = [cell.name for cell in cells].index(here)
        return Notebook(tuple(cells[:at]), tuple(cells[at + 1 :]))
    return None


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)
