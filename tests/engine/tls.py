"""A door with TLS in front of an engine's Unix socket, as a remote engine has one."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Door:
    """Where the engine answers, and what a client needs to get in."""

    url: str
    ca: str
    certificate: str
    key: str


@contextlib.contextmanager
def tls_door(
    engine_socket: str,
    folder: Path,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> Iterator[Door]:
    """Open it on a free port of 127.0.0.1; clients must show a certificate.

    Args:
        engine_socket: The engine's.
        folder: Gets the client's files.
        not_before: When the door's own certificate begins to be valid.
        not_after: When it ends to be.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_before=not_before, not_after=not_after).configure_cert(
        context
    )
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    client = authority.issue_cert("client@stagelab.test")
    client.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    client.private_key_pem.write_to_path(str(folder / "key.pem"))
    listener = socket.create_server(("127.0.0.1", 0))
    closing = threading.Event()

    def accept() -> None:
        while not closing.is_set():
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(plain,), daemon=True).start()

    def serve(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            plain.settimeout(30)
            with (
                context.wrap_socket(plain, server_side=True) as outside,
                socket.socket(socket.AF_UNIX) as inside,
            ):
                inside.connect(engine_socket)
                relay(outside, inside)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        port = listener.getsockname()[1]
        files = (str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem"))
        yield Door(f"tcp://127.0.0.1:{port}", *files)
    finally:
        closing.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def relay(outside: ssl.SSLSocket, inside: socket.socket) -> None:
    """Carry bytes both ways; one thread alone, for OpenSSL's sake."""
    outside.settimeout(0.005)
    inside.settimeout(0.005)
    while True:
        for source, target in ((outside, inside), (inside, outside)):
            try:
                data = source.recv(1 << 16)
            except TimeoutError:
                continue
            if not data:
                return
            target.settimeout(30)
            target.sendall(data)
            target.settimeout(0.005)
