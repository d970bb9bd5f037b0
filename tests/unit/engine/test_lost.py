from __future__ import annotations

import sys
from pathlib import Path

import docker
import pytest
import requests
from urllib3.exceptions import ProtocolError

from stagelab.engine import connecting
from stagelab.engine.connecting import connect, endpoint_of
from stagelab.engine.lost import is_silence, watched, went_away
from stagelab.errors import EngineUnreachable
from tests.unit.engine.conftest import pretended_engine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


def broken() -> None:
    raise ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset"))


def test_an_engine_that_is_gone_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    with pretended_engine(short_path / "one") as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        client = connect()
        with pytest.raises(EngineUnreachable) as caught, watched("the build", client):
            broken()
        assert "It answers again" in caught.value.cause
        assert not went_away("rpc error: context canceled", client)
    with pytest.raises(EngineUnreachable) as caught, watched("the build"):
        broken()
    assert caught.value.cause.startswith("The connection to the engine broke during the build.")
    assert "no such socket" in caught.value.cause
    assert "unset DOCKER_HOST" in caught.value.fix
    assert "Connection reset" in caught.value.detail
    assert went_away("rpc error: context canceled", client)
    assert not went_away("exit code: 1", client)


def test_silence_is_told_apart() -> None:
    late = requests.ConnectionError(requests.ReadTimeout("read timed out"))
    assert is_silence(late)
    assert not is_silence(requests.ConnectionError(ConnectionResetError(104, "reset")))
    with pytest.raises(EngineUnreachable, match="no answer in time"), watched("the run"):
        raise late


def test_other_errors_pass() -> None:
    with pytest.raises(ValueError, match="mine"), watched("the run"):
        raise ValueError("mine")


def test_a_client_of_another_hand_has_no_known_place() -> None:
    foreign = docker.DockerClient(base_url="tcp://127.0.0.1:1", version="1.41")
    assert endpoint_of(foreign) is None
    foreign.close()
    assert not connecting._open
