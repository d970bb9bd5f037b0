"""Decode BuildKit's trace: what the builder says about its steps while it works.

Each line `{"id": "moby.buildkit.trace", "aux": "<base64>"}` of a build's stream holds one
`StatusResponse`, a protobuf message of BuildKit's `api/services/control/control.proto`. The field
numbers below are that file's; only the fields that are used are declared.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from stagelab.builds._protobuf import message_classes

_StatusResponse = message_classes(
    "stagelab.buildkit.control",
    {
        "Timestamp": {"seconds": (1, "int64"), "nanos": (2, "int32")},
        "Vertex": {
            "digest": (1, "string"),
            "inputs": (2, "string*"),
            "name": (3, "string"),
            "cached": (4, "bool"),
            "started": (5, "Timestamp"),
            "completed": (6, "Timestamp"),
            "error": (7, "string"),
        },
        "VertexStatus": {"vertex": (2, "string"), "total": (5, "int64")},
        "VertexLog": {"vertex": (1, "string"), "msg": (4, "bytes")},
        "StatusResponse": {
            "vertexes": (1, "Vertex*"),
            "statuses": (2, "VertexStatus*"),
            "logs": (3, "VertexLog*"),
        },
    },
)["StatusResponse"]


_LOOKUP_SECONDS = 0.001


@dataclass(slots=True)
class Vertex:
    """A node of BuildKit's graph, merged from all that the stream said of it; POSIX seconds."""

    digest: str
    name: str = ""
    inputs: tuple[str, ...] = ()
    cached: bool = False
    started: float | None = None
    completed: float | None = None
    error: str = ""
    log: list[str] = field(default_factory=list)
    fetched: bool = False
    """Whether it moved bytes with a known total, as the pull of a base image does."""

    @property
    def from_cache(self) -> bool:
        """Whether its result came from the cache.

        BuildKit marks a vertex whose result it loaded. One that it did not even have to load,
        because what rests on it was cached, it reports as started and completed within
        microseconds, which is the look-up of its key; carrying out anything takes milliseconds.
        """
        if self.cached:
            return True
        if self.started is None or self.completed is None or self.log or self.error:
            return False
        return self.completed - self.started < _LOOKUP_SECONDS


@dataclass(frozen=True, slots=True)
class Update:
    """What one line of the stream changed: the vertices named, and the log text by digest."""

    vertices: tuple[Vertex, ...]
    logs: tuple[tuple[str, str], ...]


class Trace:
    """All vertices of a build, in the order of their first appearance."""

    def __init__(self) -> None:
        self.vertices: dict[str, Vertex] = {}

    def feed(self, aux: str) -> Update:
        """Merge one trace line, base64 as it came."""
        response = _StatusResponse.FromString(base64.b64decode(aux))
        touched = [self._merge(message) for message in response.vertexes]
        for status in response.statuses:
            self._vertex(status.vertex).fetched |= status.total > 0
        logs = []
        for line in response.logs:
            text = line.msg.decode("utf-8", "replace")
            self._vertex(line.vertex).log.append(text)
            logs.append((line.vertex, text))
        return Update(tuple(touched), tuple(logs))

    def _vertex(self, digest: str) -> Vertex:
        return self.vertices.setdefault(digest, Vertex(digest))

    def _merge(self, message: Any) -> Vertex:  # noqa: ANN401 - a class made at run time
        vertex = self._vertex(message.digest)
        vertex.name = message.name or vertex.name
        vertex.inputs = tuple(message.inputs) or vertex.inputs
        vertex.cached = vertex.cached or message.cached
        vertex.error = message.error or vertex.error
        if message.HasField("started"):
            started = _seconds(message.started)
            # A vertex may run in several goes: it lasts from the first start to the last end.
            vertex.started = started if vertex.started is None else min(vertex.started, started)
        if message.HasField("completed"):
            vertex.completed = max(vertex.completed or 0.0, _seconds(message.completed))
        return vertex


def _seconds(timestamp: Any) -> float:  # noqa: ANN401 - a class made at run time
    return float(timestamp.seconds + timestamp.nanos / 1e9)
