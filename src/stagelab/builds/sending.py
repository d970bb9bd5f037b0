"""Send a build to the engine over the plain Engine API, and read its stream.

`POST /build`: with `version=1` the classic builder, with `version=2` BuildKit. On BuildKit the
context goes file by file through a session where there is one to be had, else, as on the classic
builder, as a tar in the request's body. Closing the response stops the build on the engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import requests

from stagelab.builds import filesync, registry_auth
from stagelab.builds.context import CHUNK
from stagelab.builds.guard import Guard
from stagelab.builds.order import Order
from stagelab.builds.packing import tar
from stagelab.builds.parameters import BUILDKIT, CLASSIC, parameters
from stagelab.builds.session import Session, SessionUnavailable
from stagelab.engine.lost import BROKEN, lost
from stagelab.errors import EngineUnreachable, OptionUnsupported

_HTTP_ERROR = 400
_Parameters = Mapping[str, str | list[str]]


def classic(order: Order, guard: Guard) -> Generator[dict[str, Any], None, None]:
    """Build with the classic builder and give its stream's lines, decoded.

    Args:
        order: What is to be built.
        guard: May stop it.

    Raises:
        OptionUnsupported: The order wants what only BuildKit has.
        EngineUnreachable: The connection broke.
    """
    given = parameters(order, CLASSIC)
    with ExitStack() as stack:
        headers = registry_auth.header()
        yield from _post(
            order, guard, stack, given, body=tar(order.context, hide=True), headers=headers
        )


def buildkit(order: Order, guard: Guard) -> Generator[dict[str, Any], None, None]:
    """Build with BuildKit and give its stream's lines, decoded.

    An engine without BuildKit (Podman's service) builds all the same and answers as the classic
    builder does.

    Args:
        order: What is to be built.
        guard: May stop it.

    Raises:
        OptionUnsupported: The order wants what only the classic builder has, or secrets over a
            connection that cannot carry a session.
        EngineUnreachable: The connection broke.
    """
    given = parameters(order, BUILDKIT)
    methods = {
        **filesync.handlers(order.context),
        **order.secrets.handlers(),
        **registry_auth.handlers(),
    }
    with ExitStack() as stack:
        try:
            session = stack.enter_context(
                Session(order.client, methods, shared_key=_shared_key(order))
            )
        except SessionUnavailable as error:
            if order.secrets:
                raise _no_way_for_secrets(order, error) from None
            yield from _post(order, guard, stack, given, body=tar(order.context))
            return
        wanted = {"remote": "client-session", "session": session.id, "dockerfile": "Dockerfile"}
        yield from _post(order, guard, stack, {**given, **wanted})
        if session.trouble is not None:
            raise session.trouble


def _no_way_for_secrets(order: Order, error: SessionUnavailable) -> OptionUnsupported:
    return OptionUnsupported(
        "Secrets need a BuildKit session, and there is none to be had over this connection "
        f"({order.client.api.base_url}).",
        fix="Reach the engine by a Unix socket or by TCP, or build without secrets.",
        detail=str(error),
    )


def _post(
    order: Order,
    guard: Guard,
    stack: ExitStack,
    given: _Parameters,
    *,
    body: Iterator[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    api = order.client.api
    kind = {"Content-Type": "application/x-tar"} if body is not None else {}
    try:
        response = api.post(
            f"{api.base_url}/v{api.api_version}/build",
            params={**given, "buildid": order.id},
            data=guard.sends(body) if body is not None else None,
            headers={**kind, **(headers or {})},
            stream=True,
            timeout=None,
        )
        stack.callback(response.close)
        guard.reads(response)
        if response.status_code >= _HTTP_ERROR:
            yield {"error": _message(response)}
            return
        yield from _lines(response)
    except BROKEN as error:
        raise lost(error, "the build", order.client) from None
    except json.JSONDecodeError as error:
        raise EngineUnreachable(
            "What answers in the engine's place does not speak as an engine does: a proxy, or "
            "another service.",
            fix="Check the address (`stagelab doctor`), and that no proxy stands before it.",
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
    """Name the folder: a later build of the same one sends only the files that changed.

    Without a name, as for an archive, everything is sent.
    """
    key = order.context.key
    return hashlib.sha256(key.encode()).hexdigest() if key else ""
