"""Every test of this room has a home of its own, and may have a pretended engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import docker
import pytest
from pretended_engine import Handler, PretendedEngine


@pytest.fixture
def engine() -> Iterator[PretendedEngine]:
    pretended = PretendedEngine()
    handler = type("Handler", (Handler,), {"engine": pretended})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    pretended.url = f"tcp://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield pretended
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fake_client(engine: PretendedEngine) -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=engine.url, version="1.41")
    yield client
    client.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, so that no test sees the cache of this machine."""
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("STAGELAB_BUNDLE", raising=False)
    return tmp_path / "home"
