"""The live view of a build in a terminal."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from stagelab.builds.events import Event, StepCached, StepCompleted, StepFailed, StepStarted
from stagelab.show.progress import BuildProgress
from stagelab.show.style import clip, humane_seconds


@contextlib.contextmanager
def terminal_view(title: str, console: Console | None = None) -> Iterator[Callable[[Event], None]]:
    """Show a build's progress: live on a terminal, a line for each step elsewhere.

    Args:
        title: What is being built.
        console: Where to; None for standard output.
    """
    console = console or Console()
    progress = BuildProgress(title)
    if not console.is_terminal:
        yield _line_by_line(progress, console)
        console.print(Text(f"✓ built {progress.facts()}"), soft_wrap=True)
        return
    view = _View(progress)
    with Live(view, console=console, refresh_per_second=8, transient=True):
        yield progress.observe
    console.print(Text(f"✓ built {progress.facts()}"), soft_wrap=True)


class _View:
    def __init__(self, progress: BuildProgress) -> None:
        self._progress = progress
        self._spinner = Spinner("dots")

    def __rich__(self) -> RenderableType:
        progress, now = self._progress, time.monotonic()
        self._spinner.update(
            text=Text(f"building {progress.title} · {humane_seconds(progress.seconds)}")
        )
        lines: list[RenderableType] = [self._spinner]
        for stage in list(progress.stages.values()):
            at = (
                f"{clip(stage.current, 60)} · {humane_seconds(stage.elapsed(now))}"
                if stage.current
                else f"{stage.done} done"
            )
            lines.append(Text(f"    {stage.name}: {at}"))
        lines += [Text(f"      {clip(line, 90)}", style="dim") for line in progress.log]
        return Group(*lines)


def _line_by_line(progress: BuildProgress, console: Console) -> Callable[[Event], None]:
    names: dict[str, str] = {}

    def tell(key: str, how: str) -> None:
        console.print(Text(f"  {names.get(key, '')} … {how}"), soft_wrap=True)

    def observe(event: Event) -> None:
        progress.observe(event)
        if isinstance(event, StepStarted):
            stage = f"{event.stage}: " if event.stage else ""
            names[event.key] = stage + clip(event.instruction, 70)
        elif isinstance(event, StepCached):
            tell(event.key, "cached")
        elif isinstance(event, StepCompleted):
            tell(event.key, "done")
        elif isinstance(event, StepFailed):
            tell(event.key, "failed")

    return observe
