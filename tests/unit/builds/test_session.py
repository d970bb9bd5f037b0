"""A session over a real Unix socket, with an HTTP/2 client in the engine's place."""

from __future__ import annotations

import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import h2.config
import h2.connection
import h2.events
import pytest

from stagelab.builds.session import Handler, Metadata, Refusal, Session, SessionUnavailable
from stagelab.errors import ContextError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")

HEALTH = "/grpc.health.v1.Health/Check"
ECHO = "/test.Echo/Echo"


class Engine:
    """Accepts one session and then calls its methods, as BuildKit does."""

    def __init__(self, path: Path, answer: bytes = b"") -> None:
        self.address = f"unix://{path}"
        self.head = ""
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._ready = threading.Event()
        self._connection: socket.socket
        self._http2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        )
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self) -> None:
        self._connection, _ = self._listener.accept()
        self._connection.settimeout(5)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._connection.recv(1 << 16)
        self.head = data.decode()
        if self._answer:
            self._connection.sendall(self._answer)
        else:
            self._http2.initiate_connection()
            # In one go: what follows the answer at once must not get lost.
            self._connection.sendall(
                b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
                + self._http2.data_to_send()
            )
        self._ready.set()

    def close(self) -> None:
        self._thread.join()
        self._connection.close()
        self._listener.close()

    def hang_up(self) -> None:
        self._ready.wait(5)
        self._connection.shutdown(socket.SHUT_RDWR)

    def open_call(
        self, path: str, messages: tuple[bytes, ...] = (), piece: int = 7, **metadata: str
    ) -> int:
        self._ready.wait(5)
        stream = self._http2.get_next_available_stream_id()
        headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x")]
        headers += [(name.replace("_", "-"), value) for name, value in metadata.items()]
        self._http2.send_headers(stream, headers)
        for message in messages:
            data = struct.pack(">BI", 0, len(message)) + message
            for start in range(0, len(data), piece):  # that respect no message's bounds
                while self._http2.local_flow_control_window(stream) < piece:
                    self._connection.sendall(self._http2.data_to_send())
                    self._http2.receive_data(self._connection.recv(1 << 16))
                self._http2.send_data(stream, data[start : start + piece])
        self._http2.end_stream(stream)
        self._connection.sendall(self._http2.data_to_send())
        return stream

    def call(
        self, path: str, *messages: bytes, **metadata: str
    ) -> tuple[list[bytes], dict[str, str]]:
        """Gives the messages of the answer, and its trailers."""
        stream = self.open_call(path, messages, **metadata)
        body, trailers, ended = b"", {}, False
        while not ended:
            received = self._connection.recv(1 << 16)
            assert received, "the session hung up"
            for event in self._http2.receive_data(received):
                if isinstance(event, h2.events.DataReceived) and event.stream_id == stream:
                    body += event.data or b""
                    self._http2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
                elif isinstance(event, h2.events.TrailersReceived):
                    trailers = dict(event.headers or ())
                elif isinstance(event, h2.events.StreamEnded):
                    ended = True
            self._connection.sendall(self._http2.data_to_send())
        found = []
        while body:
            _, length = struct.unpack_from(">BI", body)
            found.append(body[5 : 5 + length])
            body = body[5 + length :]
        return found, {str(k): str(v) for k, v in trailers.items()}


Opened = Callable[..., tuple[Engine, Session]]


@pytest.fixture
def socket_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sl-") as folder:
        yield Path(folder, "s")


@pytest.fixture
def opened(socket_path: Path) -> Iterator[Opened]:
    """Opens a session with these methods."""
    closing: list[Any] = []

    def opens(methods: dict[str, Handler] | None = None) -> tuple[Engine, Session]:
        engine = Engine(socket_path)
        client = docker.DockerClient(base_url=engine.address, version="1.41")
        session = Session(client, methods or {}, shared_key="shared")
        closing.extend([session, engine, client])
        return engine, session

    yield opens
    for each in closing:
        each.close()


def echo(metadata: Metadata, messages: Iterator[bytes], send: Callable[[bytes], None]) -> None:
    send(",".join(metadata.get("dir-name", ())).encode())
    for message in messages:
        send(message)


def test_the_request_names_the_session_and_its_methods(opened: Opened) -> None:
    engine, session = opened({ECHO: echo})
    engine.call(HEALTH, b"")
    head = engine.head.lower()
    assert head.startswith("post /v1.41/session http/1.1\r\n")
    assert "upgrade: h2c\r\n" in head
    assert f"x-docker-expose-session-uuid: {session.id}\r\n" in head
    assert "x-docker-expose-session-sharedkey: shared\r\n" in head
    methods = [
        line for line in head.splitlines() if line.startswith("x-docker-expose-session-grpc")
    ]
    assert len(methods) == 2
    assert methods[1].endswith(ECHO.lower())


def test_health(opened: Opened) -> None:
    engine, _ = opened()
    answer, trailers = engine.call(HEALTH, b"")
    assert answer == [b"\x08\x01"]
    assert trailers["grpc-status"] == "0"


def test_messages_and_metadata_go_both_ways(opened: Opened) -> None:
    engine, _ = opened({ECHO: echo})
    answer, trailers = engine.call(ECHO, b"", b"one", b"x" * 1000, dir_name="context")
    assert answer == [b"context", b"", b"one", b"x" * 1000]
    assert trailers == {"grpc-status": "0"}


