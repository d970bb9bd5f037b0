"""Finding real engines."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from stagelab.engine import connect, connecting, doctor, engine_id
from stagelab.engine.connecting import find
from stagelab.errors import EngineUnreachable
from tests.engine.namespace import Machine, needs_root_on_linux

_FIND = """
"$PYTHON" -W error -c '
import json
from stagelab.engine import is_own_engine
from stagelab.engine.connecting import find
found = find()
facts = {"url": found.endpoint.url, "origin": found.endpoint.origin}
print(json.dumps(facts | {"own": is_own_engine(found.client)}))'
"""


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections of this test only."""
    monkeypatch.setattr(connecting, "_open", {})
    yield
    for found in connecting._open.values():
        found.client.close()


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="stagelab-") as folder:
        yield Machine(Path(folder))


def test_it_is_a_real_client_and_the_same_one_again(client: docker.DockerClient) -> None:
    assert isinstance(client, docker.DockerClient)
    assert client.ping()
    assert connect() is client
    assert engine_id(client) == client.info()["ID"]


@pytest.mark.usefixtures("own_cache")
def test_a_context_leads_to_its_engine(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = find().endpoint
    url = place.url
    if place.path is not None:  # by another name: the own engine is known by its socket's
        (tmp_path / "e.sock").symlink_to(place.path)
        url = f"unix://{tmp_path / 'e.sock'}"
    meta = tmp_path / "contexts" / "meta" / hashlib.sha256(b"lab").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": "lab", "Endpoints": {"docker": {"Host": url}}}))
    (tmp_path / "config.json").write_text('{"currentContext": "lab"}')
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    found = find()
    assert (found.endpoint.origin, found.endpoint.name) == ("context", "lab")
    assert engine_id(found.client) == engine_id(client)


@pytest.mark.usefixtures("own_cache")
def test_a_dead_docker_host_is_an_error_beside_a_living_engine(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert client.ping()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")
    with pytest.raises(EngineUnreachable, match="no such socket"):
        connect()


def test_the_doctor_is_quick_and_content(client: docker.DockerClient) -> None:
    assert client.ping()
    began = time.monotonic()
    diagnosis = doctor()
    assert time.monotonic() - began < 3
    assert [check.name for check in diagnosis.checks if check.name == "engine" and check.ok]
    assert [check.name for check in diagnosis.checks if check.ok is False] == []


@needs_root_on_linux
def test_an_engine_in_its_usual_place_is_found_and_is_not_ours(machine: Machine) -> None:
    (found,) = machine.run(
        """
        O="$STAGELAB_HOME/other"; mkdir -p "$O"
        setsid dockerd --data-root $O/data --exec-root $O/exec --iptables=false \\
            </dev/null >/dev/null 2>&1 &
        for i in $(seq 300); do test -S /var/run/docker.sock && break; sleep 0.1; done
        """
        + _FIND
    )
    assert found == {"url": "unix:///var/run/docker.sock", "origin": "usual place", "own": False}


@needs_root_on_linux
def test_notebooks_that_were_told_the_own_engine_start_it_again(machine: Machine) -> None:
    (found,) = machine.run(
        """
        "$PYTHON" -m stagelab engine start >&2; "$PYTHON" -m stagelab engine stop >&2
        export DOCKER_HOST="unix://$STAGELAB_HOME/data/engine/docker.sock"
        """
        + _FIND
    )
    assert found["own"]
