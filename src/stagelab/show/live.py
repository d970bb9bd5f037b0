"""The live view of a build in a notebook.

One display, updated in place: what is left at the end is a plain line that a saved notebook, an
export or another viewer shows as it is.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from stagelab._render import register_live
from stagelab.builds.events import Event
from stagelab.show.progress import BuildProgress, StageProgress
from stagelab.show.style import (
    Html,
    badge,
    bar,
    card,
    clip,
    code,
    escape,
    humane_bytes,
    humane_seconds,
    muted,
)

_PATIENCE = 1.0  # seconds: what is quicker is not worth a line
_REFRESH = 0.25  # seconds: fast enough to seem alive, slow enough not to flicker


@contextlib.contextmanager
def build_view(title: str) -> Iterator[Callable[[Event], None] | None]:
    """Show a build's progress below the cell; nothing outside a notebook's kernel."""
    if not _in_kernel():
        yield None
        return
    from IPython.display import display  # noqa: PLC0415 - only a kernel needs IPython

    progress = BuildProgress(title)
    handle = display(_BuildFrame(progress), display_id=True)
    complete = False
    try:
        with _refreshing(lambda: handle.update(_BuildFrame(progress))):
            yield progress.observe
        complete = True
    finally:
        handle.update(_BuildFrame(progress, ended=True, complete=complete))


@contextlib.contextmanager
def reading_view(title: str) -> Iterator[Callable[[int, int | None], None] | None]:
    """Show how far an image has been read; nothing if that is quick, or outside a kernel."""
    if not _in_kernel():
        yield None
        return
    from IPython.display import display  # noqa: PLC0415 - only a kernel needs IPython

    began = time.monotonic()
    state: list[int | None] = [0, None]
    handles: list[Any] = []

    def watch(done: int, total: int | None) -> None:
        state[:] = [done, total]

    def refresh() -> None:
        frame = _ReadingFrame(title, state[0] or 0, state[1])
        if handles:
            handles[0].update(frame)
        elif time.monotonic() - began > _PATIENCE:
            handles.append(display(frame, display_id=True))

    with _refreshing(refresh):
        yield watch
    if handles:
        handles[0].update(_ReadingFrame(title, state[0] or 0, None, time.monotonic() - began))


@contextlib.contextmanager
def _refreshing(refresh: Callable[[], None]) -> Iterator[None]:
    """Call `refresh` again and again while the block runs."""
    ended = threading.Event()

    def loop() -> None:
        while not ended.wait(_REFRESH):
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


class _ReadingFrame:
    """One frame of the view of an image that is being read."""

    def __init__(
        self, title: str, done: int, total: int | None, seconds: float | None = None
    ) -> None:
        if seconds is None:
            of = f" of about {humane_bytes(total)}" if total else ""
            self._text = f"Reading {title} … {humane_bytes(done)}{of}"
            shown = bar(done / total) if total else ""
        else:
            said = f"{humane_bytes(done)} in {humane_seconds(seconds)}"
            self._text = f"Read {title}: {said}. Its layers are known from now on."
            shown = ""
        self._html = f"<div>{muted(self._text)} {shown}</div>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude
        return {"text/html": self._html, "text/plain": self._text}


class _BuildFrame:
    """One frame of the view of a build."""

    def __init__(
        self, progress: BuildProgress, *, ended: bool = False, complete: bool = False
    ) -> None:
        self._html = _final_html(progress, complete) if ended else _running_html(progress)
        self._text = _final_text(progress, complete) if ended else _running_text(progress)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        del include, exclude
        return {"text/html": self._html, "text/plain": self._text}


def _running_html(progress: BuildProgress) -> Html:
    now = time.monotonic()
    stages = [Html(f"<div>{_stage_html(s, now)}</div>") for s in list(progress.stages.values())]
    log = "\n".join(progress.log)
    return card(
        Html(f"Building {escape(progress.title)} … {humane_seconds(progress.seconds)}"),
        *stages,
        Html(
            "<pre style='margin:.2em 0;height:6.2em;overflow:hidden;color:inherit;opacity:.72'>"
            f"{escape(log)}</pre>"
        ),
    )


def _stage_html(stage: StageProgress, now: float) -> Html:
    if stage.failed:
        state = f"{badge('failed', 'bad')} {code(clip(stage.failed, 80))}"
    elif stage.current:
        waited = muted(humane_seconds(stage.elapsed(now)))
        state = f"{badge('running', 'info')} {code(clip(stage.current, 80))} {waited}"
    else:
        state = str(badge(f"{stage.done} done", "ok"))
    return Html(f"<b>{escape(stage.name)}</b> {state}")


def _running_text(progress: BuildProgress) -> str:
    now = time.monotonic()
    lines = [f"Building {progress.title} … {humane_seconds(progress.seconds)}"]
    for stage in list(progress.stages.values()):
        at = f"{clip(stage.current, 60)} {humane_seconds(stage.elapsed(now))}"
        lines.append(f"  {stage.name}: {at if stage.current else f'{stage.done} done'}")
    return "\n".join(lines + [f"    {line}" for line in progress.log])


def _final_html(progress: BuildProgress, complete: bool) -> Html:  # noqa: FBT001 - two states
    word = badge("built", "ok") if complete else badge("not built", "bad")
    return Html(f"<div>{word} {escape(progress.facts())}</div>")


def _final_text(progress: BuildProgress, complete: bool) -> str:  # noqa: FBT001 - two states
    return f"{'✓ built' if complete else '✗ not built'} {progress.facts()}"


def _in_kernel() -> bool:
    """Tell whether a notebook's kernel runs us, without importing IPython for the question."""
    import sys  # noqa: PLC0415

    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


register_live("build", build_view)
register_live("read", reading_view)
