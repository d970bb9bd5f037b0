"""Stagelab: build, measure and understand multi-stage Dockerfiles over the Docker SDK.

All that a learner imports::

    from stagelab import connect, build, run, serve, xray, compare, stages, timeline, tidy
    from stagelab import usage, explore, diff
    from stagelab import check, hint, solution, predict, quiz, progress

Names are imported on first use, so that `import stagelab` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stagelab import _ipython
from stagelab._lazy import names_of

if TYPE_CHECKING:
    from stagelab.bases.modules import module_proxy
    from stagelab.builds.building import build
    from stagelab.builds.graph import stages
    from stagelab.builds.lint import lint
    from stagelab.builds.timeline import timeline
    from stagelab.comparison import compare
    from stagelab.containers import run, serve
    from stagelab.engine import clean, connect, doctor, tidy
    from stagelab.exercise import check, hint, predict, progress, quiz, solution
    from stagelab.image import xray
    from stagelab.image.diff import diff
    from stagelab.image.usage import usage
    from stagelab.show.explorer import explore

__version__ = "0.1.0"

__all__ = [
    "build",
    "check",
    "clean",
    "compare",
    "connect",
    "diff",
    "doctor",
    "explore",
    "hint",
    "lint",
    "module_proxy",
    "predict",
    "progress",
    "quiz",
    "run",
    "serve",
    "solution",
    "stages",
    "tidy",
    "timeline",
    "usage",
    "xray",
]

_find = names_of(
    __name__,
    {
        "build": "stagelab.builds.building",
        "check": "stagelab.exercise",
        "clean": "stagelab.engine.cleanup",
        "compare": "stagelab.comparison",
        "connect": "stagelab.engine.connecting",
        "diff": "stagelab.image.diff",
        "doctor": "stagelab.bases.health",
        "explore": "stagelab.show.explorer",
        "hint": "stagelab.exercise",
        "lint": "stagelab.builds.lint",
        "module_proxy": "stagelab.bases.modules",
        "predict": "stagelab.exercise",
        "progress": "stagelab.exercise",
        "quiz": "stagelab.exercise",
        "run": "stagelab.containers",
        "serve": "stagelab.containers",
        "solution": "stagelab.exercise",
        "stages": "stagelab.builds.graph",
        "tidy": "stagelab.engine.cleanup",
        "timeline": "stagelab.builds.timeline",
        "usage": "stagelab.image.usage",
        "xray": "stagelab.image",
    },
)


def __getattr__(name: str) -> object:
    value = _find(name)
    shell = _ipython.shell()
    if shell is not None:
        load_ipython_extension(shell)
    return value


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython ships no types
    """Prepare an IPython shell: the cell magic `%%dockerfile`, and errors that help.

    Done by itself on the first use in IPython; `%load_ext stagelab` does it before.
    """
    import_module("stagelab.exercise.magic").load_ipython_extension(shell)
    import_module("stagelab.show.trouble")  # now: when files or memory run out it is too late
    _ipython.watch(shell)


def __dir__() -> list[str]:
    return sorted(__all__)


if (_shell := _ipython.shell()) is not None:
    _ipython.watch(_shell)
