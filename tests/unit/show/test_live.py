"""The live view in a real kernel, without an engine: what a front end is sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from stagelab.show.live import build_view
from stagelab.show.live_widget import LOG_LINES, BuildWidget
from stagelab.show.reading import reading_view
from tests.unit.show.events import EVENTS, WARNING, observed

ROOT = Path(__file__).parents[3]
WIDGET = "application/vnd.jupyter.widget-view+json"
SETUP = """
import sys, time
sys.path.insert(0, {root!r})
from stagelab import show
from stagelab._render import live
from stagelab.builds.events import *
from tests.unit.show.events import EVENTS

def everything():
    module = sys.modules.get("ipywidgets.widgets.widget")
    return list(getattr(module, "_instances", {{}}).values())  # another thread may be importing it

def widgets():
    return [w for w in everything() if hasattr(w, "stages")]

def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
"""

Run = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run code in one kernel; gives the messages to the front end, in their order."""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))}
    environment.pop("STAGELAB_WIDGETS", None)
    manager, client = start_new_kernel(kernel_name="python3", env=environment)

    def execute(code: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        client.execute_interactive(code, output_hook=messages.append, timeout=120)
        return [m for m in messages if m["msg_type"] not in {"status", "execute_input"}]

    try:
        execute(SETUP.format(root=str(ROOT)))
        yield execute
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["msg_type"] for message in messages]


