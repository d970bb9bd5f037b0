"""Errors of this computer: no space, no permission, too many files, no memory."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from stagelab import _home
from stagelab.engine.explain import chain
from stagelab.show.style import clip

_CLEAN = "`./course clean` removes what the course made"
_LONGEST = 200
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_OPEN = {errno.EMFILE, errno.ENFILE}
_DENIED = {errno.EACCES, errno.EPERM}
_DEEP = _FULL | _OPEN | {errno.EROFS, errno.ENOMEM}


def explain(error: BaseException) -> tuple[str, str] | None:  # noqa: PLR0911 - a list of rules
    """Give cause and cure of an error that the system raised; None if it is another one."""
    if isinstance(error, MemoryError):
        return _no_memory()
    found = _of_system(error)
    if found is None:
        return None
    path = clip(str(found.filename or ""), _LONGEST)
    at = f": `{path}`" if path else ""
    if found.errno in _FULL:
        return f"The disk of this computer is full, or your share of it is{at}.", _free_space(path)
    if found.errno in _OPEN:
        return (
            f"This kernel has too many files and connections open{at}.",
            "Close what the cells have opened and not closed (files, clients, programs that "
            "`serve` keeps up), then run the cell again. If that is not enough, restart the "
            "kernel: Kernel > Restart Kernel.",
        )
    if found.errno == errno.EROFS:
        return f"The file system there can only be read{at}.", _other_place(path)
    if found.errno == errno.ENOMEM:
        return _no_memory()
    if found.errno == errno.EADDRINUSE:
        return (
            "Another program, or a cell that still serves, has taken this port.",
            "Choose another port, or 0 for any free one; or end what uses it.",
        )
    return f"This user may not read or write there{at}.", _permit(path)


def _of_system(error: BaseException) -> OSError | None:
    """Find the system's error, in other errors' chains only if it is not about one file's rights.

    That a socket may not be used is the engine's matter, and not this module's.
    """
    if type(error).__module__ == "builtins" and isinstance(error, OSError):
        known = _DEEP | _DENIED | {errno.EADDRINUSE}
        if error.errno in known:
            return error
    deep = (one for one in chain(error) if isinstance(one, OSError) and one.errno in _DEEP)
    return next(deep, None)


def _no_memory() -> tuple[str, str]:
    return (
        "This computer has no memory left for the kernel.",
        "Shut down the kernels of other notebooks (Kernel > Shut Down All Kernels…) and close "
        "other programs, then run the cells from the top.",
    )


def _free_space(path: str) -> str:
    if _is_ours(path):
        return (
            f"Free some space ({_CLEAN}), or set STAGELAB_HOME to a folder on another disk; "
            "then run the cell again."
        )
    return f"Free some space ({_CLEAN}), then run the cell again."


def _other_place(path: str) -> str:
    if _is_ours(path):
        return (
            "Set STAGELAB_HOME to a folder of yours that can be written to, in the terminal where "
            "`./course start` runs, or in a cell: `%env STAGELAB_HOME=/path`. Then run the cell "
            "again."
        )
    return "Copy the course to a folder of yours that can be written to, and open it there."


def _permit(path: str) -> str:
    place = path or "the file"
    if sys.platform == "win32":
        return f"Close the programs that have {place} open, or use a folder of your own."
    if _is_ours(path):
        return (
            "A command that ran with `sudo` may have made it. Take it back: "
            f'`sudo chown -R "$USER" {Path(path).parent}`; or set STAGELAB_HOME to a folder of '
            "yours: `%env STAGELAB_HOME=/path`. Then run the cell again."
        )
    return (
        f"Use a file in a folder of yours, or change who may use {place}: `ls -l` shows who owns "
        "it, `chmod` and `chown` change it."
    )


def _is_ours(path: str) -> bool:
    if not path:
        return False
    ours = (_home.data_dir(), _home.cache_dir())
    return any(Path(os.path.abspath(path)).is_relative_to(folder) for folder in ours)  # noqa: PTH100 - resolve() would follow links to places that cannot be read
