"""The helper that outlives its owner: what it costs, when it ends, what it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import docker
import pytest
from docker.tls import TLSConfig

from stagelab.engine import helper, reaping

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

OWNER = """
import docker, os, signal, sys, time
from stagelab.engine import helper
client = docker.DockerClient(base_url="unix:///nowhere/engine.sock", version="1.41")
helper.watch(client, "one")
print(helper._state.helper.pid, flush=True)
"""


def owner(then: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run a process that has a helper, strictly; gives its end and the helper's number."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", OWNER + then],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ended, int(ended.stdout.split()[0])


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def is_gone(pid: int, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while "reaper.py" in command(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def end(pid: int) -> None:
    """End a helper that would wait for its engine."""
    assert "reaper.py" in command(pid)
    os.kill(pid, 9)
    assert is_gone(pid)


def test_at_a_good_end_it_goes_without_a_word() -> None:
    ended, pid = owner("helper.forget('one')")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert is_gone(pid, 0), "it was waited for"


@pytest.mark.parametrize("then", ["", "os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_it_stays_if_there_is_something_to_do(then: str) -> None:
    ended, pid = owner(then)
    assert ended.stderr == ""
    end(pid)


def test_a_fork_does_not_hold_it_back_nor_end_it() -> None:
    ended, pid = owner("""
helper.forget("one")
if os.fork() == 0:
    sys.exit(0)  # a good end of the child, which the parent's helper must not take for its own
os.wait()
assert helper._runs(helper._state.helper)
if os.fork() == 0:
    assert helper._state.helper is None
    os.close(1); os.close(2)
    time.sleep(20)
    os._exit(0)
""")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert is_gone(pid, 2), "although a child of its owner still runs"


def test_a_helper_that_somebody_ended_is_replaced() -> None:
    ended, pid = owner("""
os.kill(helper._state.helper.pid, signal.SIGKILL)
helper._state.helper.wait()
helper.forget("one")
helper.watch(client, "two")
helper.forget("two")
assert helper._runs(helper._state.helper)
print(helper._state.helper.pid)
""")
    assert (ended.returncode, ended.stderr) == (0, "")
    second = int(ended.stdout.split()[1])
    assert second != pid
    assert is_gone(second, 0)


def test_a_helper_that_cannot_be_started_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    monkeypatch.setattr(helper, "_state", helper._State())
    client = docker.DockerClient(base_url="unix:///nowhere/engine.sock", version="1.41")
    helper.watch(client, "one")
    assert helper.is_placed("one")
    helper.drop(client, "one")
    assert not helper.is_placed("one")
    client.close()


def test_it_is_small_and_soon_there() -> None:
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(helper._SCRIPT)], stdin=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"{}\n")
        process.stdin.flush()
        time.sleep(0.3)
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.stdin.write(b"end\n")
        process.stdin.close()
        assert process.wait(5) == 0
    own = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    assert int(own.split()[1]) < 8_000, "kB that no other process shares"


@pytest.mark.parametrize("url", ["unix:///run/some.sock", "tcp://127.0.0.1:2375"])
def test_an_engine_is_told_so_that_it_can_be_reached(url: str) -> None:
    client = docker.DockerClient(base_url=url, version="1.41")
    again = reaping.endpoint(json.loads(json.dumps(helper.address(client))))
    client.close()
    assert again.url == url.replace("tcp", "http")
    assert again.tls is None


def test_certificates_are_told_by_their_paths(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    for file in files:
        file.touch()
    ca, cert, key = map(str, files)
    for verify, authority in ((True, ca), (False, ca), (True, None)):
        tls = TLSConfig(client_cert=(cert, key), ca_cert=authority, verify=verify)
        # not opened: the SDK would read the certificates
        api = docker.APIClient(base_url="unix:///nowhere", version="1.41")
        tls.configure_client(api)
        client = docker.DockerClient(base_url="unix:///nowhere", version="1.41")
        client.api.cert, client.api.verify = api.cert, api.verify
        again = reaping.endpoint(json.loads(json.dumps(helper.address(client)))).tls
        assert again is not None
        assert tuple(again.cert) == (cert, key)
        assert again.verify is verify
        assert again.ca_cert == (authority if verify else None)
        api.close()
        client.close()
