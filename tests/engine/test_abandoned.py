"""Containers whose makers are gone are removed, and no others; what a maker gave up on, too."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from stagelab.bases import Base
from stagelab.containers.cage import CAGE
from stagelab.engine import abandoned, helper, owners, sweeping
from stagelab.engine.labels import NAME_LABEL, OWNER_LABEL
from stagelab.engine.placing import marks, placed
from tests.engine.tls import tls_door

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills processes")

ALPINE = "alpine:3.22"
ELSEWHERE = "0123456789ab.1.2"
MAKER = """
import os, signal, sys, time
from stagelab.containers.cage import CAGE
from stagelab.engine import connect, helper
from stagelab.engine.placing import placed
with placed(connect(), "alpine:3.22", ["sleep", "3600"], **CAGE) as container:
    container.start()
    print(container.name, helper._state.helper.pid, flush=True)
    time.sleep(3600)
"""
CONNECT = "from stagelab.engine import connect; connect()"

Make = Callable[[dict[str, str], str], Container]


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> None:
    assert "alpine" in bases


@pytest.fixture
def make(client: docker.DockerClient) -> Iterator[Make]:
    """Make containers with given labels, removed at the end."""
    made: list[Container] = []

    def create(given: dict[str, str], name: str) -> Container:
        made.append(client.containers.create(ALPINE, ["sleep", "60"], name=name, labels=given))
        return made[-1]

    yield create
    for each in made:
        if exists(client, str(each.name)):
            each.remove(force=True)


@pytest.fixture
def dead() -> str:
    machine, pid, start = owners.me().split(".")
    return f"{machine}.{pid}.{int(start) - 1}"


def a_name() -> str:
    return f"stagelab-{secrets.token_hex(6)}"


def exists(client: docker.DockerClient, name: str) -> bool:
    listed = client.api.containers(all=True, filters={"name": f"^/{name}$"})
    return bool(listed)


def is_gone(client: docker.DockerClient, name: str, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while exists(client, name):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def maker(engine_url: str, **certificates: str) -> tuple[subprocess.Popen[str], str, int]:
    """Start a process that makes a container; gives that one's name and the helper's number."""
    # authorities named for all requests would be asked in place of the engine's own
    others = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    environment = {key: value for key, value in os.environ.items() if key not in others}
    process = subprocess.Popen(
        [sys.executable, "-c", MAKER],
        env={**environment, "DOCKER_HOST": engine_url, **certificates},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    name, pid = process.stdout.readline().split()
    return process, name, int(pid)


def end(process: subprocess.Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)
    process.communicate()


def test_the_helper_removes_what_a_killed_process_left(
    client: docker.DockerClient, engine_url: str
) -> None:
    process, name, _ = maker(engine_url)
    assert client.containers.get(name).status == "running"
    end(process, signal.SIGKILL)
    assert is_gone(client, name)


def test_the_helper_finds_an_engine_behind_tls(
    client: docker.DockerClient, engine_url: str, tmp_path: Path
) -> None:
    if not engine_url.startswith("unix://"):
        pytest.skip("the door is put in front of a Unix socket")
    with tls_door(engine_url.removeprefix("unix://"), tmp_path) as door:
        process, name, pid = maker(door.url, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path))
        end(process, signal.SIGKILL)
        assert is_gone(client, name, 20)
        os.kill(pid, signal.SIGKILL)  # the door closes now, and it would wait for it to open


def test_the_next_connect_removes_what_the_helper_could_not(
    client: docker.DockerClient, engine_url: str
) -> None:
    process, name, pid = maker(engine_url)
    other, living, _ = maker(engine_url)
    try:
        os.kill(pid, signal.SIGKILL)
        end(process, signal.SIGKILL)
        environment = {**os.environ, "DOCKER_HOST": engine_url}
        command = [sys.executable, "-W", "error", "-c", CONNECT]
        subprocess.run(command, env=environment, check=True)
        assert not exists(client, name), "it is gone when connect has returned"
        assert client.containers.get(living).status == "running", "its maker lives"
    finally:
        end(other, signal.SIGINT)
    assert not exists(client, living)


def test_only_what_is_certainly_abandoned_goes(
    client: docker.DockerClient, make: Make, dead: str
) -> None:
    def labelled(owner: str) -> str:
        name = a_name()
        make({OWNER_LABEL: owner, NAME_LABEL: name}, name)
        return name

    gone, foreign = labelled(dead), labelled(ELSEWHERE)
    damaged = labelled("no owner")
    inherited = a_name()
    make({OWNER_LABEL: dead, NAME_LABEL: a_name()}, inherited)
    old = a_name()
    make({OWNER_LABEL: dead}, old)
    with placed(client, ALPINE) as mine:
        abandoned.sweep(client)
        assert not exists(client, gone)
        for name in (foreign, damaged, inherited, old, str(mine.name)):
            assert exists(client, name), name
    assert not exists(client, str(mine.name))


def test_whose_maker_cannot_be_asked_goes_by_its_age(
    client: docker.DockerClient, make: Make
) -> None:
    name = a_name()
    make({OWNER_LABEL: ELSEWHERE, NAME_LABEL: name}, name)
    time.sleep(1)
    (made,) = [each for each in sweeping.made(abandoned.way_of(client)) if each.name == name]
    assert 0 <= made.age < 60, "by the engine's clock"
    assert not abandoned.is_abandoned(made)
    assert abandoned.is_abandoned(replace(made, age=abandoned.FOREIGN_SECONDS + 1))


def test_what_a_user_made_of_a_container_of_ours_stays(
    client: docker.DockerClient, make: Make, dead: str
) -> None:
    name, tag = a_name(), f"decoy-{secrets.token_hex(4)}"
    first = make({OWNER_LABEL: dead, NAME_LABEL: name}, a_name())
    image = first.commit(tag, "1")
    theirs = client.containers.create(f"{tag}:1", ["true"])
    try:
        assert theirs.labels[OWNER_LABEL] == dead
        abandoned.sweep(client)
        assert exists(client, str(theirs.name))
    finally:
        theirs.remove(force=True)
        client.images.remove(image.id)


def test_a_sweep_is_quick(client: docker.DockerClient) -> None:
    abandoned.sweep(client)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        abandoned.sweep(client)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1


# what an interrupt breaks off, the helper takes over


def placed_names(client: docker.DockerClient) -> list[str]:
    listed = client.api.containers(all=True, filters={"label": f"{OWNER_LABEL}={owners.me()}"})
    return [each["Names"][0][1:] for each in listed]


def test_an_interrupt_while_it_is_made(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = client.containers.create

    def late(*words: object, **options: object) -> Container:
        # the engine goes on making it while the caller is gone already
        threading.Timer(1, create, words, options).start()
        raise KeyboardInterrupt

    monkeypatch.setattr(type(client.containers), "create", lambda _, *w, **o: late(*w, **o))
    with pytest.raises(KeyboardInterrupt), placed(client, ALPINE):
        pytest.fail("it was not made")
    time.sleep(1.2)
    end = time.monotonic() + 10
    while placed_names(client) and time.monotonic() < end:
        time.sleep(0.1)
    assert placed_names(client) == []


def test_an_interrupt_while_it_is_removed(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        placed(client, ALPINE, ["sleep", "3600"], **CAGE) as container,
    ):
        container.start()
        monkeypatch.setattr(docker.APIClient, "remove_container", interrupted)
    monkeypatch.undo()
    assert is_gone(client, str(container.name))
    assert not helper.is_placed(str(container.name))


def test_an_engine_that_is_away_hides_no_error_and_gets_rid_of_it_later(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError

    with pytest.raises(ZeroDivisionError), placed(client, ALPINE) as container:
        monkeypatch.setattr(docker.APIClient, "remove_container", away)
        raise ZeroDivisionError
    monkeypatch.undo()
    assert is_gone(client, str(container.name))


def test_an_engine_that_refuses_makes_nothing(client: docker.DockerClient) -> None:
    with pytest.raises(docker.errors.ImageNotFound), placed(client, "stagelab/none:x"):
        pytest.fail("there is no such image")
    assert placed_names(client) == []
    assert not helper._state.placed


def test_the_labels_name_the_process_and_the_container() -> None:
    assert marks("some")[OWNER_LABEL] == owners.me()
    assert marks("some")[NAME_LABEL] == "some"
    assert Path(helper._SCRIPT).is_file()
