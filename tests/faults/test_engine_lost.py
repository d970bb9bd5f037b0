"""The engine goes away between cells and in the middle of them; its disk is full; it is offline."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.engine.namespace import needs_root_on_linux
from tests.faults.fault import Fault, Provoke, prove
from tests.faults.own_engine import SIZE, OwnEngine, own_engine
from tests.faults.stage import Stage
from tests.helpers import happens

pytestmark = needs_root_on_linux

_engines: list[OwnEngine] = []


@pytest.fixture(scope="module")
def away(stage: Stage, client: docker.DockerClient) -> Iterator[Stage]:
    """The stage, with its kernel on an engine that may be killed."""
    with (
        tempfile.TemporaryDirectory(prefix="sl-") as folder,
        own_engine(Path(folder), client) as engine,
        stage.variables(DOCKER_HOST=engine.url),
    ):
        _engines.append(engine)
        stage.engines.append(engine.client)
        try:
            yield stage
        finally:
            stage.engines.remove(engine.client)
            _engines.remove(engine)


def stopped(stage: Stage) -> Iterator[None]:
    _engines[0].stop()
    yield
    _engines[0].start()
    del stage


def restarted(stage: Stage) -> Iterator[None]:
    _engines[0].stop()
    _engines[0].start()
    yield
    del stage


def anew(stage: Stage) -> Iterator[None]:
    """After the strike: start it again; what was waited for is not waited for any more."""
    stage.kernel.run(f"wait = {stage.marker!r}")
    yield
    _engines[0].start()
    stage.kernel.run("wait = '0'")


def kill(stage: Stage) -> None:
    stage.until_running()
    _engines[0].kill()


def stop(stage: Stage) -> None:
    stage.until_running()
    _engines[0].stop()


def restart(stage: Stage) -> None:
    stage.until_running()
    _engines[0].kill()
    _engines[0].start()


def small(size: str) -> Provoke:
    """The engine's disk is so small; the cure makes it larger."""

    def provoke(stage: Stage) -> Iterator[None]:
        _engines[0].resize(size)
        yield
        _engines[0].resize("400m")
        stage.kernel.run("size = 1")

    return provoke


def offline(stage: Stage) -> Iterator[None]:
    """Its network has no way out; the cure is a bundle of archives."""
    bundle = stage.folder / "bundle"
    bundle.mkdir(exist_ok=True)
    engine = _engines[0]
    image = engine.client.images.get("alpine:3.22")
    with (bundle / "bases.tar").open("wb") as file:
        for piece in image.save(named="alpine:3.22"):
            file.write(piece)
    engine.client.images.remove("alpine:3.22", force=True)
    yield
    with stage.variables(STAGELAB_BUNDLE=str(bundle)):
        said = stage.kernel.run(ENSURE.replace("False", "True"))
        assert not said.error, said.text


ENSURE = """\
from stagelab import connect
from stagelab.bases import ensure
ensure(connect(), "alpine", stand_ins=False)"""
BUILD = """\
from stagelab import build
TEXT = "FROM alpine:3.22\\nARG WAIT\\nRUN sleep $WAIT\\n"
build(TEXT, buildargs={{"WAIT": wait}}, builder="{}", network="none", quiet=True)"""
BUILDKIT, CLASSIC = BUILD.format("buildkit"), BUILD.format("classic")
RUN = 'from stagelab import run\nassert run("alpine:3.22", "sleep", wait, timeout=90).ok'
SAME_CLIENT = "assert client.ping(); assert client.images.get('alpine:3.22')"
FILL = """\
from stagelab import build
TEXT = "FROM alpine:3.22\\nARG SIZE\\nRUN dd if=/dev/zero of=/large bs=1M count=$SIZE\\n"
build(TEXT, buildargs={"SIZE": str(size)}, network="none", quiet=True)"""
COPY = """\
from stagelab import build
import pathlib, tempfile
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "large").write_bytes(b"x" * (size << 20))
    pathlib.Path(folder, "Dockerfile").write_text("FROM scratch\\nCOPY large /large\\n")
    build(folder, quiet=True)"""

BROKE = ("The connection to the engine broke during",)
GONE = ("Start the engine",)

FAULTS = [
    Fault(
        "engine stopped between cells", "real", "dockerd is stopped", SAME_CLIENT, stopped,
        "ConnectionError", ("engine",), ("Start the engine", "doctor"),
        ("No such file or directory",),
        before="from stagelab import connect; client = connect()",
    ),
    Fault(
        "engine restarted between cells", "real", "dockerd is stopped and started", SAME_CLIENT,
        restarted, before="from stagelab import connect; client = connect()",
    ),
    Fault(
        "engine killed in mid-build", "real", "kill -9 dockerd in a RUN of BuildKit", BUILDKIT,
        anew, "EngineUnreachable", BROKE, GONE, lost="the build under way", strike=kill,
    ),
    Fault(
        "engine killed in mid-build (classic)", "real", "kill -9 dockerd in a classic RUN",
        CLASSIC, anew, "EngineUnreachable", BROKE, GONE, lost="the build under way", strike=kill,
    ),
    Fault(
        "engine stopped in mid-build", "real", "dockerd is told to end in a RUN", BUILDKIT,
        anew, "EngineUnreachable", BROKE, GONE, lost="the build under way", strike=stop,
    ),
    Fault(
        "engine restarted in mid-build", "real", "kill -9 dockerd in a RUN, started at once",
        BUILDKIT, anew, "EngineUnreachable", BROKE, (), lost="the build under way",
        strike=restart,
    ),
    Fault(
        "engine killed in mid-run", "real", "kill -9 dockerd while a container runs", RUN, anew,
        "EngineUnreachable", BROKE, GONE, lost="the run under way", strike=kill,
    ),
    Fault(
        "disk full in RUN", "real", f"engine's disk of {SIZE}, a step writes more", FILL,
        small(SIZE), "BuildFailed", ("no disk space left",), ("stagelab clean",),
        lost="the build under way", before="size = 200",
    ),
    Fault(
        "disk full in COPY", "real", f"engine's disk of {SIZE}, a context is larger", COPY,
        small(SIZE), "BuildFailed", ("no disk space left",), ("stagelab clean",),
        ("no space left on device",), lost="the build under way", before="size = 150",
    ),
    Fault(
        "engine offline", "real", "its network namespace has no way out", ENSURE, offline,
        "BaseUnavailable", ("cannot be reached: the engine is offline",),
        ("bundle", "STAGELAB_BUNDLE"), ("dial",),
    ),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_is_told_and_cured_in_the_same_kernel(fault: Fault, away: Stage, turn: int) -> None:
    assert turn >= 0
    assert happens(lambda: bool(_engines[0].client.ping()), 10)
    prove(fault, away)
