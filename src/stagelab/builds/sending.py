"""Send a build to the engine over the plain Engine API, and read its stream.

`POST /build`: with `version=1` the classic builder, with `version=2` BuildKit. On BuildKit the
context goes file by file through a session where there is one to be had, else, as on the classic
builder, as a tar in the request's body. Closing the response stops the build on the engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import Any

import requests
import urllib3

from stagelab.builds.context import CHUNK, tar, tar_dockerfile
from stagelab.builds.filesync import handlers
from stagelab.builds.order import Order
from stagelab.builds.session import Session, SessionUnavailable
from stagelab.errors import EngineUnreachable

_CLASSIC, _BUILDKIT = "1", "2"
_HTTP_ERROR = 400


def classic(order: Order) -> Generator[dict[str, Any], None, None]:
    """Build with the classic builder and give its stream's lines, decoded."""
    with ExitStack() as stack:
        yield from _post(order, stack, _parameters(order, _CLASSIC), body=True)


def buildkit(order: Order) -> Generator[dict[str, Any], None, None]:
    """Build with BuildKit and give its stream's lines, decoded.

    An engine without BuildKit (Podman's service) builds all the same and answers as the classic
    builder does.
    """
    parameters = _parameters(order, _BUILDKIT)
    with ExitStack() as stack:
        try:
            session = stack.enter_context(
                Session(order.client, handlers(order.context), shared_key=_shared_key(order))
            )
        except (SessionUnavailable, urllib3.exceptions.HTTPError, OSError):
            yield from _post(order, stack, parameters, body=True)
        else:
            parameters |= {
                "remote": "client-session",
                "session": session.id,
                "dockerfile": "Dockerfile",
            }
            yield from _post(order, stack, parameters, body=False)
            if session.trouble is not None:
                raise session.trouble


def _parameters(order: Order, version: str) -> dict[str, str]:
    parameters = {
        "version": version,
        "dockerfile": tar_dockerfile(order.context),
        "labels": json.dumps(dict(order.labels)),
        "rm": "1",
        "forcerm": "1",
    }
    if order.target:
        parameters["target"] = order.target
    if order.buildargs:
        parameters["buildargs"] = json.dumps(dict(order.buildargs))
    if order.tag:
        parameters["t"] = order.tag
    if order.nocache:
        parameters["nocache"] = "1"
    return parameters


def _post(
    order: Order, stack: ExitStack, parameters: dict[str, str], *, body: bool
) -> Iterator[dict[str, Any]]:
    api = order.client.api
    try:
        response = api.post(
            f"{api.base_url}/v{api.api_version}/build",
            params=parameters,
            data=tar(order.context, hide=parameters["version"] == _CLASSIC) if body else None,
            headers={"Content-Type": "application/x-tar"} if body else {},
            stream=True,
            timeout=None,
        )
        stack.callback(response.close)
        if response.status_code >= _HTTP_ERROR:
            yield {"error": _message(response)}
            return
        yield from _lines(response)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise EngineUnreachable(
            "The connection to the engine broke during the build.",
            fix="Check that the engine still runs (`stagelab doctor`), then build again: what "
            "was finished is in the build cache.",
            detail=str(error),
        ) from None


def _lines(response: requests.Response) -> Iterator[dict[str, Any]]:
    """Split the stream into its JSON lines, as they arrive."""
    rest = b""
    for chunk in response.raw.stream(CHUNK, decode_content=True):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)
    if rest.strip():
        yield json.loads(rest)


def _message(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text or f"HTTP {response.status_code}"


def _shared_key(order: Order) -> str:
    """Name the folder: a later build of the same one sends only the files that changed."""
    return hashlib.sha256(str(order.context.root.resolve()).encode()).hexdigest()
