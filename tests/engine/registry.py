"""A little registry with a password, so that private base images can be pulled for real.

Speaks as much of the OCI distribution specification as a pull needs, on 127.0.0.1, which engines
take for safe without TLS.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docker

NAME = "private/base"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


@dataclass(frozen=True)
class Registry:
    """Where it is, and who may pull."""

    address: str
    user: str
    password: str

    @property
    def reference(self) -> str:
        """The image in it."""
        return f"{self.address}/{NAME}:1"

    def write_config(self, folder: Path) -> None:
        """Write a config.json that knows the password, as `docker login` does."""
        word = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        text = json.dumps({"auths": {self.address: {"auth": word}}})
        (folder / "config.json").write_text(text)


@dataclass(frozen=True)
class Contents:
    """What the registry has, and the word that lets one in."""

    blobs: dict[str, bytes]
    manifest: bytes
    word: str

    def answer(self, path: str, authorization: str | None) -> tuple[int, bytes, dict[str, str]]:
        """Give status, body and headers."""
        if authorization != f"Basic {self.word}":
            return 401, b"{}", {"WWW-Authenticate": 'Basic realm="private"'}
        if path.rstrip("/") == "/v2":
            return 200, b"{}", {}
        if re.fullmatch(rf"/v2/{NAME}/manifests/\S+", path):
            return 200, self.manifest, {"Content-Type": MANIFEST}
        body = self.blobs.get(path.rpartition("/")[2])
        return (404, b"{}", {}) if body is None else (200, body, {})


class Server(ThreadingHTTPServer):
    """Has the contents at hand for its handlers."""

    def __init__(self, contents: Contents) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents = contents


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        allowed = self.headers.get("Authorization")
        status, body, headers = self.server.contents.answer(self.path, allowed)
        self.send_response(status)
        given = {
            "Content-Length": str(len(body)),
            "Docker-Content-Digest": f"sha256:{hashlib.sha256(body).hexdigest()}",
            "Docker-Distribution-Api-Version": "registry/2.0",
        }
        for name, value in {**given, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def send_error(self, code: int, *_: object) -> None:
        # To whoever tries TLS first the answer must be one in HTTP, as from other servers.
        self.close_connection = True
        self.wfile.write(f"HTTP/1.1 {code} Bad Request\r\nContent-Length: 0\r\n\r\n".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def registry(
    client: docker.DockerClient, image: str, *, user: str, password: str
) -> Iterator[Registry]:
    """Serve one image of the engine under another name."""
    blobs, manifest = _contents(b"".join(client.images.get(image).save(named=True)))
    word = base64.b64encode(f"{user}:{password}".encode()).decode()
    server = Server(Contents(blobs, manifest, word))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Registry(f"127.0.0.1:{server.server_port}", user, password)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _contents(archive: bytes) -> tuple[dict[str, bytes], bytes]:
    """Give an image's blobs by digest, and its manifest, from what `docker save` wrote."""
    blobs: dict[str, bytes] = {}

    def entry(media: str, data: bytes) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        blobs[digest] = data
        return {"mediaType": media, "size": len(data), "digest": digest}

    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:

        def read(name: str) -> bytes:
            file = packed.extractfile(name)
            assert file is not None
            return file.read()

        (listed,) = json.loads(read("manifest.json"))
        config = entry(CONFIG, read(listed["Config"]))
        layers = []
        for name in listed["Layers"]:
            data = read(name)
            kind = f"{LAYER}.gzip" if data.startswith(b"\x1f\x8b") else LAYER
            layers.append(entry(kind, data))
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    return blobs, json.dumps(manifest).encode()
