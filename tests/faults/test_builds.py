"""What a learner's Dockerfile runs into, and an engine whose connection breaks in the middle."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.namespace import needs_root_on_linux
from tests.faults.fake_engine import IMAGE, Answer, fake_engine
from tests.faults.fault import Fault, Provoke, prove
from tests.faults.stage import Stage

pytestmark = needs_root_on_linux

STREAM = Path(__file__).parents[1] / "data" / "streams" / "buildkit-single.jsonl"


def nothing(stage: Stage) -> Iterator[None]:
    """The cell itself is the fault; so is the cure."""
    del stage
    yield


def dockerfile(*lines: str, options: str = "") -> str:
    text = "\n".join(lines) + "\n"
    return f"from stagelab import build\nbuild({text!r}, quiet=True{options})"


def foreign(stage: Stage) -> Iterator[None]:
    """A program for a processor that no engine runs on, in the build context."""
    folder = stage.folder / "foreign"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(
        'FROM alpine:3.22\nCOPY program /program\nRUN ["/program"]\n'
    )
    program = folder / "program"
    vax = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 75, 1, 0, 0, 0, 0, 64, 56,
                      0, 0, 0, 0)  # fmt: skip
    program.write_bytes(vax)
    program.chmod(0o755)
    stage.kernel.run(f"folder = {str(folder)!r}")
    yield
    program.write_text("#!/bin/sh\nexit 0\n")


def cut_after(most: int) -> Provoke:
    def provoke(stage: Stage) -> Iterator[None]:
        stage.kernel.run("import shutil; from stagelab import _home")
        stage.kernel.run("shutil.rmtree(_home.cache_dir(), ignore_errors=True)")
        stage.gate.cut()
        stage.gate.cut_after(most)
        yield
        stage.gate.shut()
        stage.gate.open()

    return provoke


def away(stage: Stage) -> Iterator[None]:
    stage.gate.shut()
    yield
    stage.gate.open()


def begun(stage: Stage) -> Iterator[None]:
    stage.kernel.run(f"wait = {stage.marker!r}")
    yield
    stage.gate.shut()
    stage.gate.open()
    stage.kernel.run("wait = '0'")


def cut(stage: Stage) -> None:
    stage.until_running()
    stage.gate.shut(leave_socket=True)


def flicker(stage: Stage) -> None:
    stage.until_running()
    stage.gate.cut()


def interrupt(stage: Stage) -> None:
    stage.until_running()
    stage.kernel.interrupt()


def other_day(stage: Stage) -> Iterator[None]:
    """An engine whose clock shows another day: what it recorded long ago is sent again."""
    lines = [*map(json.loads, STREAM.read_text().splitlines())]
    end = {"id": "moby.image.id", "aux": {"ID": IMAGE}}
    with fake_engine(stage.folder / "f.sock") as fake:
        fake.script["build"] = Answer(lines=(*lines, end))
        with stage.variables(DOCKER_HOST=fake.url):
            yield


def tomorrow(stage: Stage) -> Iterator[None]:
    stage.kernel.run("import time; _time = time.time; time.time = lambda: _time() + 86400")
    yield
    stage.kernel.run("time.time = _time")


SLEEP = """\
from stagelab import build
build("FROM alpine:3.22\\nARG WAIT\\nRUN sleep $WAIT\\n", buildargs={"WAIT": wait}, quiet=True)"""
RUN = 'from stagelab import run\nassert run("alpine:3.22", "sleep", wait, timeout=90).ok'
OTHER_DAY = """\
from stagelab import build
built = build("FROM alpine:3.22\\nRUN true\\n", quiet=True)
assert 0 <= built.seconds < 60"""
XRAY = 'from stagelab import xray\nassert xray("alpine:3.22").files'
CHECK = """\
from stagelab import check
verdict = check("04-1", "FROM alpine:3.22\\nRUN true\\n")
print(verdict)"""
ALL = """\
from stagelab import build, run, xray
built = build("FROM alpine:3.22\\nRUN date > /when\\n", nocache=True, quiet=True)
assert 0 < built.seconds < 60
assert run(built, "true").ok and xray(built).files"""
COPY = ("FROM scratch", "COPY --from={} /x /x")
FIRST = ("FROM alpine:3.22 AS builder", "RUN echo x > /x")
MOUNT = ("FROM alpine:3.22", "RUN {}true")
BROKE = ("The connection to the engine broke during",)

FAULTS = [
    Fault(
        "mistyped stage", "real", "COPY --from=bulider",
        dockerfile(*FIRST, *(line.format("bulider") for line in COPY)), nothing, "BuildFailed",
        ("Line 4", "no stage is named 'bulider'"), ("--from=builder",), ("bulider",),
        lost="the build", cured=dockerfile(*FIRST, *(line.format("builder") for line in COPY)),
    ),
    Fault(
        "--mount on the classic builder", "real", 'builder="classic"',
        dockerfile(*(line.format("--mount=type=cache,target=/c ") for line in MOUNT),
                   options=', builder="classic"'),
        nothing, "OptionUnsupported", ("only BuildKit has",), ('builder="buildkit"',),
        ("requires BuildKit",), lost="the build",
        cured=dockerfile(*(line.format("--mount=type=cache,target=/c ") for line in MOUNT)),
    ),
    Fault(
        "wrong architecture in a build", "real", "RUN of a program for another processor",
        "from stagelab import build\nbuild(folder, quiet=True)", foreign, "BuildFailed",
        ("Line 3", "another kind of processor"), ("GOARCH",), lost="the build",
    ),
    Fault(
        "connection lost in mid-build", "real", "nobody listens any more while a RUN runs", SLEEP,
        begun, "EngineUnreachable", (*BROKE, "Nobody listens"), ("Start the engine",),
        lost="the build under way", strike=cut,
    ),
    Fault(
        "connection broken once in mid-build", "real", "the connection is cut while a RUN runs",
        SLEEP, begun, "EngineUnreachable", (*BROKE, "It answers again"), ("Run the cell again",),
        lost="the build under way", strike=flicker,
    ),
    Fault(
        "connection lost in mid-run", "real", "nobody listens any more while a container runs",
        RUN, begun, "EngineUnreachable", (*BROKE, "Nobody listens"), ("Start the engine",),
        lost="the run under way", strike=cut,
    ),
    Fault(
        "connection lost in mid-xray", "real", "nobody listens after 300 kB of the image", XRAY,
        cut_after(300_000), "ImageError", ("stopped in the middle",), ("doctor",),
        lost="the look into the image",
    ),
    Fault(
        "connection lost before a check", "real", "the socket is removed", CHECK, away,
        cause=("This is not about your answer", "no such socket"), lost="the check",
    ),
    Fault(
        "build interrupted", "real", "SIGINT while a RUN runs", SLEEP, begun, "BuildCancelled",
        ("You stopped the build",), ("Build again",), lost="the build under way",
        strike=interrupt,
    ),
    Fault(
        "run interrupted", "real", "SIGINT while a container runs", RUN, begun,
        "KeyboardInterrupt", ("stopped",), ("again",), lost="the run under way",
        strike=interrupt,
    ),
    Fault(
        "engine's clock shows another day", "fake", "a build's recorded times", OTHER_DAY,
        other_day,
    ),
    Fault(
        "kernel's clock is a day ahead", "real", "time.time moved on in the kernel", ALL, tomorrow,
    ),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_is_told_and_cured_in_the_same_kernel(fault: Fault, stage: Stage, turn: int) -> None:
    assert turn >= 0
    prove(fault, stage)
