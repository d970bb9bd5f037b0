"""A BuildKit session: the engine calls back to us while it builds.

The connection of `POST /session` is upgraded to HTTP/2, and on it the roles turn: the engine is
the gRPC client, this module the server. Methods are those of BuildKit's `session` packages; which
ones we serve is told in the request's headers.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import string
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from urllib3.exceptions import HTTPError

from stagelab.builds.upgrading import Stream, UpgradeRefused, upgrade
from stagelab.errors import StagelabError

if TYPE_CHECKING:
    import docker

Metadata = Mapping[str, tuple[str, ...]]
Handler = Callable[[Metadata, Iterator[bytes], Callable[[bytes], None]], None]
"""A gRPC method: request metadata, incoming messages, a function that sends a message."""

_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"  # HealthCheckResponse with status = SERVING
_GATHERED = 1 << 16
"""Bytes from which on a call's messages are sent at once."""

_ACKNOWLEDGED = 1 << 14
"""Bytes from which on it is said that they were taken: a quarter of a stream's window."""

_MANY = 100
_LULL = 0.002
"""Once there were `_MANY` messages, seconds to let more of them come: each waking costs."""

_PREFIX = 5  # gRPC's message prefix: a compression flag and the length
_OK, _UNKNOWN, _UNIMPLEMENTED = 0, 2, 12  # gRPC statuses
_UNQUOTED = " " + string.punctuation.replace("%", "")  # in a gRPC message, all else is %XX


