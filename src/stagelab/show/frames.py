"""Frames of a display that is updated in place, and what updates it."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterator
from typing import Any

REFRESH = 0.2
"""Seconds from one update to the next: seems alive, and floods nobody."""


class Frame:
    """One frame of a display: HTML with its plain text twin, and any richer forms."""

    def __init__(self, html: str, text: str, **rich: Any) -> None:  # noqa: ANN401 - any JSON
        self._bundle = {**rich, "text/html": html, "text/plain": text}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude
        return self._bundle


@contextlib.contextmanager
def refreshing(refresh: Callable[[], None]) -> Iterator[None]:
    """Call `refresh` again and again, in a thread, while the block runs."""
    ended = threading.Event()

    def loop() -> None:
        while not ended.wait(REFRESH):
            refresh()

    # A copied context lets the thread's displays belong to the cell that is running.
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(loop,), name="live-view", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
