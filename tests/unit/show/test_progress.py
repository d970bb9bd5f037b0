"""What the live views know of a running build."""

from __future__ import annotations

import sys
import threading

import pytest

from stagelab.builds.events import (
    StepCached,
    StepCompleted,
    StepFailed,
    StepLog,
    StepProgress,
    StepStarted,
)
from stagelab.errors import BuildCancelled, BuildFailed
from stagelab.show.build_frames import (
    final_html,
    final_text,
    running_html,
    running_text,
)
from stagelab.show.logtail import KEPT, LINE_WIDTH, LogTail
from stagelab.show.progress import BuildProgress
from stagelab.show.snapshot import Snapshot, StageProgressed
from stagelab.show.terminal import _View
from tests.unit.show.events import EVENTS, WARNING, observed

FAILED = BuildFailed("It failed.", fix="Mend it.", stage="other", step="RUN sleep <1>", line=5)


def stage(snapshot: Snapshot, name: str) -> StageProgressed:
    return next(stage for stage in snapshot.stages if stage.name == name)


def states(progress: BuildProgress) -> list[str]:
    return [step.state for stage in progress.snapshot().stages for step in stage.steps]


# states


def test_what_ended_well_is_counted() -> None:
    progress = observed(*EVENTS)
    snapshot = progress.snapshot()
    assert [stage.name for stage in snapshot.stages] == [
        "(before the first stage)",
        "builder",
        "other",
    ]
    assert (snapshot.done, stage(snapshot, "builder").cached) == (2, 1)
    assert stage(snapshot, "builder").at.instruction == "RUN go build"
    progress.observe(StepCompleted("b", time=12.5))
    after = progress.snapshot()
    assert stage(after, "builder").at.seconds == 2.5, "by the engine's clock"
    assert (stage(after, "builder").state, stage(after, "builder").done) == ("done", 2)
    assert after.facts().startswith("stagelab/<x> · 3 steps, 1 from the cache · ")
    assert stage(snapshot, "builder").done == 1, "a snapshot stays as it was"


def test_a_stage_of_cached_steps_is_cached() -> None:
    progress = observed(*EVENTS[2:4])
    assert stage(progress.snapshot(), "builder").state == "cached"
    assert stage(progress.snapshot(), "builder").at.seconds == 0.0


def test_an_end_without_a_start_changes_nothing() -> None:
    progress = observed(StepCompleted("z", time=0.0), StepFailed("z", ""), StepLog("z", "x\n"))
    progress.observe(StepProgress("z", "layer", 1, 2))
    assert progress.snapshot().stages == ()


def test_bytes_are_summed_up() -> None:
    progress = observed(
        *EVENTS[2:3], StepProgress("a", "one", 5, 10), StepProgress("a", "two", 1, 30)
    )
    progress.observe(StepProgress("a", "one", 10, 10))
    at = progress.snapshot().stages[0].at
    assert (at.moved, at.total) == (11, 40)
    assert "11 B of 40 B" in running_text(progress.snapshot())
    assert "width:27.5%" in running_html(progress.snapshot())
    progress.observe(StepCached("a", time=0.0))
    assert "11 B" not in running_text(progress.snapshot())


def test_bytes_without_a_total_have_no_bar() -> None:
    snapshot = observed(*EVENTS[2:3], StepProgress("a", "one", 5, 0)).snapshot()
    assert "5 B · " not in running_text(snapshot)
    assert "5 B" in running_text(snapshot)
    assert "width:" not in running_html(snapshot).replace("max-width:", "")


def test_only_the_first_that_failed_is_to_blame() -> None:
    progress = observed(*EVENTS, StepFailed("b", "exit code: 1"), StepFailed("c", "exit code: 137"))
    assert states(progress)[-2:] == ["failed", "stopped"]
    assert (progress.state_of("b"), progress.state_of("c")) == ("failed", "stopped")


