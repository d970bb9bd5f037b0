"""How builds, runs and their progress look; by facts made by hand."""

from __future__ import annotations

import io
import sys
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import docker
import docker.errors
import pytest
import requests
from rich.console import Console

from stagelab import show
from stagelab.builds import Build, Stage, Step
from stagelab.builds.events import (
    Event,
    StepCached,
    StepCompleted,
    StepFailed,
    StepLog,
    StepStarted,
)
from stagelab.builds.facts import BaseUse
from stagelab.containers import Run
from stagelab.show import live, trouble
from stagelab.show.progress import LOG_LINES, BuildProgress
from stagelab.show.terminal import _View, terminal_view

assert show


@dataclass(frozen=True)
class Image:
    """As much of an SDK image as is shown."""

    id: str = "sha256:0123456789abcdef"
    short_id: str = "sha256:0123456789"
    tags: list[str] = field(default_factory=list)


STEPS = (
    Step(None, "ARG X=1", 1, 0.0, 0.0),
    Step("builder", "RUN go build -ldflags '-X <main>'", 4, 10.0, 12.5, log="compiling <all>\n"),
    Step("builder", "FROM golang:1.27", 2, 9.0, 9.0, cached=True),
    Step("stage-2", "COPY --from=builder /app/x .", 8, 13.0, 13.04),
)
STAGES = (
    Stage("builder", 0, "golang:1.27", 2, STEPS[1:3], ran=True),
    Stage("tests", 1, "builder", 5, (), ran=False),
    Stage("stage-2", 2, "alpine:3.22", 7, STEPS[3:], ran=True),
)
BUILD = Build(
    image=Image(),
    builder="buildkit",
    tag="stagelab/x:multi",
    target=None,
    stages=STAGES,
    steps=STEPS,
    log="compiling <all>\n",
    context_bytes=1234,
    seconds=4.0,
    dockerfile="",
    bases=(
        BaseUse("builder", "golang:1.27", "stand-in"),
        BaseUse("stage-2", "alpine:3.22", "official"),
    ),
)


# a build


def test_a_build_as_text() -> None:
    assert str(BUILD).splitlines() == [
        "✓ built stagelab/x:multi",
        "BuildKit · 4 steps, 1 from the cache · 4.0 s · build context 1.23 kB",
        "Stage    Line  Instruction                        Result    Time",
        "───────  ────  ─────────────────────────────────  ───────  ─────",
        "            1  ARG X=1                            ran       0 ms",
        "builder     2  FROM golang:1.27                   cached",
        "builder     4  RUN go build -ldflags '-X <main>'  ran      2.5 s",
        "tests       5  FROM builder                       skipped",
        "stage-2     8  COPY --from=builder /app/x .       ran      40 ms",
        "builder starts from golang:1.27 (a stand-in made from distribution packages); "
        "stage-2 starts from alpine:3.22 (the official image)",
    ]


def test_a_build_as_html() -> None:
    bundle = BUILD._repr_mimebundle_()
    assert bundle["text/plain"] == str(BUILD)
    html = bundle["text/html"]
    assert "<script" not in html
    assert "<main>" not in html
    assert "&lt;main&gt;" in html
    assert "compiling &lt;all&gt;" in html
    assert html.count("<tr") == 1 + 5
    for word in ("stagelab/x:multi", "skipped", "cached", "stand-in"):
        assert word in html
    assert (
        "What the steps printed" not in replace(BUILD, log=" \n")._repr_mimebundle_()["text/html"]
    )


def test_a_build_without_a_tag_has_its_id() -> None:
    assert str(replace(BUILD, tag=None)).splitlines()[0] == "✓ built 0123456789"


def test_the_classic_builder_is_named() -> None:
    assert "classic builder · " in str(replace(BUILD, builder="classic"))


def test_a_stage_by_name() -> None:
    assert BUILD.stage("tests") is STAGES[1]
    with pytest.raises(KeyError):
        BUILD.stage("nowhere")


# a run


def test_a_run_as_text_and_html() -> None:
    run = Run("stagelab/x", ("a", "<b>"), 0, "hello <you>\n", "", 0.25)
    assert str(run).splitlines() == [
        "✓ ended well stagelab/x a <b>",
        "hello <you>",
        "exit code 0 after 250 ms",
    ]
    html = run._repr_mimebundle_()["text/html"]
    assert "hello &lt;you&gt;" in html
    assert "<you>" not in html
    assert "<b>" not in html.replace("<b>✓</b>", "")


def test_a_run_that_failed() -> None:
    text = str(Run("x", (), 7, "", "oh no\n", 1.0))
    assert text.splitlines() == ["✗ exit code 7 x", "oh no", "exit code 7 after 1.0 s"]


def test_a_run_that_did_not_start() -> None:
    text = str(Run("x", (), None, "", "", 0.1, error="exec /x: no such file or directory"))
    assert text.splitlines() == [
        "✗ did not start x",
        "exec /x: no such file or directory",
        "the engine's words are above",
    ]
    assert "did not start" in Run("x", (), None, "", "", 0.1)._repr_mimebundle_()["text/html"]


