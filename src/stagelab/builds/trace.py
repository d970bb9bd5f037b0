"""Decode BuildKit's trace: what the builder says about its steps while it works.

Each line `{"id": "moby.buildkit.trace", "aux": "<base64>"}` of a build's stream holds one
`StatusResponse`, a protobuf message of BuildKit's `api/services/control/control.proto`. The field
numbers below are that file's (`Range` and `Position` are of `solver/pb/ops.proto`); only the fields
that are used are declared.
"""

from __future__ import annotations

import base64
import codecs
import re
from dataclasses import dataclass, field
from typing import Any

from stagelab.builds._protobuf import message_classes
from stagelab.builds.facts import BuildWarning
from stagelab.builds.keptlog import KeptLog
from stagelab.builds.masking import Masker

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
        "VertexStatus": {
            "ID": (1, "string"),
            "vertex": (2, "string"),
            "name": (3, "string"),
            "current": (4, "int64"),
            "total": (5, "int64"),
        },
        "VertexLog": {"vertex": (1, "string"), "msg": (4, "bytes")},
        "Position": {"line": (1, "int32")},
        "Range": {"start": (1, "Position"), "end": (2, "Position")},
        "VertexWarning": {
            "short": (3, "bytes"),
            "detail": (4, "bytes*"),
            "url": (5, "string"),
            "ranges": (7, "Range*"),
        },
        "StatusResponse": {
            "vertexes": (1, "Vertex*"),
            "statuses": (2, "VertexStatus*"),
            "logs": (3, "VertexLog*"),
            "warnings": (4, "VertexWarning*"),
        },
    },
)["StatusResponse"]


TRACE_ID = "moby.buildkit.trace"
"""The `id` of the stream's lines that hold a message of the trace."""

_UTF8 = codecs.getincrementaldecoder("utf-8")
_LOOKUP_SECONDS = 0.001
_WARNING = re.compile(r"^(?:([A-Z]\w+): )?(.*?)( \(line \d+\))?$", re.DOTALL)


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
    log: KeptLog = field(default_factory=KeptLog)
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
class Progress:
    """How many bytes a vertex has moved of something; `total` is 0 if unknown."""

    digest: str
    what: str
    current: int
    total: int


@dataclass(frozen=True, slots=True)
class Update:
    """What one line of the stream changed.

    Attributes:
        vertices: Those that it named.
        progress: Bytes moved.
        logs: What was printed, as vertex digest and text.
        warnings: Those that had not been told before.
    """

    vertices: tuple[Vertex, ...]
    progress: tuple[Progress, ...]
    logs: tuple[tuple[str, str], ...]
    warnings: tuple[BuildWarning, ...]


class Trace:
    """All vertices of a build, in the order of their first appearance.

    Args:
        masker: Keeps the build's secrets out of the logs and errors.
    """

    def __init__(self, masker: Masker | None = None) -> None:
        self._masker = masker or Masker()
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}
        self.vertices: dict[str, Vertex] = {}
        self.warnings: list[BuildWarning] = []

    def feed(self, aux: str) -> Update:
        """Merge one trace line, base64 as it came."""
        response = _StatusResponse.FromString(base64.b64decode(aux))
        touched = [self._merge(message) for message in response.vertexes]
        progress = []
        for status in response.statuses:
            self._vertex(status.vertex).fetched |= status.total > 0
            what = status.ID or status.name
            progress.append(Progress(status.vertex, what, status.current, status.total))
        logs = [(line.vertex, self._read(line.vertex, line.msg)) for line in response.logs]
        # A step that has ended prints no more: what was held back of its log can be told.
        ended = [v.digest for v in touched if v.completed is not None]
        logs += [(digest, self._read(digest, b"", final=True)) for digest in ended]
        logs = [(digest, text) for digest, text in logs if text]
        for digest, text in logs:
            self._vertex(digest).log.append(text)
        warned = [w for w in map(_warning, response.warnings) if w not in self.warnings]
        self.warnings += warned
        return Update(tuple(touched), tuple(progress), tuple(logs), tuple(warned))

    def _read(self, digest: str, data: bytes, *, final: bool = False) -> str:
        """Decode a piece of a log, cut anywhere, without the secrets in it."""
        decoder = self._decoders.setdefault(digest, _UTF8(errors="replace"))
        text = self._masker.feed(digest, decoder.decode(data, final))
        return text + self._masker.flush(digest) if final else text

    def _vertex(self, digest: str) -> Vertex:
        return self.vertices.setdefault(digest, Vertex(digest))

    def _merge(self, message: Any) -> Vertex:  # noqa: ANN401 - a class made at run time
        vertex = self._vertex(message.digest)
        vertex.name = message.name or vertex.name
        vertex.inputs = tuple(message.inputs) or vertex.inputs
        vertex.cached = vertex.cached or message.cached
        vertex.error = self._masker.mask(message.error) or vertex.error
        if message.HasField("started"):
            started = _seconds(message.started)
            # A vertex may run in several goes: it lasts from the first start to the last end.
            vertex.started = started if vertex.started is None else min(vertex.started, started)
        if message.HasField("completed"):
            vertex.completed = max(vertex.completed or 0.0, _seconds(message.completed))
        return vertex


def _warning(message: Any) -> BuildWarning:  # noqa: ANN401 - a class made at run time
    """Read a warning: its text begins with the rule's name and ends with the line's number."""
    text = message.short.decode("utf-8", "replace").strip()
    rule, said, _ = match.groups() if (match := _WARNING.match(text)) else ("", text, "")
    lines = [part.start.line for part in message.ranges if part.start.line > 0]
    return BuildWarning(
        rule=rule or "",
        message=said,
        line=min(lines, default=None),
        url=message.url,
        detail="\n".join(part.decode("utf-8", "replace") for part in message.detail),
    )


def _seconds(timestamp: Any) -> float:  # noqa: ANN401 - a class made at run time
    return float(timestamp.seconds + timestamp.nanos / 1e9)
