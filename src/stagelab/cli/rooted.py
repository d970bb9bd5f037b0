"""JupyterLab as root: only where root was asked, or where nobody else could run it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stagelab.engine import own
from stagelab.engine.candidates import usual_places
from stagelab.engine.connecting import named_endpoint
from stagelab.errors import StagelabError

_MEANING = (
    "You are root. JupyterLab would run as root as well: every notebook that you open, and\n"
    "whoever gets hold of its address with the token, then has this whole machine."
)
_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")
_CONTAINER_VARIABLES = ("container", "KUBERNETES_SERVICE_HOST", "CI")
_ORDINARY = range(1000, 60000)
"""User IDs of people, as in the defaults of `/etc/login.defs`."""


def agreed(*, allowed: bool) -> bool:
    """Tell whether JupyterLab has to be started as root, after root knows what that means.

    Where root sits at a terminal, it is asked. Where nobody can answer, it goes on only if there
    is no other way: in a container, on a machine without an account of an ordinary user, or where
    the only engine is the course's own, which nobody but root may use.

    Args:
        allowed: Root said so beforehand, by `--allow-root`.

    Returns:
        False for any other user, who is not asked.

    Raises:
        StagelabError: Root says no, or was not asked and could be another user.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    if allowed:
        return True
    if sys.stdin.isatty():
        print(f"{_MEANING}\nBetter be an ordinary user who may use the engine.")
        if _says_yes():
            return True
        raise _refused("JupyterLab is not started as root.")
    if _in_container() or not _ordinary_users() or not _engine_of_others():
        print(f"{_MEANING}\nThere is no other user here to run it, so it goes on.", flush=True)
        return True
    raise _refused("JupyterLab would run as root, and nobody is here to be asked.")


def _says_yes() -> bool:
    try:
        return input("Run JupyterLab as root? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _in_container() -> bool:
    """Tell whether this is a container or a job of continuous integration."""
    return any(Path(file).exists() for file in _CONTAINER_FILES) or any(
        os.environ.get(name) for name in _CONTAINER_VARIABLES
    )


def _ordinary_users() -> list[str]:
    """Give the accounts by which people can log in."""
    try:
        lines = Path("/etc/passwd").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    accounts = [line.split(":") for line in lines if line.count(":") == 6]  # noqa: PLR2004 - passwd(5)
    return [
        account[0]
        for account in accounts
        if account[2].isdigit()
        and int(account[2]) in _ORDINARY
        and not account[6].endswith(("nologin", "false"))
    ]


def _engine_of_others() -> bool:
    """Tell whether an engine is named or seems to be here that is not the course's own."""
    named = named_endpoint()
    if named is not None:
        return named.path != str(own.paths().socket)
    return any(os.path.lexists(place.path) for place in usual_places() if place.path)


def _refused(cause: str) -> StagelabError:
    return StagelabError(
        cause,
        fix="Run `./course start` as an ordinary user who may use the engine. If you mean it: "
        "`./course start --allow-root`. To see the comparison only: `./course start --once`.",
    )