def test_long_and_empty_outputs() -> None:
    many = Run("x", (), 0, "".join(f"{n}\n" for n in range(100)), "", 1.0)
    assert "29\n… and 70 lines more" in str(many)
    assert "(no output)" in str(Run("x", (), 0, "", "", 1.0))


# progress

EVENTS: tuple[Event, ...] = (
    StepStarted("0", None, "ARG X", 1, 0.0),
    StepCompleted("0", time=0.0),
    StepStarted("a", "builder", "FROM golang", 2, 0.0),
    StepCached("a", time=0.0),
    StepStarted("b", "builder", "RUN go build", 3, 0.0),
    StepStarted("c", "other", "RUN sleep", 5, 0.0),
)


def observed(*events: Event) -> BuildProgress:
    progress = BuildProgress("stagelab/x")
    for event in events:
        progress.observe(event)
    return progress


def test_progress_counts_what_ended_well() -> None:
    progress = observed(*EVENTS)
    assert (progress.done, progress.cached) == (2, 1)
    assert list(progress.stages) == ["(before the first stage)", "builder", "other"]
    assert progress.stages["builder"].current == "RUN go build"
    assert progress.stages["builder"].elapsed(1e12) > 1e11
    progress.observe(StepCompleted("b", time=1.0))
    assert progress.stages["builder"].current == ""
    assert progress.stages["builder"].elapsed(1e12) == 0.0
    assert progress.stages["builder"].done == 2
    assert progress.facts().startswith("stagelab/x · 3 steps, 1 from the cache · ")


def test_progress_of_a_failed_step() -> None:
    progress = observed(*EVENTS, StepFailed("b", "exit code: 1"))
    assert progress.stages["builder"].failed == "RUN go build"
    assert progress.done == 2


def test_an_end_without_a_start_changes_nothing() -> None:
    assert observed(StepCompleted("z", time=0.0), StepFailed("z", "")).stages == {}


def test_log_lines_are_put_together_step_by_step() -> None:
    progress = observed(
        *EVENTS,
        StepLog("b", "comp"),
        StepLog("c", "slee"),
        StepLog("b", "iling\n\n"),
        StepLog("c", "ping\nmore"),
    )
    assert list(progress.log) == ["compiling", "sleeping"]


def test_only_the_last_lines_are_kept() -> None:
    progress = observed(*EVENTS, StepLog("b", "".join(f"{n}\n" for n in range(50))))
    assert list(progress.log) == [str(n) for n in range(50 - LOG_LINES, 50)]


def test_progress_is_read_while_it_changes() -> None:
    progress = observed(*EVENTS)
    ended = threading.Event()
    troubles: list[BaseException] = []

    def look() -> None:
        try:
            while not ended.is_set():
                live._BuildFrame(progress)
                _View(progress).__rich__()
        except RuntimeError as error:  # "changed size during iteration"
            troubles.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    reader = threading.Thread(target=look)
    reader.start()
    for n in range(3000):
        progress.observe(StepStarted(str(n), "builder", "RUN x", 1, 0.0))
        progress.observe(StepLog(str(n), "line\n"))
        progress.observe(StepCompleted(str(n), time=0.0))
    ended.set()
    reader.join()
    sys.setswitchinterval(interval)
    assert troubles == []


# the terminal


def test_a_line_for_each_step_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with terminal_view("stagelab/x", Console(file=out, width=40)) as observe:
        for event in EVENTS:
            observe(event)
        observe(StepStarted("d", "builder", "RUN [bold]" + "x" * 100, 3, 0.0))
        observe(StepCompleted("d", time=0.0))
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["  ARG X … done", "  builder: FROM golang … cached"]
    assert lines[2].startswith("  builder: RUN [bold]xxx")
    assert lines[2].endswith("… … done")
    assert lines[3].startswith("✓ built stagelab/x · 3 steps, 1 from the cache")
    assert "\x1b" not in out.getvalue()


def test_a_build_that_fails_is_not_called_built() -> None:
    out = io.StringIO()
    with (
        pytest.raises(ZeroDivisionError),
        terminal_view("stagelab/x", Console(file=out)) as observe,
    ):
        observe(EVENTS[4])
        observe(StepFailed("b", "exit code: 1"))
        raise ZeroDivisionError
    assert out.getvalue() == "  builder: RUN go build … failed\n"


def test_the_view_in_a_terminal() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with terminal_view("stagelab/x", console) as observe:
        for event in EVENTS:
            observe(event)
    assert "✓ built stagelab/x · 2 steps" in out.getvalue()
    shown = Console(file=io.StringIO(), width=100)
    shown.print(_View(observed(*EVENTS, StepLog("b", "compiling\n"))))
    text = shown.file.getvalue()  # type: ignore[attr-defined]
    assert "building stagelab/x" in text
    assert "builder: RUN go build" in text
    assert "other: RUN sleep" in text
    assert "(before the first stage): 1 done" in text
    assert "compiling" in text


