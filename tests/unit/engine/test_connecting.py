from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from stagelab.engine import connecting
from stagelab.engine.connecting import connect, engine_id, find, is_own_engine
from stagelab.engine.endpoint import Endpoint
from stagelab.errors import EngineConfigInvalid, EngineNotFound, EngineUnreachable
from tests.unit.engine.conftest import pretended_engine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


def usual(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    places = tuple(Endpoint(f"unix://{path}", "usual place", "Docker") for path in paths)
    monkeypatch.setattr(connecting, "usual_places", lambda: places)


def test_docker_host_wins_over_context_and_usual_places(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    usual(monkeypatch, short_path / "usual")
    monkeypatch.setenv("DOCKER_CONTEXT", "missing")
    with pretended_engine(short_path / "named") as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        assert find().endpoint == Endpoint(url, "DOCKER_HOST")


def test_a_dead_docker_host_is_an_error_and_no_fallback(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    usual(monkeypatch, short_path / "usual")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{short_path}/dead")
    with pretended_engine(short_path / "usual"), pytest.raises(EngineUnreachable):
        connect()


def test_a_missing_context_is_an_error_and_no_fallback(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    usual(monkeypatch, short_path / "usual")
    monkeypatch.setenv("DOCKER_CONTEXT", "missing")
    with pretended_engine(short_path / "usual"), pytest.raises(EngineConfigInvalid):
        connect()


def test_an_empty_docker_host_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    usual(monkeypatch, short_path / "usual")
    monkeypatch.setenv("DOCKER_HOST", "")
    with pretended_engine(short_path / "usual"):
        client = connect()
        assert engine_id(client) == "PRETENDED"
        assert not is_own_engine(client)


def test_the_first_usual_place_that_answers_is_taken(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    stale = short_path / "stale"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(stale))
    usual(monkeypatch, short_path / "missing", stale, short_path / "alive")
    with pretended_engine(short_path / "alive") as url:
        assert find().endpoint.url == url


def test_a_stale_socket_alone_is_told(monkeypatch: pytest.MonkeyPatch, short_path: Path) -> None:
    stale = short_path / "stale"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(stale))
    usual(monkeypatch, stale)
    with pytest.raises(EngineUnreachable, match="Nobody listens"):
        connect()


def test_a_refusal_is_told_rather_than_a_stale_socket(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    stale, denied = short_path / "stale", short_path / "denied"
    stale.touch()
    denied.touch()
    usual(monkeypatch, stale, denied)

    def refuse(endpoint: Endpoint, **_: float) -> None:
        raise PermissionError(13, "") if endpoint.path == str(denied) else ConnectionRefusedError

    monkeypatch.setattr(connecting, "open_client", refuse)
    with pytest.raises(EngineUnreachable, match="may not use"):
        connect()


def test_nothing_anywhere_says_how_to_get_an_engine() -> None:
    with pytest.raises(EngineNotFound) as caught:
        connect()
    assert caught.value.fix


def test_the_client_is_the_same_while_it_answers(
    monkeypatch: pytest.MonkeyPatch, short_path: Path
) -> None:
    with pretended_engine(short_path / "one") as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        first = connect()
        assert connect(timeout=5) is first
        assert first.api.timeout == 5
    with pytest.raises(EngineUnreachable):
        connect()
    with pretended_engine(short_path / "one"):
        assert connect() is not first
