"""Where the course's folder is, seen from wherever a notebook runs."""

from __future__ import annotations

import os
from pathlib import Path

from stagelab.errors import ExerciseError

VARIABLE = "STAGELAB_COURSE"
"""Environment variable that names the course's folder, in place of looking for it."""

_SIGN = "sample-apps"


def course_root() -> Path:
    """Find the folder that holds `sample-apps/`, `solutions/` and `exercises/`.

    STAGELAB_COURSE if it is set, else the nearest of the current directory and those above it.

    Raises:
        ExerciseError: There is none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        root = Path(named).expanduser()
        if (root / _SIGN).is_dir():
            return root
        raise ExerciseError(
            f"{VARIABLE} names {named!r}, and there is no folder {_SIGN!r} in it.",
            fix=f"Set {VARIABLE} to the course's folder, or unset it.",
        )
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / _SIGN).is_dir():
            return folder
    raise ExerciseError(
        f"The course's folder is not {str(here)!r} nor any folder above it.",
        fix=f"Open the notebook inside the course's folder, the one that holds {_SIGN!r}, or set "
        f"{VARIABLE} to it.",
    )


def sample_app(name: str) -> Path:
    """Give the folder of a sample app.

    Raises:
        ExerciseError: The course's folder, or the app in it, is not there.
    """
    folder = course_root() / _SIGN / name
    if folder.is_dir():
        return folder
    raise ExerciseError(
        f"The course's folder has no {_SIGN}/{name}.",
        fix="Bring it back from the course's repository: git checkout -- " + _SIGN,
    )
