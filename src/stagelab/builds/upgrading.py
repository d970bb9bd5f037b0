"""Turn a request's connection to the engine into a two-way stream of bytes.

`POST /session` answers `101 Switching Protocols`; from then on the connection is ours, below the
Docker SDK's HTTP. Unix sockets, plain TCP and TCP with TLS can be had in this way; Windows' named
pipes and SSH cannot.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from docker.transport import UnixHTTPAdapter
from urllib3 import HTTPHeaderDict

if TYPE_CHECKING:
    import docker

_SWITCHING_PROTOCOLS = 101
_PIECE = 1 << 16
_MOST_WAITING = 1 << 20
"""Bytes that may wait in a relay for one side to take them."""


class UpgradeRefused(Exception):
    """The engine, or the way to it, cannot turn the connection over."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A connection that is ours.

    Attributes:
        reader: Has `read1(size)`: bytes as they arrive, b"" at the end.
        socket: What to write to, and to shut down.
        response: Owns the connection; close it at the end.
    """

    reader: Any
    socket: socket.socket
    response: Any

    def shut(self) -> None:
        """End the connection; whoever reads from it is woken."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free what it holds, after `shut` and when nobody reads any more."""
        self.response.close()
        self.reader.close()
        self.socket.close()


def upgrade(
    client: docker.DockerClient,
    path: str,
    protocol: str,
    headers: Mapping[str, str | tuple[str, ...]],
) -> Stream:
    """Send a POST that asks for an upgrade, and take the connection over.

    Args:
        client: The engine.
        path: Of the request, with its leading slash, without the API's version.
        protocol: What to upgrade to, such as "h2c".
        headers: Further headers; one with several values is sent several times.

    Raises:
        UpgradeRefused: The engine said no, or the connection is of a kind that cannot be taken.
        urllib3.exceptions.HTTPError: The connection failed.
        OSError: Likewise.
    """
    fields = HTTPHeaderDict({"Connection": "Upgrade", "Upgrade": protocol})
    for name, values in headers.items():
        for value in (values,) if isinstance(values, str) else values:
            fields.add(name, value)
    api = client.api
    response = _pool(api).urlopen(
        "POST",
        f"/v{api.api_version}{path}",
        headers=fields,
        preload_content=False,
        retries=False,
        timeout=None,
    )
    if response.status != _SWITCHING_PROTOCOLS:
        detail = response.read(1 << 12).decode("utf-8", "replace")
        response.close()
        raise UpgradeRefused(detail or f"HTTP {response.status}")
    # Reading goes through the response's buffer: it may hold the first bytes of the stream already.
    reader = response._fp.fp  # noqa: SLF001 - an upgraded connection has no public way in
    taken = reader.raw._sock  # noqa: SLF001 - as above
    if isinstance(taken, ssl.SSLSocket):
        inner = _relayed(taken, reader)
        return Stream(inner.makefile("rb"), inner, response)
    return Stream(reader, taken, response)


def _pool(api: Any) -> Any:  # noqa: ANN401 - the SDK ships no types
    adapter = api.get_adapter(api.base_url)
    if isinstance(adapter, UnixHTTPAdapter):
        return adapter.get_connection(api.base_url)
    if api.base_url.startswith(("http://", "https://")):
        request = requests.Request("POST", api.base_url).prepare()
        return adapter.get_connection_with_tls_context(
            request, verify=api.verify, proxies=None, cert=api.cert
        )
    raise UpgradeRefused(f"a connection to {api.base_url} cannot be taken over")


def _relayed(tls: ssl.SSLSocket, reader: Any) -> socket.socket:  # noqa: ANN401 - http.client's
    """Give a plain socket in place of one with TLS, which two threads must not use at once."""
    tls.settimeout(0)
    try:
        early = bytes(reader.peek(1))
    except ssl.SSLWantReadError:
        early = b""
    inner, outer = socket.socketpair()
    threading.Thread(target=_relay, args=(tls, outer, early), name="tls-relay", daemon=True).start()
    return inner


def _relay(tls: ssl.SSLSocket, plain: socket.socket, early: bytes) -> None:
    """Carry bytes both ways until one side ends."""
    plain.settimeout(0)
    inbound, outbound = bytearray(early), bytearray()
    with suppress(OSError, ValueError), plain:  # an end is an end, however it came
        while True:
            room = len(inbound) < _MOST_WAITING
            if not (room and tls.pending()):
                readable = [plain] if len(outbound) < _MOST_WAITING else []
                readable += [tls] if room else []
                writable = [plain] if inbound else []
                writable += [tls] if outbound else []
                select.select(readable, writable, [])
            if room and not _take(tls, inbound):
                break
            if len(outbound) < _MOST_WAITING and not _take(plain, outbound):
                break
            _give(plain, inbound)
            _give(tls, outbound)


_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def _take(source: socket.socket, into: bytearray) -> bool:
    """Read what is there; False at the stream's end."""
    with suppress(*_NOT_NOW):
        data = source.recv(_PIECE)
        into += data
        return bool(data)
    return True


def _give(target: socket.socket, data: bytearray) -> None:
    """Write as much as is taken now."""
    if data:
        with suppress(*_NOT_NOW):
            del data[: target.send(data)]
