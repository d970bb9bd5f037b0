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

from stagelab._render import register_live_view
from stagelab.builds.events import Event
from stagelab.show.progress import BuildProgress, StageProgress
from stagelab.show.style import Html, badge, card, clip, code, escape, humane_seconds, muted

_REFRESH = 0.25  # seconds: fast enough to seem alive, slow enough not to flicker


@contextlib.contextmanager
def notebook_view(title: str) -> Iterator[Callable[[Event], None] | None]:
    """Show a build's progress below the cell; nothing outside a notebook's kernel."""
    if not _in_kernel():
        yield None
        return
    from IPython.display import display  # noqa: PLC0415 - only a kernel needs IPython

    progress = BuildProgress(title)
    handle = display(_Frame(progress), display_id=True)
    ended = threading.Event()

    def refresh() -> None:
        while not ended.wait(_REFRESH):
            handle.update(_Frame(progress))

    # A copied context lets the thread's updates belong to the cell that is running.
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(refresh,), name="live-view", daemon=True
    )
    thread.start()
    complete = False
    try:
        yield progress.observe
        complete = True
    finally:
        ended.set()
        thread.join()
        handle.update(_Frame(progress, ended=True, complete=complete))


class _Frame:
    """One frame of the view."""

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


register_live_view(notebook_view)
