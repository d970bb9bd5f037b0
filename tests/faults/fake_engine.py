"""A small pretended Engine API at a Unix socket, for what no real engine can be made to say.

Each request is answered as the script for its path says; what no script speaks of is answered as
an engine without images, containers and build cache would.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Answer:
    """What is answered to a request.

    Attributes:
        status: Of HTTP.
        lines: JSON objects; with status 200 they are streamed, a line each.
        raw: Sent instead of JSON.
        delay: Seconds before the first byte.
        cut: Whether the connection breaks after the lines, without an end.
    """

    status: int = 200
    lines: tuple[Mapping[str, Any], ...] = ()
    raw: bytes | None = None
    delay: float = 0.0
    cut: bool = False


IMAGE = "sha256:" + "ab" * 32
VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Arch": "amd64", "Os": "linux"}
_EMPTY: dict[str, object] = {
    "_ping": "OK",
    "version": VERSION,
    "info": {"ID": "PRETENDED", "DockerRootDir": "/var/lib/pretended", "OSType": "linux"},
    "images/json": [],
    "containers/json": [],
    "networks": [],
    "volumes": {"Volumes": []},
    "system/df": {"BuildCache": []},
}


@dataclass
class FakeEngine:
    """What it has, what it says, and what it was asked.

    Attributes:
        url: As for DOCKER_HOST.
        script: Answers by path, without the API's version.
        images: References of the images that it has.
        asked: Methods and paths, in order.
    """

    url: str = ""
    script: dict[str, Answer] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    connections: list[socket.socket] = field(default_factory=list)

    def image(self, reference: str) -> dict[str, object] | None:
        if reference != IMAGE and reference not in self.images:
            return None
        layers = {"Type": "layers", "Layers": []}
        names = [] if reference == IMAGE else [reference]
        return {"Id": IMAGE, "RepoTags": names, "Size": 1, "Config": {}, "RootFS": layers}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: FakeEngine

    def setup(self) -> None:
        super().setup()
        self.engine.connections.append(self.connection)

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._body()
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in the base
        del format, args

    def _answer(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path).removeprefix("/")
        if path.startswith("v1."):
            path = path.partition("/")[2]
        self.engine.asked.append(f"{self.command} {path}")
        scripted = self.engine.script.get(path)
        if scripted is not None:
            self._scripted(scripted)
        elif path in _EMPTY:
            self._json(200, _EMPTY[path])
        elif path == "images/create":
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            self.engine.images.add(f"{query['fromImage']}:{query['tag']}")
            self._scripted(Answer(lines=({"status": "Pull complete", "id": "layer"},)))
        elif path.startswith("images/") and path.endswith("/json"):
            reference = path.removeprefix("images/").removesuffix("/json")
            found = self.engine.image(reference)
            missing = {"message": f"No such image: {reference}"}
            self._json(200 if found else 404, found or missing)
        else:
            self._json(404, {"message": f"page not found: {path}"})

    def _scripted(self, answer: Answer) -> None:
        if answer.delay:
            self.engine.stopping.wait(answer.delay)
        if answer.raw is not None:
            self._send(answer.status, answer.raw, "text/html")
            return
        if answer.status != 200:
            self._json(answer.status, dict(*answer.lines))
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in answer.lines:
            data = json.dumps(line).encode() + b"\r\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        if answer.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.wfile.write(b"0\r\n\r\n")

    def _body(self) -> None:
        if self.headers.get("Transfer-Encoding") != "chunked":
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline(), 16):
            self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _json(self, status: int, value: object) -> None:
        body = value if isinstance(value, str) else json.dumps(value)
        kind = "text/plain" if isinstance(value, str) else "application/json"
        self._send(status, body.encode(), kind)

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


@contextlib.contextmanager
def fake_engine(path: Path) -> Iterator[FakeEngine]:
    """Answer at a socket until the block ends."""
    engine = FakeEngine(url=f"unix://{path}")
    handler = type("Handler", (_Handler,), {"engine": engine})
    server = socketserver.ThreadingUnixStreamServer(str(path), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield engine
    finally:
        engine.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
        for connection in engine.connections:  # or its threads would go on answering
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        path.unlink(missing_ok=True)
