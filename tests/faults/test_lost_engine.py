"""An engine is killed while something of the course runs on it: the next connect clears that away.

What runs in a container outlives the engine's daemon, and so does a BuildKit step. That one is no
container: the next daemon knows nothing of it, and only of the own engine's can we. Each daemon has
a machine of its own.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from stagelab.bases import ensure
from stagelab.engine import connect
from tests.engine.namespace import Machine, needs_root_on_linux

pytestmark = needs_root_on_linux

ALPINE = "alpine:3.22"
OWN = """
export DAEMON="$STAGELAB_HOME/data/engine/dockerd.pid"
SOCKET="$STAGELAB_HOME/data/engine/docker.sock"
begin() { "$PYTHON" -m stagelab engine start >&2; }
begin
export DOCKER_HOST=unix://$SOCKET BUILDS=1
"""
OTHER = """
ask() { curl -s --unix-socket $SOCKET "http://d/$1"; }
O="$STAGELAB_HOME/other"; mkdir -p "$O"
export DAEMON=$O/pid
SOCKET=$O/d.sock
begin() {
    rm -f $O/pid
    setsid dockerd --host unix://$SOCKET --data-root $O/data --exec-root $O/exec --pidfile $O/pid \\
        --live-restore --iptables=false </dev/null >/dev/null 2>>$O/log &
    for i in $(seq 300); do ask _ping >&2 && break; sleep 0.1; done
}
begin
export DOCKER_HOST=unix://$SOCKET BUILDS=0
trap 'kill -9 $(cat "$DAEMON") 2>/dev/null || true' EXIT
"""
TOOLS = """
lose() { kill -9 $(cat "$DAEMON"); sleep 0.3; }
tell() { echo "{\\"running\\": $(pgrep -fc "^sleep 300.$MARKER"), \\"listed\\": $(listed)}"; }
ask() { curl -s --unix-socket $SOCKET "http://d/$1"; }
listed() { ask 'containers/json?all=1' | grep -o '"Id":' | wc -l; }
until_() { for i in $(seq 100); do "$@" && return; sleep 0.1; done; return 1; }
runs() { test $(pgrep -fc "^sleep 300.$MARKER") = $1; }
"$PYTHON" -c '
import docker, sys
with open(sys.argv[1], "rb") as file:
    docker.from_env().images.load(file)
' "$STAGELAB_HOME/alpine.tar"
"""
OWNER = """
"$PYTHON" -c '
import os, threading, time
from stagelab import build
from stagelab.engine import connect
from stagelab.engine.placing import placed
command = "sleep 300." + os.environ["MARKER"]
if os.environ["BUILDS"] == "1":
    text = f"FROM alpine:3.22\\nRUN {command}\\n"
    threading.Thread(target=build, args=(text,), kwargs={"quiet": True}, daemon=True).start()
with placed(connect(), "alpine:3.22", command.split()) as container:
    container.start()
    time.sleep(300)
' 2>/dev/null &
OWNER=$!
until_ runs $((1 + BUILDS))
tell
"""


@pytest.fixture(scope="module")
def alpine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the image, from the engine that the tests use."""
    client: docker.DockerClient = connect()
    ensure(client)
    path = tmp_path_factory.mktemp("images") / "alpine.tar"
    with path.open("wb") as file:
        file.writelines(client.images.get(ALPINE).save(named=True))
    return path


@pytest.fixture
def machine(alpine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setenv("MARKER", f"{secrets.randbelow(10**8):08}")
    with tempfile.TemporaryDirectory(prefix="sl-") as folder:
        (Path(folder) / "alpine.tar").symlink_to(alpine)
        yield Machine(Path(folder))


on_both = pytest.mark.parametrize(
    ("engine", "running"), [(OWN, 2), (OTHER, 1)], ids=["own-engine", "other-engine"]
)


@on_both
def test_the_next_connect_clears_away(machine: Machine, engine: str, running: int) -> None:
    both, lost, after = machine.run(
        engine
        + TOOLS
        + OWNER
        + """
        lose; tell
        kill -9 $OWNER $(pgrep -f engine/reaper.py)  # so that only connect is left to do it
        begin
        "$PYTHON" -W error -c 'from stagelab import connect; connect()'
        tell
        """
    )
    assert both == {"running": running, "listed": 1}
    assert lost["running"] >= 1, "what was in the container outlived the daemon"
    assert after == {"running": 0, "listed": 0}


@on_both
def test_the_helper_waits_for_an_engine_that_is_away(
    machine: Machine, engine: str, running: int
) -> None:
    before, after = machine.run(
        engine
        + TOOLS
        + OWNER
        + """
        lose
        kill -9 $OWNER
        sleep 1
        begin
        gone() { runs 0 && test $(listed) = 0; }
        until_ gone; tell
        """
    )
    assert before == {"running": running, "listed": 1}
    assert after == {"running": 0, "listed": 0}
