"""Where the course's files are: lessons, sample apps, tests."""

from __future__ import annotations

from pathlib import Path

import stagelab
from stagelab.errors import StagelabError


def root() -> Path:
    """Give the folder of the course: the one that this package is in, or the working one.

    Raises:
        StagelabError: Neither has the lessons.
    """
    for folder in (Path(stagelab.__file__).resolve().parents[2], *_upwards(Path.cwd())):
        if (folder / "lessons").is_dir() and (folder / "sample-apps").is_dir():
            return folder
    raise StagelabError(
        "The lessons are not here: the package is installed without the course's folder.",
        fix="Clone the course's repository and run the command in its folder.",
    )


def _upwards(folder: Path) -> tuple[Path, ...]:
    return (folder, *folder.parents)
