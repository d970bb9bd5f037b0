"""Find out whether an engine's BuildKit heeds an option, by what it plans.

An engine leaves out options that it does not know without a word, and neither its version nor its
API's says which. But BuildKit names every step by a digest of all that it depends on: if an option
changes the digest of a RUN step, it is heeded, and if not, it is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

from stagelab.builds import filesync
from stagelab.builds.loading import load
from stagelab.builds.packing import tar, tar_dockerfile
from stagelab.builds.session import Session, SessionUnavailable
from stagelab.builds.trace import TRACE_ID, Trace

if TYPE_CHECKING:
    import docker

_STEP = "RUN stagelab-probe"
# An image without a shell: the step is planned, fails at once, and nothing is made.
_DOCKERFILE = f"FROM scratch\n{_STEP}\n"


@cache
def heeds(client: docker.DockerClient, parameter: str, value: str) -> bool:
    """Tell whether a parameter of `POST /build` reaches the RUN steps of BuildKit.

    Args:
        client: The engine.
        parameter: Its name, such as "shmsize".
        value: A value that is not the engine's default.
    """
    return _planned(client, {}) != _planned(client, {parameter: value})


def _planned(client: docker.DockerClient, parameters: dict[str, str]) -> frozenset[str]:
    """Give the digests of the RUN step under these parameters; none where there is no BuildKit."""
    api = client.api
    context = load(_DOCKERFILE, "")
    body: Iterator[bytes] | None = None
    with ExitStack() as stack:
        try:  # an engine that cannot take the context with the request can plan, too
            session = stack.enter_context(Session(client, filesync.handlers(context)))
            way = {"remote": "client-session", "session": session.id, "dockerfile": "Dockerfile"}
        except SessionUnavailable:
            way, body = {"dockerfile": tar_dockerfile(context)}, tar(context)
        response = stack.enter_context(
            api.post(
                f"{api.base_url}/v{api.api_version}/build",
                params={"version": "2", **way, **parameters},
                data=body,
                headers={"Content-Type": "application/x-tar"} if body is not None else {},
                stream=True,
            )
        )
        trace = Trace()
        for line in response.iter_lines():
            message = json.loads(line) if line.strip() else {}
            if message.get("id") == TRACE_ID:
                trace.feed(message["aux"])
    return frozenset(v.digest for v in trace.vertices.values() if v.name.endswith(_STEP))
