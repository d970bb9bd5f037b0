"""A kernel that is killed in the middle of a build leaves nothing running on the engine."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from stagelab.bases import Base
from stagelab.engine import tidy
from stagelab.engine.labels import session

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for processes")

CODE = """\
from stagelab import build
build({text!r}, builder={builder!r}, secrets={secrets!r})
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert "alpine" in bases
    yield
    tidy()


def happens(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def sleeps(marker: str) -> bool:
    """Whether any process on this machine sleeps this long; containers' are seen here, too."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"sleep\0{marker}".encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False


def ours(client: docker.DockerClient, marker: str) -> list[str]:
    """The running containers of this step; others may come and go."""
    return [c.id for c in client.containers.list() if marker in str(c.attrs["Config"]["Cmd"])]


@pytest.fixture
def kernel(engine_url: str) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    """A real kernel, as JupyterLab starts one."""
    manager = KernelManager(kernel_name="python3")
    environment = {**os.environ, "DOCKER_HOST": engine_url, "STAGELAB_SESSION": session()}
    manager.start_kernel(env=environment)
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    try:
        yield manager, client
    finally:
        client.stop_channels()
        if manager.is_alive():
            manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_step_and_no_container_runs_on(
    client: docker.DockerClient,
    kernel: tuple[KernelManager, BlockingKernelClient],
    builder: str,
    how: signal.Signals,
) -> None:
    manager, front = kernel
    marker = f"300.{secrets.randbelow(10**8):08}"
    hidden = {"token": b"x"} if builder == "buildkit" else None
    mount = "--mount=type=secret,id=token " if hidden else ""
    text = f"FROM alpine:3.22\nRUN {mount}sleep {marker}\n"
    front.execute(CODE.format(text=text, builder=builder, secrets=hidden))
    assert happens(lambda: sleeps(marker), 60), "the step runs"
    manager.signal_kernel(how)
    assert happens(lambda: not (sleeps(marker) or ours(client, marker)), 10), "all has ended"