def test_calls_follow_each_other(opened: Opened) -> None:
    engine, _ = opened({ECHO: echo})
    for word in (b"a", b"b", b"c"):
        assert engine.call(ECHO, word)[0] == [b"", word]


def test_more_than_the_flow_control_window(opened: Opened) -> None:
    large = bytes(range(256)) * 4096

    def send_large(_: Metadata, __: Iterator[bytes], send: Callable[[bytes], None]) -> None:
        send(large)

    engine, _ = opened({ECHO: send_large})
    answer, _ = engine.call(ECHO)
    assert answer == [large]


def test_more_messages_than_the_engines_window_has_room_for(opened: Opened) -> None:
    heard: list[bytes] = []
    ended = threading.Event()

    def listen(_: Metadata, messages: Iterator[bytes], __: Callable[[bytes], None]) -> None:
        heard.extend(messages)
        ended.set()

    engine, _ = opened({ECHO: listen})
    messages = tuple(str(number).encode() * 100 for number in range(400))
    engine.open_call(ECHO, messages, piece=500)
    assert ended.wait(5)
    assert tuple(heard) == messages
    assert sum(map(len, messages)) > 1 << 16


def test_an_unknown_method(opened: Opened) -> None:
    engine, _ = opened()
    answer, trailers = engine.call("/test.Echo/None")
    assert answer == []
    assert trailers["grpc-status"] == "12"


def test_a_refusal_has_its_status_and_words(opened: Opened) -> None:
    def refuse(_: Metadata, __: Iterator[bytes], ___: Callable[[bytes], None]) -> None:
        raise Refusal(5, "no secret „ä“ 100%\nhere")

    engine, session = opened({ECHO: refuse})
    _, trailers = engine.call(ECHO)
    assert trailers["grpc-status"] == "5"
    assert trailers["grpc-message"] == "no secret %E2%80%9E%C3%A4%E2%80%9C 100%25%0Ahere"
    assert session.trouble is None


def test_an_error_of_ours_ends_the_call_and_is_kept(opened: Opened) -> None:
    problem = ContextError("The file x went away.", fix="Build again.")

    def fail(_: Metadata, __: Iterator[bytes], ___: Callable[[bytes], None]) -> None:
        raise problem

    engine, session = opened({ECHO: fail})
    _, trailers = engine.call(ECHO)
    assert trailers["grpc-status"] == "2"
    assert trailers["grpc-message"] == "The file x went away."
    assert session.trouble is problem


def test_a_call_under_way_ends_when_the_session_is_closed(opened: Opened) -> None:
    entered, left = threading.Event(), threading.Event()

    def wait(_: Metadata, messages: Iterator[bytes], __: Callable[[bytes], None]) -> None:
        entered.set()
        list(messages)
        left.set()

    engine, session = opened({ECHO: wait})
    engine._ready.wait(5)
    stream = engine._http2.get_next_available_stream_id()
    headers = [(":method", "POST"), (":scheme", "http"), (":path", ECHO), (":authority", "x")]
    engine._http2.send_headers(stream, headers)  # and its end never comes
    engine._connection.sendall(engine._http2.data_to_send())
    assert entered.wait(5)
    session.close()
    assert left.wait(5)


def test_a_sender_does_not_wait_for_an_engine_that_hung_up(opened: Opened) -> None:
    entered, left = threading.Event(), threading.Event()

    def send_on(_: Metadata, __: Iterator[bytes], send: Callable[[bytes], None]) -> None:
        entered.set()
        try:
            while True:
                send(bytes(1 << 16))  # until the window is full, and then it waits
        finally:
            left.set()

    engine, _ = opened({ECHO: send_on})
    engine.open_call(ECHO)
    assert entered.wait(5)
    engine.hang_up()
    assert left.wait(5)


def test_an_engine_that_does_not_speak_http2(opened: Opened) -> None:
    engine, session = opened()
    engine._ready.wait(5)
    engine._connection.sendall(b"\x00" * 100 + b"what?")
    session._thread.join(5)
    assert not session._thread.is_alive()


@pytest.mark.parametrize("status", ["404 Not Found", "500 Internal Server Error"])
def test_an_engine_without_sessions(socket_path: Path, status: str) -> None:
    body = b'{"message":"page not found"}'
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    engine = Engine(socket_path, head + body)
    client = docker.DockerClient(base_url=engine.address, version="1.41")
    with pytest.raises(SessionUnavailable, match="page not found"):
        Session(client, {})
    client.close()
    engine.close()


def test_no_session_where_nobody_listens() -> None:
    client = docker.DockerClient(base_url="https://127.0.0.1:1", version="1.41")
    with pytest.raises(SessionUnavailable, match="refused"):
        Session(client, {})
    client.close()


def test_no_session_over_a_connection_that_cannot_be_taken() -> None:
    client = docker.DockerClient(base_url="http://127.0.0.1:1", version="1.41")
    client.api.base_url = "http+docker://localnpipe"  # as on Windows, where a pipe is the way
    client.api.mount("http+docker://", client.api.get_adapter("http://127.0.0.1:1"))
    with pytest.raises(SessionUnavailable, match="localnpipe"):
        Session(client, {})
    client.close()
