"""Where the course keeps its own files on this machine.

STAGELAB_HOME, if set, holds both folders (tests and classrooms use it).
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path


def data_dir() -> Path:
    """Folder of what must be kept: the own engine, the ledger of recorded objects."""
    home = os.environ.get("STAGELAB_HOME")
    return Path(home, "data") if home else user_data_path("stagelab", appauthor=False)


def cache_dir() -> Path:
    """Folder of what can be made again: stand-in archives, image facts."""
    home = os.environ.get("STAGELAB_HOME")
    return Path(home, "cache") if home else user_cache_path("stagelab", appauthor=False)
