"""The course's own folders cannot be written: say so once, and go on without them.

A full or read-only disk must not stop a lesson: what cannot be kept is found out again next time.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from stagelab import _home

_WHY = {
    errno.ENOSPC: ("The disk is full", "Free space there"),
    errno.EDQUOT: ("Your share of the disk is used up", "Free space there"),
    errno.EROFS: ("That file system can only be read", "Make it writable"),
    errno.EACCES: ("It is not this user's", "Take it over (chown)"),
    errno.EPERM: ("It is not this user's", "Take it over (chown)"),
}
_told: set[str] = set()


def tell(lost: str, error: OSError) -> None:
    """Say that something is not kept, once for each kind of thing.

    Args:
        lost: What that means, a sentence.
        error: What the system said.
    """
    if lost in _told:
        return
    _told.add(lost)
    cause, cure = _WHY.get(error.errno or 0, ("The system refused it", "Make it writable"))
    folder = _folder(error)
    print(  # noqa: T201 - a note beside the cell's output; the cell goes on
        f"Note: the course cannot write to {folder}. {cause}. {lost} Your work goes on.\n"
        f"Fix: {cure}, or set STAGELAB_HOME to a folder that you can write to, and run the next "
        f"cell: it is used again without a restart.\n"
        f"The original words:\n    {error}",
        file=sys.stderr,
    )


def _folder(error: OSError) -> str:
    named = error.filename
    if not named:
        return str(_home.cache_dir().parent)
    path = Path(os.fsdecode(named))
    return str(path if path.is_dir() else path.parent)