def test_who_was_cancelled_is_not_to_blame() -> None:
    progress = observed(*EVENTS, StepFailed("b", "context canceled"), StepFailed("c", "exit code"))
    assert states(progress)[-2:] == ["stopped", "failed"]


def test_the_errors_line_tells_who_is_to_blame() -> None:
    progress = observed(*EVENTS, StepFailed("b", "exit code: 1"), StepFailed("c", "exit code: 1"))
    progress.end(FAILED)
    assert states(progress)[-2:] == ["stopped", "failed"]
    assert "failed in other, line 5: RUN sleep <1>" in final_text(progress.snapshot())


def test_an_error_of_no_step_blames_none_anew() -> None:
    progress = observed(*EVENTS, StepFailed("b", "exit code: 1"))
    progress.end(BuildFailed("It failed.", fix="Mend it."))
    assert states(progress)[-2:] == ["failed", "stopped"]
    progress.end(BuildFailed("It failed.", fix="Mend it.", line=99))
    assert states(progress)[-2:] == ["failed", "stopped"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, "✓ built"),
        (FAILED, "✗ not built"),
        (ZeroDivisionError(), "✗ not built"),
        (KeyboardInterrupt(), "! stopped"),
        (BuildCancelled("You stopped it.", fix="Again."), "! stopped"),
    ],
)
def test_the_end_is_called_by_its_name(error: BaseException | None, words: str) -> None:
    progress = observed(*EVENTS)
    progress.end(error)
    assert final_text(progress.snapshot()).startswith(f"{words} stagelab/<x> · 2 steps")
    assert words[2:] in final_html(progress.snapshot())
    assert "running" not in states(progress)


# logs


def test_logs_belong_to_their_stages() -> None:
    progress = observed(*EVENTS[:-1])
    for key, text in (("b", "comp"), ("c", "slee"), ("b", "iling\n\n"), ("c", "ping\nmore")):
        progress.observe(StepLog(key, text))
    assert stage(progress.snapshot(), "builder").log == ("compiling",)
    assert stage(progress.snapshot(), "other").log == ("sleeping", "more")


def test_a_step_begins_a_line() -> None:
    progress = observed(*EVENTS[4:5], StepLog("b", "no end"), StepCompleted("b", time=1.0))
    progress.observe(StepStarted("d", "builder", "RUN x", 4, 0.0))
    progress.observe(StepLog("d", "next"))
    assert progress.snapshot().stages[0].log == ("no end", "next")


def test_only_the_last_lines_are_given() -> None:
    progress = observed(*EVENTS[:-1], StepLog("b", "".join(f"{n}\n" for n in range(50))))
    given = stage(progress.snapshot(3), "builder")
    assert (given.log, given.log_cut) == (("47", "48", "49"), True)
    assert not stage(progress.snapshot(50), "builder").log_cut


