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
from stagelab.show.build_frames import final_text, head, log_end, stage_text
from stagelab.show.progress import BuildProgress
from stagelab.show.snapshot import Snapshot, StageProgressed
from stagelab.show.step_words import share
from stagelab.show.style import clip, text_bar

_INSTRUCTION_WIDTH = 60
_STOP = "Ctrl+C stops the build, on the engine as well."


@contextlib.contextmanager
def terminal_view(title: str, console: Console | None = None) -> Iterator[Callable[[Event], None]]:
    """Show a build's progress: live on a terminal, a line for each step elsewhere.

    At the end one line is left, and one for each warning; of a build that failed, its step too.

    Args:
        title: What is being built.
        console: Where to; None for standard output.
    """
    console = console or Console()
    progress = BuildProgress(title)
    try:
        if console.is_terminal:
            with Live(_View(progress), console=console, refresh_per_second=8, transient=True):
                yield progress.observe
        else:
            yield _line_by_line(progress, console)
    except BaseException as error:
        progress.end(error)
        raise
    else:
        progress.end()
    finally:
        console.print(Text(final_text(progress.snapshot())), soft_wrap=True)


class _View:
    """The lines of a running build; each fits the terminal, so that they can be written over."""

    def __init__(self, progress: BuildProgress) -> None:
        self._progress = progress
        self._spinner = Spinner("dots")

    def __rich__(self) -> RenderableType:
        snapshot = self._progress.snapshot()
        stages = (_stage(stage, snapshot) for stage in snapshot.stages)
        turning = self._spinner.render(time.monotonic())
        return Group(_line(f"{turning} {head(snapshot)}"), *stages, _line(_STOP, style="dim"))


def _stage(stage: StageProgressed, snapshot: Snapshot) -> RenderableType:
    part = share(stage.at)
    bar = f" {text_bar(part)}" if part is not None else ""
    log = (_line(f"      {line}", style="dim") for line in log_end(stage, snapshot))
    return Group(_line(f"  {stage_text(stage, _INSTRUCTION_WIDTH)}{bar}"), *log)


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _line_by_line(progress: BuildProgress, console: Console) -> Callable[[Event], None]:
    names: dict[str, str] = {}

    def observe(event: Event) -> None:
        progress.observe(event)
        if isinstance(event, StepStarted):
            stage = f"{event.stage}: " if event.stage else ""
            names[event.key] = stage + clip(event.instruction, 70)
        elif isinstance(event, StepCached | StepCompleted | StepFailed) and event.key in names:
            how = progress.state_of(event.key)
            console.print(Text(f"  {names[event.key]} … {how}"), soft_wrap=True)

    return observe
