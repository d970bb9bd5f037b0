"""A pretended engine behind a real Unix socket, and an environment that names none."""

from __future__ import annotations

import json
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from stagelab.engine import connecting

_ANSWERS = {
    "_ping": "OK",
    "version": {"ApiVersion": "1.41", "Version": "20.10.24", "Components": [{"Name": "Engine"}]},
    "json": [],
    "info": {"ID": "PRETENDED", "DockerRootDir": "/nowhere", "OSType": "linux"},
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = _ANSWERS[self.path.partition("?")[0].rpartition("/")[2]]
        body = answer if isinstance(answer, str) else json.dumps(answer)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def pretended_engine(path: Path) -> Iterator[str]:
    """Answer at a socket as an engine does; gives its address."""
    server = socketserver.ThreadingUnixStreamServer(str(path), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        path.unlink()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="sl-") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch, short_path: Path) -> Iterator[None]:
    """No engine is named, and none is in the usual places."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(short_path / "docker-config"))
    monkeypatch.setenv("STAGELAB_HOME", str(short_path / "home"))
    monkeypatch.setattr(connecting, "usual_places", lambda: ())
    yield
    for found in connecting._open.values():
        found.client.close()
    connecting._open.clear()