# the notebook


class Handle:
    """IPython's display handle, as far as it is used."""

    def __init__(self) -> None:
        self.frames: list[Any] = []

    def update(self, frame: object) -> None:
        self.frames.append(frame)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """A pretended notebook kernel; gives the display that opens in it."""
    handle = Handle()

    def display(frame: object, *, display_id: bool) -> Handle:
        assert display_id
        handle.update(frame)
        return handle

    shell = types.SimpleNamespace(kernel=object())
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    module = types.ModuleType("IPython.display")
    module.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return handle


def shown(frame: Any) -> dict[str, str]:  # noqa: ANN401 - any frame
    return dict(frame._repr_mimebundle_())


def test_a_notebooks_display_ends_with_a_plain_line(
    kernel: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_REFRESH", 0.01)
    seen = threading.Event()
    real = kernel.update
    monkeypatch.setattr(kernel, "update", lambda frame: (real(frame), seen.set()))
    with live.build_view("stagelab/<x>") as observe:
        assert observe is not None
        for event in (*EVENTS, StepLog("b", "compiling <all>\n")):
            observe(event)
        seen.clear()
        assert seen.wait(5)
        assert seen.clear() is None
        assert seen.wait(5), "it is refreshed again and again"
    running, last = shown(kernel.frames[-2]), shown(kernel.frames[-1])
    assert "RUN go build" in running["text/html"]
    assert "compiling &lt;all&gt;" in running["text/html"]
    assert "builder: RUN go build" in running["text/plain"]
    assert "<x>" not in running["text/html"] + last["text/html"]
    assert last["text/plain"].startswith("✓ built stagelab/<x> · 2 steps, 1 from the cache · ")
    assert "stagelab/&lt;x&gt; · 2 steps, 1 from the cache" in last["text/html"]
    assert not any(thread.name == "live-view" for thread in threading.enumerate())


def test_a_notebooks_display_of_a_failed_build(kernel: Handle) -> None:
    with pytest.raises(ZeroDivisionError), live.build_view("x") as observe:
        assert observe is not None
        observe(EVENTS[4])
        observe(StepFailed("b", "exit code: 1"))
        assert "failed" in live._running_html(observed(EVENTS[4], StepFailed("b", "")))
        raise ZeroDivisionError
    assert shown(kernel.frames[-1])["text/plain"].startswith("✗ not built x")
    assert "not built" in shown(kernel.frames[-1])["text/html"]


def test_nothing_outside_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", None)
    with live.build_view("x") as observe:
        assert observe is None


# errors of the SDK


def api_error(message: str) -> docker.errors.APIError:
    return docker.errors.APIError("400 Client Error", requests.Response(), message)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (docker.errors.ImageNotFound("x", explanation="No such image: x"), "no such image"),
        (api_error("bad parameter"), "refused the request"),
        (requests.ConnectionError("refused"), "cannot be reached"),
        (docker.errors.DockerException("Error while fetching"), "cannot be reached"),
    ],
)
def test_sdk_errors_have_cause_fix_and_words(error: Exception, words: str) -> None:
    title, cause, fix, *rest = trouble.explain(error)
    assert title == f"The Docker SDK: {type(error).__name__}"
    assert words in cause
    assert fix.startswith("Fix: ")
    assert rest[0] == "The original words:"
    assert rest[1].startswith("    ")


def test_an_sdk_build_error_has_the_logs_end() -> None:
    log = [{"stream": f"{n}\n"} for n in range(30)] + [{"error": "x"}]
    lines = trouble.explain(docker.errors.BuildError("returned a non-zero code: 1", iter(log)))
    assert "An instruction of the Dockerfile failed." in lines
    at = lines.index("The log's end:")
    assert lines[at + 1 :] == [f"    {n}" for n in range(18, 30)]


def test_an_sdk_container_error_has_its_exit_code() -> None:
    error = docker.errors.ContainerError("c", 3, "false", "x", b"oh no")
    assert "exit code 3" in trouble.explain(error)[1]


def test_the_hook_shows_the_lines_in_place_of_a_traceback() -> None:
    calls: list[Any] = []

    class Shell:
        def set_custom_exc(self, kinds: tuple[type, ...], handler: Any) -> None:  # noqa: ANN401 - as IPython
            calls.append((kinds, handler))

        def _showtraceback(self, kind: type, error: object, lines: list[str]) -> None:
            calls.append((kind, error, lines))

    shell = Shell()
    trouble.install(shell)
    ((kinds, handler),) = calls
    assert docker.errors.DockerException in kinds
    error = api_error("bad parameter")
    lines = handler(shell, type(error), error, None, tb_offset=1)
    assert calls[1] == (type(error), error, lines)
    assert lines == trouble.explain(error)
