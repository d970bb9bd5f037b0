"""Temporary folders that say whose they are, so that those of killed processes can be removed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable

from stagelab.engine import owners

_NAME = re.compile(r"stagelab-[a-z]+-([0-9a-f]{12}\.\d+\.\d*)\..*")


def folder(purpose: str) -> tempfile.TemporaryDirectory[str]:
    """Make a temporary folder of this process.

    Args:
        purpose: A word in lower case, for whoever finds it.

    Raises:
        OSError: It cannot be made.
    """
    return tempfile.TemporaryDirectory(prefix=f"stagelab-{purpose}-{owners.me()}.")


def remove_folders(gone: Callable[[str], bool]) -> None:
    """Remove the temporary folders of processes that are gone.

    Args:
        gone: Told an owner, as `owners.me` named it, says whether it is.
    """
    with os.scandir(tempfile.gettempdir()) as found:
        left = [entry.path for entry in found if (said := _NAME.fullmatch(entry.name))
                and entry.is_dir(follow_symlinks=False) and gone(said[1])]  # fmt: skip
    for path in left:
        shutil.rmtree(path, ignore_errors=True)  # another user's stays
