"""What a slow step waits for: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

_QUIET_SECONDS = 15.0
"""Off a terminal, a step that goes on says so this often."""

_MOST_SHARE = 100


class Display(Protocol):
    """Shows one slow step after the other."""

    def __call__(self, text: str, done: int | None, total: int | None) -> None:
        """Show what is waited for, how much is done and how much there is, None if unknown."""

    def pause(self) -> None:
        """Leave the terminal to a question; the next step shows again."""


@contextmanager
def waiting(console: Console | None = None) -> Iterator[Display]:
    """Show what is waited for while the block runs.

    Args:
        console: Where to; None for standard output.
    """
    console = console or Console()
    if not console.is_terminal:
        yield _Lines(console)
        return
    bars = _Bars(console)
    try:
        yield bars
    finally:
        bars.pause()


class _Bars:
    """One bar for each step: it grows while the words stay the same."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[share]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._text = ""
        self._task: TaskID | None = None

    def __call__(self, text: str, done: int | None, total: int | None) -> None:
        self._progress.start()
        new = self._task is None or text != self._text
        if self._task is None or new:
            self._forget()
            self._text = text
            self._task = self._progress.add_task(text, total=None, share="")
        self._progress.update(
            self._task,
            completed=done or 0,
            total=total,
            share=_share(done, total),
            refresh=new,  # however short the step is, it was seen
        )

    def pause(self) -> None:
        self._forget()
        self._progress.stop()

    def _forget(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None


class _Lines:
    """A line for each step, and one now and then while it goes on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._text = ""
        self._began = self._said = time.monotonic()

    def __call__(self, text: str, done: int | None, total: int | None) -> None:
        now = time.monotonic()
        if text != self._text:
            self._text = text
            self._began = self._said = now
            self._print(f"· {text}")
        elif now - self._said > _QUIET_SECONDS:
            self._said = now
            self._print(f"  … {_share(done, total)} {now - self._began:.0f} s")

    def pause(self) -> None:
        """Nothing to leave."""

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _share(done: int | None, total: int | None) -> str:
    return f"{_MOST_SHARE * done // total:3d} %" if done is not None and total else ""
