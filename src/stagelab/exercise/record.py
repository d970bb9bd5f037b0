"""What a learner has done, in one small file that never leaves the machine.

The file is JSON: `version`, `tasks` and `quizzes`, each by ID. It is written beside its place and
moved there under a lock, so that neither a crash nor a second kernel leaves half of one or undoes
what another kernel noted. A file that cannot be understood is set aside, not overwritten.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stagelab import _home
from stagelab.engine.lock import locked

VARIABLE = "STAGELAB_PROGRESS"
"""Environment variable that names the file, in place of `progress.json` in the data folder."""

_VERSION = 1
_WAIT = 5.0
_ASIDE_MOST = 100

Notes = dict[str, dict[str, Any]]
"""For each kind ("tasks", "quizzes") what is noted, by ID."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Something to note: the kind, the ID, and what changes what is noted of it."""

    kind: str
    name: str
    make: Callable[[dict[str, Any]], None]

    def apply(self, notes: Notes) -> None:
        self.make(notes[self.kind].setdefault(self.name, {}))


_unwritten: dict[Path, list[_Change]] = {}
"""What could not be written yet, in order: kept as long as the kernel lives."""


def file() -> Path:
    """Where the file is, or will be."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else _home.data_dir() / "progress.json"


def is_kept() -> bool:
    """Whether all that was noted got into the file."""
    return not _unwritten.get(file())


def read() -> Notes:
    """Give all that is noted; nothing if there is no file yet, or none that can be understood."""
    path = file()
    try:
        notes = _understood(path.read_text("utf-8"))
    except (OSError, ValueError):
        notes = _nothing()
    for change in _unwritten.get(path, ()):
        change.apply(notes)
    return notes


def note(kind: str, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what is noted of one task or quiz.

    Args:
        kind: "tasks" or "quizzes".
        name: Its ID.
        change: Is given what is noted, empty at first, and changes it.
    """
    path = file()
    waiting = _unwritten.setdefault(path, [])
    waiting.append(_Change(kind, name, change))
    # A full disk or a folder that is not ours must not stand in the way of learning.
    with contextlib.suppress(OSError, TimeoutError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.with_name(path.name + ".lock"), timeout=_WAIT):
            notes = _on_file(path)
            for each in waiting:
                each.apply(notes)
            _write(path, notes)
        waiting.clear()


def forget() -> Path | None:
    """Set the file aside, so that all begins anew; gives where it is now, None if there is none.

    Raises:
        OSError: It cannot be moved.
    """
    path = file()
    _unwritten.pop(path, None)
    return _set_aside(path, "old") if path.is_file() else None


def _on_file(path: Path) -> Notes:
    try:
        return _understood(path.read_text("utf-8"))
    except FileNotFoundError:
        return _nothing()
    except ValueError:
        _set_aside(path, "broken")
        return _nothing()


def _understood(text: str) -> Notes:
    """Take a file's text apart.

    Raises:
        ValueError: It is not what this module writes.
    """
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        raise ValueError("no progress file of this version")
    notes = _nothing()
    for kind, into in notes.items():
        each = found.get(kind, {})
        if not isinstance(each, dict) or not all(isinstance(one, dict) for one in each.values()):
            raise ValueError(f"{kind} is not as it should be")
        into.update(each)
    return notes


def _nothing() -> Notes:
    return {"tasks": {}, "quizzes": {}}


def _write(path: Path, notes: Notes) -> None:
    text = json.dumps({"version": _VERSION, **notes}, indent=1, sort_keys=True) + "\n"
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        Path(beside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise


def _set_aside(path: Path, why: str) -> Path:
    for number in range(1, _ASIDE_MOST):
        aside = path.with_name(f"{path.stem}.{why}-{number}{path.suffix}")
        if not aside.exists():
            break
    return path.replace(aside)
