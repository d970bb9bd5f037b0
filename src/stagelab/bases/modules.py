"""`module_proxy`: the Go modules of a lesson, fetched once, then at hand without a network.

A read-through cache that speaks the protocol of the "Go Modules Reference", "GOPROXY protocol":
`/MODULE/@v/VERSION.info`, `.mod` and `.zip`. What a module version holds never changes, so it is
kept as it came; the go command compares it with `go.sum`, whoever served it.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import DockerException

from stagelab import _home
from stagelab.bases import gosum
from stagelab.bases.goenv import default_proxy
from stagelab.engine.connecting import connect
from stagelab.errors import ModulesUnavailable

if TYPE_CHECKING:
    import docker

VARIABLE = "GOPROXY"
"""Environment variable of the go command that says where modules come from."""

PORT = 41827
"""Preferred, so that the address stays and steps that know it stay cached; any other will do."""

_TIMEOUT = (10.0, 60.0)
_PIECE = 1 << 20
# A path escapes each capital as "!" and the small letter, so these are all that there can be.
_VERSION = re.compile(r"/[a-z0-9!._~/-]+/@v/[A-Za-z0-9!.+_-]+\.(?:info|mod|zip)")
_ESCAPED = re.compile(r"[A-Z]")
_Network = IPv4Network | IPv6Network
_LOOPBACK: tuple[_Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_HOST_NAME = "host.docker.internal"
_CREDENTIALS = re.compile(r"//[^/@\s]*@")

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}

_servers: dict[str, _Server] = {}


def module_proxy(
    app: str | os.PathLike[str] | None = None, *, client: docker.DockerClient | None = None
) -> str:
    """Serve Go modules to build steps from this computer, for `buildargs={"GOPROXY": …}`.

    Modules come from where GOPROXY of your environment says, else from where the go command of the
    base image would take them, and are kept in the course's cache folder. It serves as long as
    this Python process lives. Where a build step cannot reach this computer, or a module is not
    kept, the go command goes on to that place itself.

    Args:
        app: A folder with a `go.sum`: all that it names is fetched now, so that the build needs no
            network afterwards.
        client: The engine; None for the one that `connect` finds.

    Returns:
        A value for GOPROXY: our own address, then the place that modules come from.

    Raises:
        ModulesUnavailable: A module of `app` is not here and cannot be had.
    """
    client = client or connect()
    upstream = os.environ.get(VARIABLE) or default_proxy(client)
    store = _Store(_home.cache_dir() / "modules", upstream)
    if app is not None:
        for path, checksum in _needed(Path(app)):
            store.file(path, checksum)
    # A build argument stays in the image's history: no place for a name and a password.
    return f"{_serve(store, client)}|{_CREDENTIALS.sub('//', upstream)}"


@dataclass(frozen=True, slots=True)
class _Store:
    """Files of modules, as GOPROXY's protocol names them."""

    folder: Path
    upstream: str

    def file(self, path: str, checksum: str = "") -> Path:
        """Give the file behind a path of the protocol, fetched if it is not there yet.

        Args:
            path: As the protocol has it.
            checksum: What `go.sum` says of it, "" if nothing; another file is fetched anew.

        Raises:
            ModulesUnavailable: It cannot be had.
        """
        if not _is_safe(path):  # it names a file to be written
            raise ModulesUnavailable(
                f"{path[:200]!r} names no Go module.",
                fix="Let the go command write go.sum anew: `go mod tidy`.",
            )
        kept = self.folder.joinpath(*path.strip("/").split("/"))
        if not kept.is_file() or (checksum and gosum.checksum(kept) != checksum):
            self._fetch(path, kept, checksum)
        return kept

    def _fetch(self, path: str, kept: Path, checksum: str) -> None:
        said = []
        for source in re.split("[,|]", self.upstream):
            if not source.startswith(("http://", "https://")):
                continue  # "direct" and "off" are no servers
            try:
                with requests.get(
                    source.rstrip("/") + path, stream=True, timeout=_TIMEOUT
                ) as response:
                    response.raise_for_status()
                    _keep(response, kept, checksum)
            except (requests.RequestException, OSError) as error:
                if error.errno in _NO_ROOM:
                    raise _not_kept(kept, error) from error
                said.append(_CREDENTIALS.sub("//", str(error)))
            else:
                return
        module, _, version = path.strip("/").partition("/@v/")
        raise ModulesUnavailable(
            f"The Go module {module} {version.rpartition('.')[0]} is not on this computer and "
            "cannot be fetched.",
            fix="Connect this computer to the network once and run this again: what was fetched "
            f"is kept. Behind a company's proxy set {VARIABLE} to the address of its Go module "
            "proxy before you start.",
            detail="\n".join(said) or f"{VARIABLE}={self.upstream} names no server.",
        )


def _not_kept(kept: Path, error: OSError) -> ModulesUnavailable:
    return ModulesUnavailable(
        f"A Go module was fetched, and cannot be written to {kept.parent}.",
        fix="Free space there and see that the folder is yours, or set STAGELAB_HOME to a folder "
        "that you can write to; then run this again.",
        detail=str(error),
    )