def shown(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give what the one display held, in order; an error's box, which is never updated, is none."""
    displays = [m["content"] for m in messages if m["msg_type"].endswith("display_data")]
    displays = [content for content in displays if content["transient"]]
    assert len({content["transient"]["display_id"] for content in displays}) == 1
    return [content["data"] for content in displays]


def test_a_quick_build_has_no_widget(run: Run) -> None:
    messages = run("with live('build', 'x') as observe:\n    [observe(e) for e in EVENTS]")
    assert kinds(messages) == ["display_data", "update_display_data"]
    first, last = shown(messages)
    assert first["text/plain"].startswith("Building x … ")
    assert last["text/plain"].startswith("✓ built x · 2 steps, 1 from the cache · ")
    assert "<details>" in last["text/html"]


def test_a_widget_is_shown_while_the_build_runs(run: Run) -> None:
    messages = run("""
with live('build', 'x') as observe:
    [observe(e) for e in EVENTS]
    until(widgets)
    (widget,) = widgets()
    until(lambda: widget.logs)
    observe(StepLog('b', 'what came later\\n'))
    until(lambda: 'what came later' in widget.logs['builder'])
""")
    first, with_widget, last = shown(messages)
    assert WIDGET not in first
    assert set(with_widget) == {WIDGET, "text/html", "text/plain"}
    for kind in ("text/html", "text/plain"):
        assert "RUN go build" in with_widget[kind]
        assert "is shown where there are widgets" in with_widget[kind]
    assert set(last) == {"text/html", "text/plain"}
    assert last["text/plain"].startswith("✓ built x")

    order = kinds(messages)
    ended = order.index("comm_close")
    assert order[ended - 1] == "update_display_data", "the display goes on without it"
    assert set(order[ended:]) == {"comm_close"}
    opened = messages[order.index("comm_open") :][0]["content"]
    closed = {m["content"]["comm_id"] for m in messages[ended:]}
    updates = [m["content"] for m in messages if m["msg_type"] == "comm_msg"]
    widget_id = with_widget[WIDGET]["model_id"]
    models = [
        m["content"]["comm_id"]
        for m in messages
        if m["msg_type"] == "comm_open" and m["content"]["data"]["state"].get("title") == "x"
    ]
    assert models == [widget_id]
    assert widget_id in closed
    assert opened["target_name"] == "jupyter.widget"
    states = [u["data"]["state"] for u in updates if u["comm_id"] == widget_id]
    assert "what came later" in json.dumps(states)
    assert all("_esm" not in state for state in states)


def test_floods_are_held_back(run: Run) -> None:
    messages = run("""
with live('build', 'x') as observe:
    [observe(e) for e in EVENTS]
    until(widgets)
    (widget,) = widgets()
    for n in range(200_000):
        observe(StepLog('b', f'line {n}\\n'))
    observe(StepLog('b', 'y' * 1_000_000))
    observe(StepLog('b', '\\nthe end\\n'))
    until(lambda: 'the end' in widget.logs['builder'])
""")
    sizes = [len(json.dumps(m["content"])) for m in messages if m["msg_type"] == "comm_msg"]
    assert 0 < max(sizes) < 10_000
    assert max(len(json.dumps(data)) for data in shown(messages)) < 50_000


@pytest.mark.parametrize(
    "breaking",
    [
        "sys.modules['anywidget'] = None",
        "import comm; comm.create_comm = lambda *a, **k: 1 / 0",
        "import os; os.environ['STAGELAB_WIDGETS'] = '0'",
    ],
)
def test_without_widgets_html_is_updated_in_place(run: Run, breaking: str) -> None:
    messages = run(f"""
import comm, os
kept = dict(sys.modules), comm.create_comm
sys.modules.pop('stagelab.show.live_widget', None)
{breaking}
try:
    with live('build', 'x') as observe:
        [observe(e) for e in EVENTS]
        from stagelab.show import live as module
        frames = []
        real = module.Frame
        module.Frame = lambda *args, **rich: frames.append(args) or real(*args, **rich)
        until(lambda: len(frames) > 3)
finally:
    module.Frame = real
    sys.modules.update(kept[0])
    comm.create_comm = kept[1]
    os.environ.pop('STAGELAB_WIDGETS', None)
""")
    assert set(kinds(messages)) == {"display_data", "update_display_data"}
    frames = shown(messages)
    assert all(set(frame) == {"text/html", "text/plain"} for frame in frames)
    assert len(frames) > 4
    assert "RUN go build" in frames[-2]["text/html"]
    assert frames[-1]["text/plain"].startswith("✓ built x")


def test_a_widget_that_breaks_gives_way_to_html(run: Run) -> None:
    messages = run("""
with live('build', 'x') as observe:
    [observe(e) for e in EVENTS]
    until(widgets)
    (widget,) = widgets()
    widget.show = None
    observe(StepLog('b', 'later\\n'))
    from stagelab.show import live as module
    frames = []
    real = module.Frame
    module.Frame = lambda *args, **rich: frames.append(args) or real(*args, **rich)
    until(lambda: len(frames) > 1)
    module.Frame = real
""")
    frames = shown(messages)
    assert "later" in frames[-2]["text/plain"]
    assert WIDGET not in frames[-2]
    assert frames[-1]["text/plain"].startswith("✓ built x")


@pytest.mark.parametrize(
    ("error", "words"),
    [("ZeroDivisionError", "✗ not built x"), ("KeyboardInterrupt", "! stopped x")],
)
def test_an_error_ends_the_view_and_goes_on(run: Run, error: str, words: str) -> None:
    messages = run(f"""
with live('build', 'x') as observe:
    [observe(e) for e in EVENTS]
    until(widgets)
    raise {error}
""")
    assert messages[-1]["msg_type"] == "error"
    assert messages[-1]["content"]["ename"] == error
    assert "comm_close" in kinds(messages)
    assert shown(messages)[-1]["text/plain"].startswith(words)


def test_nothing_is_left_behind(run: Run) -> None:
    (message,) = run("""
import threading
print(everything(), [t for t in threading.enumerate() if t.name == 'live-view'])
""")
    assert message["content"]["text"] == "[] []\n"


def test_an_image_that_is_read_quickly_is_not_shown(run: Run) -> None:
    assert run("with live('read', 'x') as watch:\n    watch(1, 2)") == []


def test_an_image_that_is_being_read(run: Run) -> None:
    messages = run("""
with live('read', 'x') as watch:
    from stagelab.show import reading as module
    module._PATIENCE = 0.0
    frames = []
    real = module.Frame
    module.Frame = lambda *args: frames.append(args) or real(*args)
    watch(5_000_000, 10_000_000)
    until(lambda: len(frames) > 1)
    module.Frame = real
""")
    first, *_, last = shown(messages)
    assert first["text/plain"] == "Reading x … 5 MB of about 10 MB"
    assert "width:50.0%" in first["text/html"]
    assert last["text/plain"].startswith("Read x: 5 MB in ")


# without a kernel


def test_only_what_changed_is_sent() -> None:
    progress = observed(*EVENTS)
    widget = BuildWidget(progress.snapshot())
    changed: list[str] = []
    widget.observe(lambda change: changed.append(change["name"]))
    widget.show(progress.snapshot())
    assert changed == [], "the browser's own clock tells the time"
    progress.observe(WARNING)
    widget.show(progress.snapshot())
    assert sorted(changed) == ["now", "warned"]
    assert widget.warned == "1 warning"
    assert widget.said == "Building (before the first stage), builder, other"
    assert len(widget.logs["builder"]) <= LOG_LINES


def test_ipythons_terminal_has_the_terminals_view(tmp_path: Path) -> None:
    code = (
        "from stagelab import show; from stagelab._render import live\n"
        "from tests.unit.show.events import EVENTS\n"
        "with live('build', 'x') as observe: [observe(e) for e in EVENTS] and None\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "-c", code],
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "  builder: FROM golang … cached\n" in done.stdout
    assert "✓ built x · 2 steps, 1 from the cache · " in done.stdout


def test_nothing_outside_ipython() -> None:
    with build_view("x") as observe, reading_view("x") as watch:
        assert observe is None
        assert watch is None
