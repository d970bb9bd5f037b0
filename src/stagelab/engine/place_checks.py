"""Checks of places on this machine that the course writes to, listens at, or is started from."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import stagelab
from stagelab import _home
from stagelab.engine.checks import Check
from stagelab.engine.contexts import config_folder
from stagelab.engine.examining import Question

_HOST = "127.0.0.1"
_JUPYTER_PORTS = range(8888, 8938)
_FREE_BYTES = 500_000_000
"""Archives of stand-ins and facts of images take less; images are the engine's."""

_WRITTEN = b"\0" * 4096


def questions() -> list[Question]:
    """List what is to be checked."""
    return [
        Question("home", lambda: folder("home", _home.data_dir(), _KEPT), needed=False),
        Question("cache", lambda: folder("cache", _home.cache_dir(), _CACHED), needed=False),
        Question("temp folder", temporary),
        Question("Docker config", docker_config),
        Question("ports", lambda: ports(_JUPYTER_PORTS)),
        Question("kernel", kernel),
        Question("course", lambda: course(Path.cwd())),
    ]


_KEPT = "Without it the course forgets your progress, and what it has to remove from the engine."
_CACHED = "Without it, images are read anew in each notebook."
_WRITABLE = "Make it writable for you, or set STAGELAB_HOME to a folder that is."


def folder(name: str, path: Path, without: str) -> Check:
    """Check that a folder can be written to and has room; it need not be there yet.

    Args:
        name: Name of the check.
        path: The folder.
        without: What the learner has to do without.
    """
    there = next((each for each in (path, *path.parents) if each.is_dir()), Path("/"))
    problem = _unwritable(there)
    if problem:
        found = f"{path} cannot be written to ({problem}). {without}"
        return Check(name, ok=None, found=found, fix=_WRITABLE)
    free = shutil.disk_usage(there).free
    if free < _FREE_BYTES:
        return Check(
            name,
            ok=None,
            found=f"{free / 1e9:.1f} GB free at {path}. {without}",
            fix="Free some space there, or set STAGELAB_HOME to a folder that has some.",
        )
    return Check(name, ok=True, found=f"{path} can be written to, {free / 1e9:.1f} GB free")


def temporary() -> Check:
    """Check that temporary files can be made."""
    try:
        path = Path(tempfile.gettempdir())
    except OSError as error:
        return Check(
            "temp folder", ok=False, found=str(error), fix="Set TMPDIR to a folder of yours."
        )
    problem = _unwritable(path)
    if problem:
        return Check(
            "temp folder",
            ok=False,
            found=f"{path} cannot be written to ({problem})",
            fix="Free some space there, or set TMPDIR to a folder that has some and is yours.",
        )
    return Check("temp folder", ok=True, found=f"{path} can be written to")


def docker_config() -> Check:
    """Check Docker's config.json and the programs that it names."""
    path = config_folder() / "config.json"
    try:
        settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        helpers = set(_helpers(settings))
    except (OSError, ValueError, AttributeError) as error:
        return Check(
            "Docker config",
            ok=False,
            found=f"{path} cannot be read: {error}",
            fix="Correct the file, or move it away if you do not need it.",
        )
    missing = sorted(
        {each for each in helpers if shutil.which(f"docker-credential-{each}") is None}
    )
    if missing:
        names = ", ".join(f"docker-credential-{each}" for each in missing)
        return Check(
            "Docker config",
            ok=False,
            found=f"{path} names programs that are not on PATH: {names}",
            fix='Take "credsStore" and "credHelpers" out of the file (public images need no '
            "credentials), or install what it names.",
        )
    context = settings.get("currentContext") or "default"
    if not path.exists():
        return Check("Docker config", ok=True, found="none, so the default context")
    return Check("Docker config", ok=True, found=f"context {context}, credentials can be read")


def ports(wanted: Iterable[int]) -> Check:
    """Check that JupyterLab finds a port.

    Args:
        wanted: Those that it tries, in this order.
    """
    tried = list(wanted)
    for port in tried:
        with socket.socket() as probe:
            if sys.platform != "win32":  # there it would share a port with whoever has it
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
        taken = "" if port == tried[0] else f" ({tried[0]} is taken, perhaps by another JupyterLab)"
        return Check("ports", ok=True, found=f"JupyterLab gets {port} of {_HOST}{taken}")
    return Check(
        "ports",
        ok=False,
        found=f"no port from {tried[0]} to {tried[-1]} is free on {_HOST}",
        fix="Close JupyterLabs that you do not use, or name a port: `./course start --port 9999`.",
    )


def kernel() -> Check:
    """Check that notebooks run in this environment's Python, and not in another's."""
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415  (slow, and may be missing)

    folders = [Path(each, "python3") for each in jupyter_path("kernels")]
    for each in folders:
        file = each / "kernel.json"
        if not file.is_file():
            continue
        program = json.loads(file.read_text(encoding="utf-8"))["argv"][0]
        if "/" not in program and "\\" not in program:
            break  # Jupyter takes this for its own Python
        if Path(program).parent.resolve() == Path(sys.executable).parent.resolve():
            break
        return Check(
            "kernel",
            ok=False,
            found=f"{file} starts notebooks by another Python: {program}",
            fix="Remove it if you do not need it (`jupyter kernelspec remove python3`), or run "
            f"`{sys.executable} -m ipykernel install --sys-prefix`.",
        )
    return Check("kernel", ok=True, found="notebooks run in this Python")


def course(working: Path) -> Check:
    """Check that the course's package is that of the folder one works in.

    Args:
        working: That folder.
    """
    used = Path(stagelab.__file__).resolve().parent
    for each in (working.resolve(), *working.resolve().parents):
        here = each / "src" / "stagelab"
        if (here / "__init__.py").is_file() and here.resolve() != used:
            return Check(
                "course",
                ok=False,
                found=f"this folder is one course, and the package comes from another: {used}",
                fix="Run `./course start` of this folder, and close the other's JupyterLab.",
            )
    return Check("course", ok=True, found=f"version {stagelab.__version__} at {used}")


def _unwritable(path: Path) -> str:
    """Give the system's words for why a folder cannot be written to, "" if it can."""
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(_WRITTEN)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _helpers(settings: dict[str, Any]) -> Iterator[str]:
    if settings.get("credsStore"):
        yield str(settings["credsStore"])
    yield from (str(each) for each in (settings.get("credHelpers") or {}).values())
