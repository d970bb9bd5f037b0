"""Names that a kernel does not know: after a restart, from a cell that has not run, mistyped."""

from __future__ import annotations

import difflib
import importlib.metadata
import re
import sys
from collections.abc import Iterable
from typing import Any

import stagelab
from stagelab.show.style import clip
from stagelab.show.trouble.notebook import Cell, notebook

_ABOVE = "Run the cells above: Run > Run All Above Selected Cell. Then run this one again."
_NEW = "a kernel that was restarted knows nothing of what ran before"
_MISSING_MAGIC = re.compile(r"[Cc]ell magic `?%%dockerfile`? not found")
_REQUIREMENT = re.compile(r"[\w.-]+")
# Packages whose modules are named otherwise.
_MODULES = {
    "ahocorasick_rs": "ahocorasick-rs",
    "cyclonedx": "cyclonedx-python-lib",
    "debian": "python-debian",
    "google": "protobuf",
}
_WIDTH = 60


def explain(error: BaseException, shell: Any) -> tuple[str, str] | None:  # noqa: ANN401 - as IPython
    """Give cause and cure where a name or a module is not known; None for other errors."""
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return _no_name(error, shell)
    if isinstance(error, ModuleNotFoundError):
        return _no_module(error)
    if isinstance(error, ImportError) and (error.name or "").startswith("stagelab"):
        return _no_import(error)
    return None


def missing_magic(error: BaseException) -> tuple[str, str] | None:
    """Give cause and cure if `%%dockerfile` is not known, because nothing was imported yet."""
    if not _MISSING_MAGIC.search(str(error)):
        return None
    return f"`%%dockerfile` is not known in this kernel yet: {_NEW}.", _ABOVE


def close_to(name: str, names: Iterable[str]) -> str:
    """Ask for the name that was meant, "" if none is close."""
    shown = sorted(each for each in names if not each.startswith("_"))
    found = difflib.get_close_matches(name, shown, n=1)
    return f"Did you mean `{found[0]}`? " if found else ""


def _no_name(error: NameError, shell: Any) -> tuple[str, str]:  # noqa: ANN401 - as above
    name = error.name or str(error).partition("'")[2].partition("'")[0]
    cells = notebook(shell)
    if cells is not None:
        above = _maker(name, cells.above)
        if above:
            return (
                f"`{name}` is made by a cell above that has not run to its end in this kernel, "
                f"the one that begins `{clip(above.begin, _WIDTH)}`: {_NEW}.",
                _ABOVE,
            )
        below = _maker(name, cells.below)
        if below:
            return (
                f"`{name}` is made by a cell further down, the one that begins "
                f"`{clip(below.begin, _WIDTH)}`.",
                "Run the cells in their order, from the top.",
            )
    if name in stagelab.__all__:
        return (
            f"`{name}` is one of the course's, and not imported in this kernel yet: {_NEW}.",
            f"{_ABOVE} Or import it: `from stagelab import {name}`.",
        )
    meant = close_to(name, [*getattr(shell, "user_ns", ()), *stagelab.__all__])
    cause = f"No cell that has run in this kernel has made the name `{name}`"
    if cells is not None:
        return f"{cause}, and no other cell of the notebook does.", f"{meant}Correct the name."
    if meant:
        return f"{cause}.", f"{meant}If not: {_ABOVE}"
    return (
        f"{cause}: {_NEW}.",
        f"If a cell above makes it: {_ABOVE} If none does, correct the name.",
    )


def _maker(name: str, cells: tuple[Cell, ...]) -> Cell | None:
    return next((cell for cell in reversed(cells) if name in cell.makes), None)


def _no_module(error: ModuleNotFoundError) -> tuple[str, str]:
    name = (error.name or "").partition(".")[0]
    if name == "stagelab":
        return (
            f"The course has no module `{error.name}`.",
            "Correct the name; all that the lessons use is imported `from stagelab`.",
        )
    package = _MODULES.get(name, name)
    if package.lower().replace("_", "-") in _packages():
        return (
            f"The package `{package}` is one of those that the course needs, and this kernel's "
            f"Python, {sys.executable}, does not have it.",
            "Choose the course's kernel: Kernel > Change Kernel…, in the JupyterLab that "
            f"`./course start` opens. Or install it: `%pip install {package}`.",
        )
    return (
        f"This kernel's Python has no module `{error.name or name}`.",
        "Correct the name. The lessons use nothing but what came with the course; what else you "
        f"want is installed by `%pip install {name}`.",
    )


def _no_import(error: ImportError) -> tuple[str, str]:
    wanted = getattr(error, "name_from", "") or _wanted(str(error))
    meant = close_to(wanted, stagelab.__all__) if wanted else ""
    return f"The course has nothing named `{wanted}`.", f"{meant}Correct the name."


def _wanted(words: str) -> str:
    return words.partition("import name '")[2].partition("'")[0]


def _packages() -> set[str]:
    try:
        needed = importlib.metadata.requires("stagelab") or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    always = (need for need in needed if "extra ==" not in need)
    found = (_REQUIREMENT.match(need) for need in always)
    return {one.group().lower().replace("_", "-") for one in found if one}
