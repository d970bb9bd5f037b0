"""The doctor beside what hangs, and beside a real engine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from stagelab.bases import Base, modules
from stagelab.bases.health import check_module_port, doctor
from stagelab.engine.labels import labels
from tests.engine.namespace import Machine, needs_root_on_linux

SECONDS = 3.0

EVERY = (
    *("python", "packages", "engine", "architecture", "buildkit", "disk", "loopback", "memory"),
    *("limits", "clock", "proxy", "left-over", "base-images", "module-port", "home", "cache"),
    *(
        "temp-folder",
        "docker-config",
        "ports",
        "kernel",
        "course",
        "jupyterlab",
        "git",
        "chromium",
        "registry",
    ),
)
"""The stable names; whoever collects reports relies on them."""

OF_THE_ENGINE = EVERY[EVERY.index("architecture") : EVERY.index("home")]

DOCTOR = """
"$PYTHON" -W error -c '
import json, os, subprocess, sys, time
began = time.monotonic()
done = subprocess.run([sys.executable, "-m", "stagelab", "doctor", "--json"], capture_output=True)
took = time.monotonic() - began
print(json.dumps({"took": took, "code": done.returncode, "said": json.loads(done.stdout),
                  "errors": done.stderr.decode()}))'
"""


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="stagelab-") as folder:
        yield Machine(Path(folder))


def check(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in report["checks"] if one["id"] == name)


@pytest.mark.usefixtures("bases")
def test_it_looks_at_everything_and_reports_it_to_programs(engine_url: str) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "stagelab", "doctor", "--json"],
        env={**os.environ, "DOCKER_HOST": engine_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert time.monotonic() - began < SECONDS
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert tuple(one["id"] for one in report["checks"]) == EVERY
    assert [one for one in report["checks"] if one["status"] == "missing"] == []
    assert done.returncode == 0
    assert report["engine"]["version"]
    assert report["engine"]["memory_bytes"] > 0
    assert f"{Path.home()}/" not in done.stdout


def test_a_container_that_was_left_is_counted_and_nothing_is_needed_for_it(
    client: docker.DockerClient, bases: dict[str, Base]
) -> None:
    made = client.api.create_container(bases["alpine"].reference, ["true"], labels=labels())
    try:
        (found,) = [one for one in doctor().checks if one.id == "left-over"]
    finally:
        client.api.remove_container(made["Id"])
    assert found.ok is None
    assert "container" in found.found
    assert "clean" in found.fix


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="Unix sockets")
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
def test_an_engine_that_takes_the_connection_and_never_answers(head: bytes) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="sl-") as folder,
        socket.socket(socket.AF_UNIX) as server,
    ):
        server.bind(f"{folder}/e")
        server.listen(64)
        held: list[socket.socket] = []

        def hold() -> None:
            try:
                while True:
                    one, _ = server.accept()
                    held.append(one)
                    one.sendall(head)
                    for _ in range(40 if head else 0):  # a byte now and then: no time-out sees it
                        time.sleep(0.3)
                        one.sendall(b" ")
            except OSError:
                pass

        threading.Thread(target=hold, daemon=True).start()
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "stagelab", "doctor", "--json"],
            env={**os.environ, "DOCKER_HOST": f"unix://{folder}/e"},
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.monotonic() - began
        server.close()
        for one in held:
            one.close()
    assert took < SECONDS
    assert done.returncode == 1
    engine = check(json.loads(done.stdout), "engine")
    assert engine["status"] == "missing"
    assert "did not answer in time" in engine["found"]
    assert "restart it if it hangs" in engine["fix"]
    assert "Traceback" not in done.stderr


@needs_root_on_linux
def test_a_name_server_that_never_answers(machine: Machine) -> None:
    (result,) = machine.run(
        """
        echo 'nameserver 127.0.0.1' > /run/resolv.conf
        echo 'hosts: dns' > /run/nsswitch.conf
        mount --bind /run/resolv.conf "$(readlink -f /etc/resolv.conf)"
        mount --bind /run/nsswitch.conf /etc/nsswitch.conf
        "$PYTHON" -c '
import socket, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
time.sleep(60)' &
        NAMES=$!
        sleep 0.3
        export DOCKER_HOST=tcp://engine.example:2375
        """
        + DOCTOR
        + "kill $NAMES"
    )
    assert result["took"] < SECONDS
    assert result["code"] == 1
    assert check(result["said"], "engine")["status"] == "missing"
    assert "in time" in check(result["said"], "engine")["found"]
    assert "no answer in time" in check(result["said"], "registry")["found"]
    assert check(result["said"], "registry")["status"] == "note"
    assert result["errors"] == ""


@needs_root_on_linux
def test_a_registry_and_an_engine_behind_a_network_that_swallows_everything(
    machine: Machine,
) -> None:
    (result,) = machine.run(
        """
        ip link add hole type veth peer name bottom
        ip addr add 10.9.9.1/24 dev hole
        ip link set hole up
        ip link set bottom up
        ip neigh add 10.9.9.2 lladdr 02:00:00:00:00:02 dev hole
        { cat /etc/hosts; echo '10.9.9.2 index.docker.io'; } > /run/hosts
        mount --bind /run/hosts /etc/hosts
        unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy
        export DOCKER_HOST=tcp://10.9.9.2:2375
        """
        + DOCTOR
    )
    assert result["took"] < SECONDS
    assert "did not answer in time" in check(result["said"], "engine")["found"]
    registry = check(result["said"], "registry")
    assert registry["status"] == "note"
    assert "Timeout" in registry["found"]


@needs_root_on_linux
def test_a_machine_where_nothing_is_as_it_should_be(machine: Machine) -> None:
    (result,) = machine.run(
        """
        # a home that cannot be written to, no room, no temp folder, a config that names a helper
        mkdir -p "$STAGELAB_HOME/data" "$STAGELAB_HOME/cache" "$STAGELAB_HOME/no-config"
        mount -t tmpfs -o ro tmpfs "$STAGELAB_HOME/data"
        mount -t tmpfs -o size=64k tmpfs "$STAGELAB_HOME/cache"
        echo '{"credsStore": "desktop-of-nobody"}' > "$STAGELAB_HOME/no-config/config.json"
        export DOCKER_HOST=unix:///nowhere/docker.sock
        ip link set lo down
        """
        + DOCTOR
    )
    report = result["said"]
    assert result["took"] < SECONDS
    assert result["errors"] == ""
    assert result["code"] == 1
    assert report["engine"] is None
    assert not report["ok"]
    ids = [one["id"] for one in report["checks"]]
    assert ids == [name for name in EVERY if name not in OF_THE_ENGINE]
    found = {one["id"]: one["status"] for one in report["checks"]}
    assert found["engine"] == found["docker-config"] == "missing"
    assert found["home"] == found["cache"] == found["registry"] == "note"
    assert all(one["fix"] for one in report["checks"] if one["status"] != "ok")
    assert "Read-only" in check(report, "home")["found"]
    assert "docker-credential-desktop-of-nobody" in check(report, "docker-config")["found"]


def test_a_module_port_that_somebody_has_is_told_and_left(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "_servers", {})  # other tests of this process may have served
    address, _ = modules.usual_port(client)
    with socket.create_server((address, 0)) as taken:
        monkeypatch.setattr(modules, "PORT", taken.getsockname()[1])
        (found,) = check_module_port(client)
    assert found.ok is None
    assert str(modules.PORT) in found.found
    (again,) = check_module_port(client)
    assert again.ok
