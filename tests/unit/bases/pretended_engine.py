"""A pretended engine: just enough of the Engine API for images to be looked up, pulled, loaded."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class PretendedEngine:
    """What the engine has, what its registries do, and what it was asked."""

    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    untagged: list[dict[str, Any]] = field(default_factory=list)
    pulls: dict[str, list[dict[str, Any]] | int | float] = field(default_factory=dict)
    words: str = ""
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def add(self, reference: str, *, labels: dict[str, str] | None = None, seed: str = "") -> str:
        if before := self.images.get(reference):
            self.untagged.append({**before, "RepoTags": []})
        image_id = "sha256:" + hashlib.sha256((seed or reference).encode()).hexdigest()
        self.images[reference] = {
            "Id": image_id,
            "Size": 1234,
            "RepoTags": [reference],
            "Config": {"Labels": labels},
        }
        return image_id

    def pulled(self) -> list[str]:
        return [line.removeprefix("pull ") for line in self.asked if line.startswith("pull ")]

    def load(self, archive: bytes) -> None:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:

            def read(name: str) -> Any:  # noqa: ANN401  # JSON
                content = tar.extractfile(name)
                assert content is not None
                return json.loads(content.read())

            for image in read("manifest.json"):
                config = read(image["Config"])
                for tag in image["RepoTags"]:
                    self.add(tag, labels=config["config"].get("Labels"), seed=image["Config"])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: PretendedEngine

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in the base
        del format, args

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).split("/", 2)[2]
        if path == "version":
            self._json(200, {"ApiVersion": "1.41", "Arch": "amd64"})
            return
        if path == "info":  # by which the ledger tells engines apart
            self._json(200, {"ID": "pretended", "DockerRootDir": "/var/lib/pretended"})
            return
        reference = path.removeprefix("images/").removesuffix("/json")
        known = [*self.engine.images.items(), *((one["Id"], one) for one in self.engine.untagged)]
        for name, image in known:
            if reference in {name, image["Id"]}:
                self._json(200, image)
                return
        self._json(404, {"message": f"No such image: {reference}"})

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path).split("/", 2)[2]
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        body = self._body()
        if path == "images/create":
            self._pull(f"{query['fromImage']}:{query['tag']}")
        elif path == "images/load":
            self.engine.load(body)
            self._json(200, {"stream": "Loaded\n"})
        elif path.endswith("/tag"):
            image_id = path.removeprefix("images/").removesuffix("/tag")
            self.engine.images[f"{query['repo']}:{query['tag']}"] = {
                "Id": image_id,
                "Size": 1234,
                "RepoTags": [f"{query['repo']}:{query['tag']}"],
                "Config": {},
            }
            self.engine.asked.append(f"tag {query['repo']}:{query['tag']}")
            self._json(201, {})
        else:
            self._json(404, {"message": path})

    def do_DELETE(self) -> None:
        self.engine.asked.append(f"delete {unquote(urlsplit(self.path).path).rsplit('/', 1)[1]}")
        self._json(200, [])

    def _pull(self, reference: str) -> None:
        self.engine.asked.append(f"pull {reference}")
        plan = self.engine.pulls[reference]
        if isinstance(plan, float):
            time.sleep(plan)
            self._json(500, {"message": "late"})
        elif isinstance(plan, int):
            self._json(plan, {"message": self.engine.words})
        else:
            if not any("error" in line for line in plan):
                self.engine.add(reference, seed=f"pulled {reference}")
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")  # as real engines stream
            self.end_headers()
            for line in plan:
                data = json.dumps(line).encode() + b"\r\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.write(b"0\r\n\r\n")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _json(self, status: int, value: object) -> None:
        self._send(status, json.dumps(value).encode())

    def _send(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
