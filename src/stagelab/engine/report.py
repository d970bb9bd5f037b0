"""A diagnosis for programs: an instructor collects it from every laptop of a class.

It names the systems' and engines' versions, sizes, and what each check found. Home folders, the
user's name and the computer's name are taken out of what was found; addresses of engines and
proxies on other computers are not.
"""

from __future__ import annotations

import getpass
import platform
import re
import socket
from dataclasses import asdict
from pathlib import Path
from typing import Any

import stagelab
from stagelab.engine.checks import Check, Diagnosis

SCHEMA = 1
"""Version of the document: rises when a key goes or means something else, not when one is added."""

_SHORTEST_NAME = 3
_NOBODYS = {"root", "user", "docker", "admin", "runner", "jovyan", "vagrant", "localhost"}
"""Names that tell nothing of anybody."""

_HOMES = re.compile(r"(?i)(?:/home/|/Users/|[A-Z]:\\Users\\)[^/\\\s:,;()'\"]+")
_LOGIN = re.compile(r"//[^/@\s]+@")


def report(diagnosis: Diagnosis) -> dict[str, Any]:
    """Give a diagnosis as what JSON can hold.

    Args:
        diagnosis: As `doctor` gives it.

    Returns:
        schema: `SCHEMA`. stagelab: the course's version. ok: as `Diagnosis.ok`. seconds: how long
        it took. platform: system, release, machine, python. engine: the keys of `EngineFacts`, or
        None. checks: a list, each with id, name, status ("ok", "missing" or "note"), found, fix and
        milliseconds (None if not measured).
    """
    return {
        "schema": SCHEMA,
        "stagelab": stagelab.__version__,
        "ok": diagnosis.ok,
        "seconds": diagnosis.seconds,
        "platform": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        },
        "engine": asdict(diagnosis.engine) if diagnosis.engine else None,
        "checks": [_check(check) for check in diagnosis.checks],
    }


def nameless(text: str) -> str:
    """Take home folders, the user's name and the computer's name out of a text.

    Args:
        text: Any.
    """
    text = _LOGIN.sub("//", text)
    for folder, instead in _own_folders():
        text = text.replace(folder, instead)
    text = _HOMES.sub("~", text)
    for name, instead in sorted(_own_names(), key=lambda pair: -len(pair[0])):  # longest first
        if len(name) >= _SHORTEST_NAME and name.lower() not in _NOBODYS:
            text = re.sub(rf"(?i)(?<![\w]){re.escape(name)}(?![\w])", instead, text)
    return text


def _check(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": check.name,
        "status": check.status,
        "found": nameless(check.found),
        "fix": nameless(check.fix),
        "milliseconds": check.milliseconds,
    }


def _own_folders() -> list[tuple[str, str]]:
    course = Path(stagelab.__file__).resolve().parents[2]
    folders = [(str(course), "COURSE")]
    try:
        home = Path.home()
    except RuntimeError:  # nobody knows this user
        return folders
    return [*folders, (str(home.resolve()), "~"), (str(home), "~")]


def _own_names() -> list[tuple[str, str]]:
    names = [(socket.gethostname(), "HOST"), (platform.node().partition(".")[0], "HOST")]
    try:
        return [(getpass.getuser(), "USER"), *names]
    except (OSError, KeyError, ImportError):  # nobody knows this user
        return names
