"""The live view of an image that is being read, in a notebook."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from stagelab._ipython import in_kernel
from stagelab.show.frames import Frame, refreshing
from stagelab.show.style import bar, humane_bytes, humane_seconds, muted

_PATIENCE = 1.0  # seconds: what is quicker is not worth a line


@contextlib.contextmanager
def reading_view(title: str) -> Iterator[Callable[[int, int | None], None] | None]:
    """Show how far an image has been read; nothing if that is quick, or outside a kernel."""
    if not in_kernel():
        yield None
        return
    from IPython.display import display  # noqa: PLC0415 - only a kernel needs IPython

    began = time.monotonic()
    state: list[int | None] = [0, None]
    handles: list[Any] = []

    def watch(done: int, total: int | None) -> None:
        state[:] = [done, total]

    def refresh() -> None:
        frame = _frame(title, state[0] or 0, state[1])
        if handles:
            handles[0].update(frame)
        elif time.monotonic() - began > _PATIENCE:
            handles.append(display(frame, display_id=True))

    with refreshing(refresh):
        yield watch
    if handles:
        handles[0].update(_frame(title, state[0] or 0, None, time.monotonic() - began))


def _frame(title: str, done: int, total: int | None, seconds: float | None = None) -> Frame:
    if seconds is None:
        of = f" of about {humane_bytes(total)}" if total else ""
        text = f"Reading {title} … {humane_bytes(done)}{of}"
        shown = bar(done / total) if total else ""
    else:
        said = f"{humane_bytes(done)} in {humane_seconds(seconds)}"
        text = f"Read {title}: {said}, as an archive. Its layers are known from now on."
        shown = ""
    return Frame(f"<div>{muted(text)} {shown}</div>", text)
