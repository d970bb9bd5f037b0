"""Stagelab: build, measure and understand multi-stage Dockerfiles over the Docker SDK.

All that a learner imports::

    from stagelab import connect, build, run, serve, xray, compare, tidy
    from stagelab import check, hint, solution

Names are imported on first use, so that `import stagelab` costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stagelab.builds import build
    from stagelab.builds.timeline import timeline
    from stagelab.comparison import compare
    from stagelab.containers import run, serve
    from stagelab.engine import clean, connect, doctor, tidy
    from stagelab.exercise import check, hint, predict, solution
    from stagelab.image import xray

__version__ = "0.1.0"

__all__ = [
    "build",
    "check",
    "clean",
    "compare",
    "connect",
    "doctor",
    "hint",
    "predict",
    "run",
    "serve",
    "solution",
    "tidy",
    "timeline",
    "xray",
]

_HOMES = {
    "build": "stagelab.builds",
    "check": "stagelab.exercise",
    "clean": "stagelab.engine",
    "compare": "stagelab.comparison",
    "connect": "stagelab.engine",
    "doctor": "stagelab.engine",
    "hint": "stagelab.exercise",
    "predict": "stagelab.exercise",
    "run": "stagelab.containers",
    "serve": "stagelab.containers",
    "solution": "stagelab.exercise",
    "tidy": "stagelab.engine",
    "timeline": "stagelab.builds",
    "xray": "stagelab.image",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'stagelab' has no attribute {name!r}")
    import_module("stagelab.show")  # lets the facts that will be made show themselves
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        load_ipython_extension(shell)
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython ships no types
    """Register the cell magic `%%dockerfile`; done by itself on the first use in IPython."""
    import_module("stagelab.exercise.magic").load_ipython_extension(shell)


def __dir__() -> list[str]:
    return sorted(__all__)
