"""An archive as Debian's, made by the test, on a server of its own."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DATE = "Sat, 21 Nov 2026 09:15:44 UTC"
RELEASE = {"ID": "ubuntu", "VERSION_CODENAME": "noble"}
ORIGIN = "Ubuntu"


def stanza(name: str, version: str, deb: bytes = b"", **fields: str) -> str:
    """Give one stanza of Packages, with fields that matter and some that do not."""
    told = {
        "Package": name,
        "Version": version,
        **fields,
        "Maintainer": "Someone <someone@example.org>",
        "Description": "a package\n with a second line\n .\n Version: 99",
        "Filename": f"pool/{name}.deb",
        "Size": str(len(deb)),
        "SHA256": hashlib.sha256(deb).hexdigest(),
    }
    return "".join(f"{key}: {value}\n" for key, value in told.items()) + "\n"


def deb(
    package: str, changelog: str, *, form: str = "xz", name: str = "changelog.Debian.gz"
) -> bytes:
    """Give a package that has nothing but a changelog."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        raw = gzip.compress(changelog.encode())
        info = tarfile.TarInfo(f"./usr/share/doc/{package}/{name}")
        info.size = len(raw)
        tar.addfile(info, io.BytesIO(raw))
    packers = {
        "xz": lzma.compress,
        "zst": zstandard.ZstdCompressor().compress,
        "gz": gzip.compress,
    }
    suffix = f".{form}" if form else ""
    data = packers[form](buffer.getvalue()) if form else buffer.getvalue()
    members = [("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), (f"data.tar{suffix}", data)]
    return b"!<arch>\n" + b"".join(
        f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(raw):<10}`\n".encode()
        + raw
        + b"\n" * (len(raw) % 2)
        for member, raw in members
    )


@dataclass
class Archive:
    """Files by path, with a tag each, and what was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    address: str = ""
    stop: Callable[[], None] = lambda: None

    def publish(
        self,
        suite: str,
        text: str = "",
        *,
        origin: str = ORIGIN,
        date: str = DATE,
        signed: bool = True,
        by_hash: bool = False,
        indexes: Mapping[str, str] | None = None,
    ) -> None:
        """Write a suite with these stanzas in main, or in the components of `indexes`."""
        listed = []
        for component, stanzas in (indexes or {"main": text}).items():
            packed = lzma.compress(stanzas.encode())
            path = f"{component}/binary-amd64/Packages.xz"
            digest = hashlib.sha256(packed).hexdigest()
            stored = f"{component}/binary-amd64/by-hash/SHA256/{digest}" if by_hash else path
            self.files[f"/dists/{suite}/{stored}"] = packed
            listed.append(f" {digest} {len(packed):>8} {path}\n")
        release = (
            f"Origin: {origin}\nLabel: x\nSuite: {suite}\nCodename: {suite.partition('-')[0]}\n"
            f"Date: {date}\n"
            + ("Acquire-By-Hash: yes\n" if by_hash else "")
            + "MD5Sum:\n 0123 1 main/binary-amd64/Packages.xz\nSHA256:\n"
            + "".join(listed)
        )
        if signed:
            release = (
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
                f"{release}-----BEGIN PGP SIGNATURE-----\n\nDate: x\n-----END PGP SIGNATURE-----\n"
            )
        self.files[f"/dists/{suite}/InRelease"] = release.encode()

    def statuses(self, end: str) -> list[int]:
        """Give the statuses of the answers for paths with this end."""
        return [status for path, status in self.asked if path.endswith(end)]


@contextmanager
def served() -> Iterator[Archive]:
    """Serve an archive on this machine."""
    archive = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            archive.headers.append(dict(self.headers.items()))
            path = urlsplit(self.path).path  # a proxy is asked for whole addresses
            raw = archive.files.get(path)
            tag = f'"{hashlib.sha256(raw or b"").hexdigest()}"'
            status = 404 if raw is None else 200
            if raw is not None and self.headers.get("If-None-Match") == tag:
                status, raw = 304, None
            if path in archive.redirects:
                status, raw = 302, None
            archive.asked.append((self.path, status))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", archive.redirects[path])
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(raw or b"")))
            self.end_headers()
            self.wfile.write(raw or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    archive.address = f"http://127.0.0.1:{server.server_port}"

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    archive.stop = stop
    try:
        yield archive
    finally:
        if thread.is_alive():
            stop()
