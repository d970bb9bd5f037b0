"""Stagelab: build, measure and understand multi-stage Dockerfiles over the Docker SDK.

All that a learner imports::

    from stagelab import connect, build, run, serve, xray, compare, check, hint, solution

Names are imported on first use, so that `import stagelab` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelab.builds import build
    from stagelab.comparison import compare
    from stagelab.containers import run, serve
    from stagelab.engine import clean, connect, doctor
    from stagelab.exercise import check, hint, solution
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
    "run",
    "serve",
    "solution",
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
    "run": "stagelab.containers",
    "serve": "stagelab.containers",
    "solution": "stagelab.exercise",
    "xray": "stagelab.image",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'stagelab' has no attribute {name!r}")
    import_module("stagelab.show")  # lets the facts that will be made show themselves
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
