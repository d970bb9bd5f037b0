"""Facts show themselves through renderers that `stagelab.show` registers here.

A fact (a frozen dataclass such as `Build`) inherits `Shown` and knows nothing of HTML; `show`
registers, for its type, one function that gives HTML, one that gives plain text, and any that give
richer forms for the viewers that know them (Mermaid, Vega-Lite). `stagelab.show.views` is imported
when something is to be shown for the first time, and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any

from stagelab import _ipython

Renderer = Callable[[Any], str]
Rich = Mapping[str, Callable[[Any], Any]]
"""MIME type to the function that gives an object's data of that type, JSON or text."""

_RENDERERS: dict[type, tuple[Renderer, Renderer, Rich]] = {}


def register(kind: type, *, html: Renderer, text: Renderer, rich: Rich | None = None) -> None:
    """Let objects of `kind` show themselves.

    Args:
        kind: The type.
        html: In notebooks, exports and on web pages.
        text: Everywhere else.
        rich: In viewers that know these MIME types.
    """
    _RENDERERS[kind] = (html, text, rich or {})


def _renderers(kind: type) -> tuple[Renderer, Renderer, Rich] | None:
    if kind not in _RENDERERS:
        import_module("stagelab.show.views")
    return _RENDERERS.get(kind)


class Shown:
    """Mixin: shows as HTML with a plain text twin in notebooks, as text by `str` and `print`."""

    __slots__ = ()

    def __str__(self) -> str:
        renderers = _renderers(type(self))
        return renderers[1](self) if renderers else repr(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude  # IPython filters the bundle itself
        renderers = _renderers(type(self))
        if renderers is None:
            return {"text/plain": repr(self)}
        html, text, rich = renderers
        return {
            **{kind: give(self) for kind, give in rich.items()},
            "text/html": html(self),
            "text/plain": text(self),
        }


Observe = Callable[..., None]
Live = Callable[[str], AbstractContextManager[Observe | None]]
"""Given a title: a context manager that gives what is to be told of the progress, or None."""

_LIVE: dict[str, Live] = {}


def register_live(kind: str, view: Live) -> None:
    """Let something slow show itself by `view` while it goes on.

    Args:
        kind: "build", which is told a build's events, or "read", which is told the bytes so far
            and about how many there are.
        view: Opens the view.
    """
    _LIVE[kind] = view


def live(kind: str, title: str) -> AbstractContextManager[Observe | None]:
    """Open the registered live view; one that shows nothing outside IPython."""
    if _ipython.shell() is None:
        return nullcontext()
    import_module("stagelab.show.views")
    return _LIVE[kind](title)
