"""What tests of several rooms need."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import io
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType


def happens(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until something is the case; tells whether it was in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def add(archive: tarfile.TarFile, name: str, data: bytes = b"", **fields: object) -> None:
    """Add a member whose header says what is wanted."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    archive.addfile(info, io.BytesIO(data))


def bootstrap(folder: Path) -> ModuleType:
    """Load the file `course` of a folder, which has no ending, as a module of its own."""
    loader = importlib.machinery.SourceFileLoader("course_bootstrap", str(folder / "course"))
    spec = importlib.util.spec_from_loader("course_bootstrap", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
