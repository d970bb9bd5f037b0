"""Facts show themselves through renderers that `stagelab.show` registers here.

A fact (a frozen dataclass such as `Build`) inherits `Shown` and knows nothing of HTML; `show`
registers, for its type, one function that gives HTML and one that gives plain text.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

Renderer = Callable[[Any], str]
_RENDERERS: dict[type, tuple[Renderer, Renderer]] = {}


def register(kind: type, *, html: Renderer, text: Renderer) -> None:
    """Let objects of `kind` show themselves by `html` in notebooks and by `text` elsewhere."""
    _RENDERERS[kind] = (html, text)


class Shown:
    """Mixin: shows as HTML with a plain text twin in notebooks, as text by `str` and `print`."""

    __slots__ = ()

    def __str__(self) -> str:
        renderers = _RENDERERS.get(type(self))
        return renderers[1](self) if renderers else repr(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude  # IPython filters the bundle itself
        renderers = _RENDERERS.get(type(self))
        if renderers is None:
            return {"text/plain": repr(self)}
        return {"text/html": renderers[0](self), "text/plain": renderers[1](self)}


LiveView = Callable[[str], AbstractContextManager[Callable[[Any], None] | None]]
"""Given a build's title: a context manager that gives the observer of its events, or None."""

_LIVE_VIEWS: list[LiveView] = []


def register_live_view(view: LiveView) -> None:
    """Let builds show themselves by `view` while they run."""
    _LIVE_VIEWS[:] = [view]


def live_view(title: str) -> AbstractContextManager[Callable[[Any], None] | None]:
    """Open the registered live view for a build; one that shows nothing if there is none."""
    return _LIVE_VIEWS[0](title) if _LIVE_VIEWS else nullcontext()