def _keep(response: requests.Response, kept: Path, checksum: str) -> None:
    """Write an answer to its place, if it is what it should be.

    Raises:
        OSError: It cannot be written, or it is something else: a page that asks to log in, say.
    """
    kept.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=kept.parent, prefix="new-", suffix=kept.suffix)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in response.iter_content(_PIECE):
                file.write(piece)
        if not gosum.plausible(beside) or (checksum and gosum.checksum(beside) != checksum):
            kind = response.headers.get("Content-Type", "without a type")
            raise OSError(f"{_CREDENTIALS.sub('//', response.url)} gave something else ({kind})")
        beside.replace(kept)
    finally:
        beside.unlink(missing_ok=True)


def _needed(app: Path) -> Iterator[tuple[str, str]]:
    """Give the paths of all that a `go.sum` names, each with its checksum.

    As in the "Go Modules Reference", "go.sum files".

    Raises:
        ModulesUnavailable: There is no such file.
    """
    try:
        lines = (app / "go.sum").read_text("utf-8").splitlines()
    except OSError as error:
        raise ModulesUnavailable(
            f"{app} has no go.sum that can be read, so it is not known which modules it needs.",
            fix="Name the folder of an app that has one.",
            detail=str(error),
        ) from None
    for line in lines:
        if not line.strip():
            continue
        try:
            module, version, checksum = line.split()
        except ValueError:
            raise ModulesUnavailable(
                f"{app / 'go.sum'} has a line that is none of go.sum.",
                fix="Let the go command write it anew: `go mod tidy`.",
                detail=line[:200],
            ) from None
        plain = version.removesuffix("/go.mod")
        stem = f"/{_escaped(module)}/@v/{_escaped(plain)}"
        if plain != version:
            yield f"{stem}.mod", checksum
        else:
            yield f"{stem}.info", ""
            yield f"{stem}.zip", checksum


def _is_safe(path: str) -> bool:
    """Tell whether a path is one of the protocol, and leads nowhere but down."""
    return (
        _VERSION.fullmatch(path) is not None
        and not {"", ".", ".."} & set(path.strip("/").split("/"))
        and not path.startswith("//")
    )


def _escaped(name: str) -> str:
    return _ESCAPED.sub(lambda found: f"!{found.group().lower()}", name)


def _serve(store: _Store, client: docker.DockerClient) -> str:
    """Serve on an address that build steps reach and the network does not; once a process."""
    for bind, name, near in _addresses(client):
        if bind in _servers:
            return _url(name, _servers[bind])
        for port in (PORT, 0):
            with suppress(OSError):
                server = _Server((bind, port), partial(_Handler, store))
                server.near = near
                threading.Thread(target=server.serve_forever, daemon=True).start()
                _servers[bind] = server
                return _url(name, server)
    raise ModulesUnavailable(
        "No port of this computer is free to serve Go modules on.",
        fix="Close programs that serve something, or restart the kernel.",
    )


def usual_port(client: docker.DockerClient) -> tuple[str, bool]:
    """Tell where `module_proxy` would listen, and whether its usual port is free there, or its own.

    Args:
        client: The engine.
    """
    for bind, _, _ in _addresses(client):
        if bind in _servers:
            return bind, _servers[bind].server_port == PORT
        try:
            _Server((bind, PORT), _Handler).server_close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                continue  # no address of this machine
            return bind, False
        return bind, True
    return "127.0.0.1", False


def _url(name: str, server: _Server) -> str:
    return f"http://{name}:{server.server_port}"


def _addresses(client: docker.DockerClient) -> Iterator[tuple[str, str, tuple[_Network, ...]]]:
    """Give where to listen, how a build step names it, and who may ask; the own bridge first.

    An engine in a virtual machine has a bridge that is none of ours, so that we cannot listen
    there; those of Docker Desktop and its like know this computer by a name.
    """
    with suppress(DockerException):
        for config in client.networks.get("bridge").attrs["IPAM"]["Config"] or ():
            if gateway := config.get("Gateway"):
                own = config.get("Subnet") or gateway
                yield gateway, gateway, (*_LOOPBACK, ip_network(own, strict=False))
    yield "127.0.0.1", _HOST_NAME, _LOOPBACK


class _Server(ThreadingHTTPServer):
    """Answers this machine and the containers of one bridge.

    A computer takes what is meant for any of its addresses, whichever way it comes: that we listen
    on the bridge's does not keep others of the network from asking.
    """

    daemon_threads = True
    near: tuple[_Network, ...] = ()

    def verify_request(self, _request: object, client_address: tuple[str, int]) -> bool:
        """Tell whether who asks is near; all others' connections are closed."""
        return any(ip_address(client_address[0]) in network for network in self.near)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Tell of a fault; that a build was stopped, and its step hung up, is none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, store: _Store, *arguments: object) -> None:
        self._store = store
        super().__init__(*arguments)  # type: ignore[arg-type]  # as socketserver calls it

    def do_GET(self) -> None:
        """Answer a request of the go command."""
        if not _is_safe(self.path):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            content = self._store.file(self.path).read_bytes()
        except (ModulesUnavailable, OSError):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: a notebook's output is no server's log."""