class Session:
    """An open session; use it as a context manager around the build that names it.

    Args:
        client: The engine.
        methods: gRPC method path, such as "/moby.filesync.v1.FileSync/DiffCopy", to its handler.
        shared_key: Builds with the same key may reuse files that an earlier session sent.

    Attributes:
        id: Its name, for the build's `session` parameter.
        trouble: The error that ended a handler, if one did; the engine knows its words only.

    Raises:
        SessionUnavailable: The engine, or the way to it, has no sessions.
    """

    def __init__(
        self, client: docker.DockerClient, methods: Mapping[str, Handler], *, shared_key: str = ""
    ) -> None:
        self.id = secrets.token_hex(12)
        self._methods = {_HEALTH: _serve_health, **methods}
        self.trouble: StagelabError | None = None
        self._calls: dict[int, _Call] = {}
        self._taken: Counter[int] = Counter()  # bytes by stream that are not acknowledged yet
        self._heard = 0  # messages
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._closed = False
        self._stream = self._open(client, shared_key)
        self._http2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        self._http2.initiate_connection()
        self._http2.increment_flow_control_window(1 << 24)
        self._flush()
        self._thread = threading.Thread(target=self._serve, name="buildkit-session", daemon=True)
        self._thread.start()

    def _open(self, client: docker.DockerClient, shared_key: str) -> Stream:
        headers: dict[str, str | tuple[str, ...]] = {
            "X-Docker-Expose-Session-Uuid": self.id,
            "X-Docker-Expose-Session-Name": "stagelab",
            "X-Docker-Expose-Session-Sharedkey": shared_key,
            "X-Docker-Expose-Session-Grpc-Method": tuple(self._methods),
        }
        try:
            return upgrade(client, "/session", "h2c", headers)
        except (UpgradeRefused, HTTPError, OSError) as error:
            raise SessionUnavailable(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session; calls under way are broken off."""
        with self._room:
            self._closed = True
            self._room.notify_all()
        for call in list(self._calls.values()):
            call.end()
        self._stream.shut()
        self._thread.join(timeout=5)
        self._stream.close()

    # the reader's thread

    def _serve(self) -> None:
        # closed under our hands, or an engine that does not keep to HTTP/2
        with contextlib.suppress(OSError, ValueError, AttributeError, h2.exceptions.H2Error):
            while not self._closed:
                data = self._stream.reader.read1(1 << 16)
                if not data:
                    break
                with self._room:
                    heard = self._heard
                    for event in self._http2.receive_data(data):
                        self._handle(event)
                    self._flush()
                    self._room.notify_all()
                if self._heard > max(heard, _MANY):
                    time.sleep(_LULL)
        with self._room:
            self._closed = True
            self._room.notify_all()
        for call in list(self._calls.values()):
            call.end()

    def _handle(self, event: object) -> None:
        if isinstance(event, h2.events.RequestReceived):
            opened = _Call(_by_name(event.headers or ()))
            self._calls[event.stream_id] = opened
            threading.Thread(
                target=self._answer,
                args=(event.stream_id, opened),
                name="buildkit-call",
                daemon=True,
            ).start()
        elif isinstance(event, h2.events.DataReceived):
            call = self._calls.get(event.stream_id)
            if call is not None:
                call.feed(event.data or b"")
            self._heard += 1
            self._taken[event.stream_id] += event.flow_controlled_length or 0
            self._acknowledge(event.stream_id)
        elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
            call = self._calls.get(event.stream_id)
            if call is not None:
                call.end()
            self._acknowledge(event.stream_id, at_least=0)

    def _acknowledge(self, stream: int, at_least: int = _ACKNOWLEDGED) -> None:
        """Let the engine send as much again as was taken, if that is worth a word."""
        taken = self._taken.get(stream, 0)
        if taken >= at_least:
            self._http2.acknowledge_received_data(taken, stream)
            self._taken.pop(stream, None)

    # the threads of the calls

    def _answer(self, stream: int, call: _Call) -> None:
        handler = self._methods.get(call.path)
        status, message = (_UNIMPLEMENTED, call.path) if handler is None else (_OK, "")
        try:
            with self._room:
                self._http2.send_headers(
                    stream, [(":status", "200"), ("content-type", "application/grpc")]
                )
                self._flush()
            if handler is not None:
                out = _Outbox(lambda data: self._send(stream, data))
                try:
                    handler(call.metadata, call.messages(out.flush), out.send)
                    out.flush()
                except Refusal as refusal:
                    status, message = refusal.status, refusal.message
                except StagelabError as error:
                    self.trouble = error
                    status, message = _UNKNOWN, error.cause
            with self._room:
                trailers = [("grpc-status", str(status))]
                if message:
                    trailers.append(("grpc-message", quote(message, safe=_UNQUOTED)))
                self._http2.send_headers(stream, trailers, end_stream=True)
                self._flush()
        except (OSError, h2.exceptions.H2Error):
            pass  # the engine went away or took the call back: there is nobody to tell
        finally:
            self._calls.pop(stream, None)

    def _send(self, stream: int, data: bytes) -> None:
        left = memoryview(data)
        while left:
            with self._room:
                while not (room := self._http2.local_flow_control_window(stream)):
                    if self._closed:
                        raise OSError("the session is closed")
                    self._room.wait(timeout=1)
                now, left = left[:room], left[room:]
                frame = self._http2.max_outbound_frame_size
                for start in range(0, len(now), frame):
                    self._http2.send_data(stream, now[start : start + frame])
                self._flush()

    def _flush(self) -> None:
        data = self._http2.data_to_send()
        if data:
            self._stream.socket.sendall(data)


class SessionUnavailable(Exception):
    """There is no session to be had on this connection."""


class Refusal(Exception):
    """A handler's answer of "no": a gRPC status code and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class _Call:
    """One gRPC call: its metadata, and its messages as they arrive."""

    def __init__(self, headers: dict[str, tuple[str, ...]]) -> None:
        self.path = headers.get(":path", ("",))[0]
        self.metadata: Metadata = headers
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= _PREFIX:
            (length,) = struct.unpack_from(">I", self._buffer, 1)
            if len(self._buffer) < _PREFIX + length:
                return
            self._queue.put(bytes(self._buffer[_PREFIX : _PREFIX + length]))
            del self._buffer[: _PREFIX + length]

    def end(self) -> None:
        self._queue.put(None)

    def messages(self, before_waiting: Callable[[], None]) -> Iterator[bytes]:
        while True:
            if self._queue.empty():
                before_waiting()
            message = self._queue.get()
            if message is None:
                return
            yield message


class _Outbox:
    """Gathers a call's messages: many small ones travel together."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._gathered: list[bytes] = []
        self._size = 0

    def send(self, message: bytes) -> None:
        self._gathered += struct.pack(">BI", 0, len(message)), message
        self._size += len(message)
        if self._size >= _GATHERED:
            self.flush()

    def flush(self) -> None:
        if self._gathered:
            gathered = b"".join(self._gathered)
            self._gathered, self._size = [], 0
            self._send(gathered)


def _by_name(headers: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - h2's own header type
    """Group header fields by name."""
    grouped: dict[str, tuple[str, ...]] = {}
    for name, value in headers:
        grouped[name] = (*grouped.get(name, ()), value)
    return grouped


def _serve_health(_: Metadata, messages: Iterator[bytes], send: Callable[[bytes], None]) -> None:
    next(messages, None)
    send(_SERVING)
