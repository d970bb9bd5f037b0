"""The live view of a build in a terminal, and where there is none."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from stagelab.builds.events import Event, StepCompleted, StepFailed, StepProgress, StepStarted
from stagelab.show.terminal import _View, terminal_view
from tests.unit.show.events import EVENTS, WARNING, observed


def plain(*events: Event) -> list[str]:
    """Give the lines of a build where there is no terminal."""
    out = io.StringIO()
    with terminal_view("stagelab/x", Console(file=out, width=40)) as observe:
        for event in events:
            observe(event)
    assert "\x1b" not in out.getvalue()
    return out.getvalue().splitlines()


def drawn(width: int, *events: Event) -> list[str]:
    """Give the lines of the live view on a terminal of this width."""
    out = io.StringIO()
    Console(file=out, width=width).print(_View(observed(*events)))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_line_for_each_step_where_there_is_no_terminal() -> None:
    lines = plain(
        *EVENTS,
        StepStarted("d", "builder", "RUN [bold]" + "x" * 100, 3, 0.0),
        StepCompleted("d", time=0.0),
        StepFailed("unknown", "exit code: 1"),
    )
    assert lines[:2] == ["  ARG X … done", "  builder: FROM golang … cached"]
    assert lines[2].startswith("  builder: RUN [bold]xxx")
    assert lines[2].endswith("… … done")
    assert lines[3].startswith("✓ built stagelab/x · 3 steps, 1 from the cache")
    assert len(lines) == 4


def test_warnings_stand_at_the_end() -> None:
    assert plain(*EVENTS, WARNING)[-1:] == [
        "  ! line 3: StageNameCasing: Stage names are lower case (https://docs.example/rule)",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_build_that_fails_is_not_called_built(*, terminal: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    with pytest.raises(ZeroDivisionError), terminal_view("stagelab/x", console) as observe:
        for event in (
            *EVENTS[4:],
            StepFailed("b", "exit code: 1"),
            StepFailed("c", "exit code: 1"),
        ):
            observe(event)
        raise ZeroDivisionError
    assert "built stagelab/x" not in out.getvalue().replace("✗ not built", "")
    assert "failed in builder, line 3: RUN go build" in out.getvalue()
    if not terminal:
        assert out.getvalue().splitlines()[:2] == [
            "  builder: RUN go build … failed",
            "  other: RUN sleep <1> … stopped",
        ]


def test_the_view_in_a_terminal_collapses_to_a_line() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with terminal_view("stagelab/x", console) as observe:
        for event in EVENTS:
            observe(event)
    assert "✓ built stagelab/x · 2 steps" in out.getvalue().splitlines()[-1]
    assert "\x1b[2K" in out.getvalue(), "the lines before are erased"


def test_the_view_in_a_terminal() -> None:
    lines = drawn(100, *EVENTS, StepProgress("c", "layer", 30, 40), WARNING)
    assert "Building stagelab/<x> … " in lines[0]
    assert lines[0].endswith("1 warning")
    assert lines[1] == "  ✓ done (before the first stage): ARG X · 1 step done"
    assert lines[2].startswith("  i running builder: RUN go build · ")
    assert lines[3] == "      compiling <all>"
    assert lines[4].startswith("  i running other: RUN sleep <1> · ")
    assert lines[4].endswith("30 B of 40 B █████████")
    assert "Ctrl+C" in lines[5]


def test_the_view_in_a_narrow_terminal_keeps_to_its_lines() -> None:
    long = StepStarted("d", "builder-with-a-long-name", "RUN " + "x" * 100, 3, 0.0)
    lines = drawn(40, *EVENTS, long, WARNING)
    assert max(map(len, lines)) <= 40
    assert len(lines) == 7
    assert lines[5].endswith("…")
