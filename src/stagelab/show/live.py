"""The live view of a build: a widget in a notebook, `rich` in a terminal's IPython.

In a notebook it is one display, updated in place. While the build runs, it holds a widget, which
keeps what the reader opened or focused; for viewers without widgets HTML and text stand beside it,
as of the moment when it was made: to update them would make the others draw the widget anew. At the
end it holds one line of plain HTML and text alone, which a saved notebook, an export or another
viewer shows as it is.

Where no widget can be made, or the environment has `STAGELAB_WIDGETS=0`, the display is HTML and
text from the first to the last, and updated as often.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from stagelab._ipython import in_kernel, shell
from stagelab._render import register_live
from stagelab.builds.events import Observer
from stagelab.show.build_frames import final_html, final_text, running_html, running_text
from stagelab.show.frames import Frame, refreshing
from stagelab.show.progress import BuildProgress
from stagelab.show.reading import reading_view
from stagelab.show.terminal import terminal_view

if TYPE_CHECKING:
    from stagelab.show.live_widget import BuildWidget

_NOTE = "What happens until the build ends is shown where there are widgets."
_WIDGET_TYPE = "application/vnd.jupyter.widget-view+json"


def build_view(title: str) -> AbstractContextManager[Observer | None]:
    """Show a build's progress: below a notebook's cell or in IPython's terminal, else nowhere."""
    if in_kernel():
        return _notebook_view(title)
    return terminal_view(title) if shell() is not None else nullcontext()


@contextlib.contextmanager
def _notebook_view(title: str) -> Iterator[Observer]:
    progress = BuildProgress(title)
    shown = _Display(progress)
    try:
        with refreshing(shown.refresh):
            yield progress.observe
    except BaseException as error:
        progress.end(error)
        raise
    else:
        progress.end()
    finally:
        shown.end()


class _Display:
    """The display below the cell; it begins without a widget, because most builds are quick."""

    def __init__(self, progress: BuildProgress) -> None:
        from IPython.display import display  # noqa: PLC0415 - only a kernel needs IPython

        self._progress = progress
        self._widget: BuildWidget | None = None
        self._widgets_work = os.environ.get("STAGELAB_WIDGETS") != "0"
        self._handle: Any = display(self._running(), display_id=True)

    def refresh(self) -> None:
        """Show how things stand; called again and again, from a thread of its own."""
        if self._widgets_work:
            try:
                self._refresh_widget()
            except Exception:  # noqa: BLE001 - whatever it is, it must not end the view or the build
                self._widgets_work = False
        if not self._widgets_work:
            self._handle.update(self._running())

    def end(self) -> None:
        """Leave the one line, and no widget."""
        snapshot = self._progress.snapshot()
        self._handle.update(Frame(final_html(snapshot), final_text(snapshot)))
        if self._widget is not None:
            # The display has gone on without it; a connection that broke needs no closing.
            with contextlib.suppress(Exception):
                self._widget.close()

    def _running(self, note: str = "", **rich: object) -> Frame:
        snapshot = self._progress.snapshot()
        return Frame(running_html(snapshot, note), running_text(snapshot, note), **rich)

    def _refresh_widget(self) -> None:
        from stagelab.show.live_widget import LOG_LINES, BuildWidget  # noqa: PLC0415 - slow, rare

        snapshot = self._progress.snapshot(LOG_LINES)
        if self._widget is not None:
            self._widget.show(snapshot)
            return
        self._widget = BuildWidget(snapshot)
        bundle, _ = self._widget._repr_mimebundle_() or ({}, {})
        view = bundle[_WIDGET_TYPE]
        self._handle.update(self._running(_NOTE, **{_WIDGET_TYPE: view}))


register_live("build", build_view)
register_live("read", reading_view)
