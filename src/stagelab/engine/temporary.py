"""Temporary files and folders that say whose they are, so that a killed process's can be removed.

Their names hold `owners.me`, between a word in lower case and whatever makes them unique.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stagelab.engine import owners

_NAME = re.compile(r"(?:stagelab-|\.)[a-z]+-([0-9a-f]{12}\.\d+\.\d*)\..*")


def folder(purpose: str) -> tempfile.TemporaryDirectory[str]:
    """Make a folder of this process where the system keeps temporary ones.

    Args:
        purpose: A word in lower case, for whoever finds it.

    Raises:
        OSError: It cannot be made.
    """
    return tempfile.TemporaryDirectory(prefix=f"stagelab-{purpose}-{owners.me()}.")


def remove(gone: Callable[[str], bool] | None = None, where: Path | None = None) -> None:
    """Remove what processes left that are gone; another user's stays.

    Args:
        gone: Told an owner, says whether it is; None for those of this machine that have ended.
        where: A folder; None for the one of `folder`.
    """
    gone = gone or (lambda owner: owners.lives(owner) is False)
    with suppress(OSError), os.scandir(where or tempfile.gettempdir()) as found:
        for entry in list(found):
            said = _NAME.fullmatch(entry.name)
            if said is None or not gone(said[1]):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    Path(entry.path).unlink()
