"""Facts show themselves through renderers that `stagelab.show` registers here.

A fact (a frozen dataclass such as `Build`) inherits `Shown` and knows nothing of HTML; `show`
registers, for its type, one function that gives plain text, and one that gives HTML, or several
that give the forms of a picture (Mermaid, Vega-Lite, SVG). `stagelab.show.views` is imported when
something is to be shown for the first time, and not before.
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

_RENDERERS: dict[type, tuple[Renderer, Rich]] = {}


def register(
    kind: type, *, text: Renderer, html: Renderer | None = None, rich: Rich | None = None
) -> None:
    """Let objects of `kind` show themselves, as HTML or in the forms of a picture.

    A viewer that is given HTML shows nothing else, so it is the one or the other.

    Args:
        kind: The type.
        text: Where nothing else can be shown.
        html: In notebooks, exports and on web pages.
        rich: In each viewer the one of these MIME types that it likes best.

    Raises:
        TypeError: Both or none of `html` and `rich` are given.
    """
    if (html is None) == (rich is None):
        raise TypeError(f"register HTML or other forms for {kind.__name__}, and not both")
    _RENDERERS[kind] = (text, {"text/html": html} if html else rich or {})


def _renderers(kind: type) -> tuple[Renderer, Rich] | None:
    if kind not in _RENDERERS:
        import_module("stagelab.show.views")
    return _RENDERERS.get(kind)


class Shown:
    """Mixin: shows as HTML or a picture in notebooks, as plain text by `str` and `print`."""

    __slots__ = ()

    def __str__(self) -> str:
        renderers = _renderers(type(self))
        return renderers[0](self) if renderers else repr(self)

    def _form(self, mime: str) -> Any:  # noqa: ANN401 - text or JSON, as the form has it
        """Give one of the forms that are registered for this type, without making the others."""
        renderers = _renderers(type(self))
        return renderers[1][mime](self) if renderers else None

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude  # IPython filters the bundle itself
        renderers = _renderers(type(self))
        if renderers is None:
            return {"text/plain": repr(self)}
        text, rich = renderers
        return {**{kind: give(self) for kind, give in rich.items()}, "text/plain": text(self)}


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
