"""The course's notebooks, read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Stored:
    """A notebook as it is stored."""

    path: Path
    notebook: Any

    @property
    def code(self) -> list[Any]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def prose(self) -> list[Any]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @property
    def checked(self) -> list[Any]:
        tags = "nbval-check-output"
        return [cell for cell in self.code if tags in cell.metadata.get("tags", ())]


def stored(folder: str) -> list[Any]:
    """Give the notebooks of a folder as pytest parameters."""
    paths = sorted((ROOT / folder).glob("*.ipynb"))
    return [
        pytest.param(Stored(path, nbformat.read(path, as_version=4)), id=f"{folder}/{path.stem}")
        for path in paths
    ]