@pytest.mark.parametrize("piece", ["x", "x" * 999, "x" * 10 * KEPT])
def test_a_line_without_end_is_clipped(piece: str) -> None:
    tail = LogTail()
    for _ in range(5 * KEPT // len(piece) + 1):
        tail.add(piece)
    assert tail.lines(5) == ("x" * (LINE_WIDTH - 1) + "…",)
    assert sum(map(len, tail._parts)) <= 2 * KEPT
    assert tail.cut


def test_the_end_of_much_is_right() -> None:
    tail = LogTail()
    for n in range(100_000):
        tail.add(f"line {n}\n")
    assert tail.lines(2) == ("line 99998", "line 99999")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b[32mgreen\x1b[0m\n", "green"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("windows\r\n", "windows"),
        ("a\tb\n", "a   b"),
        ("\x1b]bell\x07\x00\n", "bell"),
        ("  indented\n", "  indented"),
    ],
)
def test_lines_are_text(text: str, line: str) -> None:
    tail = LogTail()
    tail.add(text)
    assert tail.lines(5) == (line,)


# what is shown


def test_a_running_build_as_text() -> None:
    lines = running_text(observed(*EVENTS, WARNING).snapshot(), "A note.").splitlines()
    assert lines[0].startswith("Building stagelab/<x> … ")
    assert lines[0].endswith(" · 1 warning")
    assert lines[1] == "  ✓ done (before the first stage): ARG X · 1 step done"
    assert lines[2].startswith("  i running builder: RUN go build · ")
    assert lines[2].endswith(" · 1 step done, 1 cached")
    assert lines[3] == "      compiling <all>"
    assert lines[4].startswith("  i running other: RUN sleep <1> · ")
    assert lines[5] == "A note."
    assert "■" in lines[6]


def test_html_tells_the_same_as_text() -> None:
    html = running_html(observed(*EVENTS, WARNING).snapshot(), "A note.")
    for words in ("1 warning", "RUN go build", "1 step done, 1 cached", "A note.", "■", "running"):
        assert words in html
    assert "compiling &lt;all&gt;" in html
    assert "RUN sleep &lt;1&gt;" in html
    assert "stagelab/&lt;x&gt;" in html
    assert not any(raw in html for raw in ("<x>", "<all>", "<1>"))


def test_the_end_is_one_line_that_opens() -> None:
    progress = observed(*EVENTS, StepCompleted("b", time=12.5), StepCompleted("c", time=11.0))
    progress.end()
    html = final_html(progress.snapshot())
    line, opened = html.split("</summary>")
    assert "stagelab/&lt;x&gt; · 4 steps, 1 from the cache" in line
    assert "<table" not in line
    assert "RUN go build" in opened
    assert "2.5 s" in opened
    assert "What builder printed" in opened
    assert "compiling &lt;all&gt;" in opened
    assert len(final_text(progress.snapshot()).splitlines()) == 1
    assert not any(raw in html for raw in ("<x>", "<all>", "<1>", "<script"))


def test_the_end_says_how_much_of_the_log_it_has() -> None:
    progress = observed(*EVENTS, StepLog("b", "again\n" * 100))
    progress.end()
    html = final_html(progress.snapshot(7))
    assert "The last 7 lines that builder printed" in html
    assert html.count("again") == 7


def test_warnings_are_listed_with_line_and_link() -> None:
    progress = observed(*EVENTS, WARNING)
    progress.end()
    html = final_html(progress.snapshot())
    assert "1 warning" in html.split("</summary>")[0]
    assert '<a href="https://docs.example/rule">' in html
    assert final_text(progress.snapshot()).splitlines()[1:] == [
        "  ! line 3: StageNameCasing: Stage names are lower case (https://docs.example/rule)",
    ]


def test_a_build_that_never_began_has_nothing_to_open() -> None:
    progress = observed()
    progress.end(FAILED)
    assert "<details" not in final_html(progress.snapshot())


def test_stages_end_in_the_order_of_the_file() -> None:
    progress = observed(StepStarted("z", "late", "RUN z", 9, 0.0), *EVENTS)
    progress.end()
    html = final_html(progress.snapshot())
    assert html.index("RUN go build") < html.index("RUN z")


def test_progress_is_read_while_it_changes() -> None:
    progress = observed(*EVENTS)
    ended = threading.Event()
    troubles: list[BaseException] = []

    def look() -> None:
        try:
            while not ended.is_set():
                running_html(progress.snapshot())
                _View(progress).__rich__()
        except RuntimeError as error:  # "changed size during iteration"
            troubles.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    reader = threading.Thread(target=look)
    reader.start()
    for n in range(1000):
        progress.observe(StepStarted(str(n), f"stage-{n % 7}", "RUN x", 1, 0.0))
        progress.observe(StepLog(str(n), "line\n"))
        progress.observe(StepProgress(str(n), f"layer {n}", n, 2 * n))
        progress.observe(StepCompleted(str(n), time=0.0))
    ended.set()
    reader.join()
    sys.setswitchinterval(interval)
    assert troubles == []
