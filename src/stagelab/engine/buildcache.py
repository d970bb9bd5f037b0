"""Which build cache records are the course's, and how they are removed.

A build cache record carries no label. It is ours if it was created while one of our builds ran (on
the engine's own clock) and its description fits a vertex of that build. Up to engine 20.10 a file
operation is described only as such; later ones name the instruction.
"""

from __future__ import annotations

import json
import random
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import docker
from docker.errors import APIError

from stagelab.engine.ledger import RecordedBuild

_SLACK = 0.001
"""Seconds for rounding: a record is created while its vertex runs, by the same clock."""

_UNNAMED = (
    "fileop target",  # COPY, ADD and WORKDIR, up to engine 20.10
    "local source for ",  # the context and the Dockerfile, sent in a session
    "http url http://build-context-",  # the same, sent as a tar
    "from local ",  # a base image of this engine
)
"""Beginnings of descriptions that name no instruction."""

_BUSY = "disk usage operation is already running"
_PATIENCE = 120.0

_EXEC = re.compile(r" from exec (?P<command>.*)", re.DOTALL)
_RUN = re.compile(r"\bRUN\s+(?:--\S+\s+)*(?P<command>.*)", re.DOTALL)
_SHELL = re.compile(r"\S*sh (?:-\S+ |pipefail )*-\w*c ")
_VARIABLE = re.compile(r"\$\w+|\$\{[^{}]*\}")
_PULLED = re.compile(r"^pulled from (?P<reference>[^@\s]+)")
_FRACTION = re.compile(r"\.(\d{1,6})\d*")


def cache_records(client: docker.DockerClient) -> list[dict[str, Any]]:
    """List the engine's build cache records, as `GET /system/df` gives them.

    From API version 1.53 on they are items of `BuildCacheUsage`, if asked for; engines before
    know no such question and give `BuildCache`. Up to 20.10 an engine answers one at a time.

    Args:
        client: The engine.

    Raises:
        docker.errors.APIError: The engine does not tell.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            told = _disk_usage(client)
            break
        except APIError as error:  # another kernel asks at this moment, or a person does
            if _BUSY not in str(error.explanation) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - so that kernels do not keep step
    usage = told.get("BuildCacheUsage") or {}
    return list(usage.get("Items") or told.get("BuildCache") or [])


def _disk_usage(client: docker.DockerClient) -> dict[str, Any]:
    api = client.api
    asked = {"type": "build-cache", "verbose": "1"}
    told: dict[str, Any] = api._result(api._get(api._url("/system/df"), params=asked), json=True)  # noqa: SLF001 - the SDK's own df() takes no parameters
    return told


def ours(found: Iterable[dict[str, Any]], builds: Sequence[RecordedBuild]) -> list[dict[str, Any]]:
    """Keep the records that our builds created.

    Args:
        found: Records of `cache_records`.
        builds: What the ledger says of our builds.
    """
    records = list(found)
    history = History(records)
    made = {id(record) for build in builds for record in history.made_by(build)}
    return [record for record in records if id(record) in made]


class History:
    """Records of the build cache in the order of their creation, so that a build's are at hand.

    Args:
        found: Records of `cache_records`; one without a time is nobody's.
    """

    def __init__(self, found: Iterable[dict[str, Any]]) -> None:
        dated = [(_seconds(str(record.get("CreatedAt", ""))), record) for record in found]
        known = [(created, record) for created, record in dated if created is not None]
        known.sort(key=itemgetter(0))
        self._times = [created for created, _ in known]
        self._records = [record for _, record in known]

    def made_by(self, build: RecordedBuild) -> Iterator[dict[str, Any]]:
        """Give the records that a build created."""
        first = bisect_left(self._times, build.started - _SLACK)
        end = bisect_right(self._times, build.completed + _SLACK)
        return (record for record in self._records[first:end] if _fits(record, build))


def prune(client: docker.DockerClient, identities: Iterable[str]) -> int:
    """Remove build cache records by ID; those that others still need stay.

    Args:
        client: The engine.
        identities: The records' IDs.

    Returns:
        Bytes freed.
    """
    left = list(identities)
    freed = 0
    while left:
        gone: set[str] = set()
        for identity in left:
            # an engine takes one ID a request
            answer = _prune(client, {"id": {identity: True}})
            gone.update(answer.get("CachesDeleted") or [])
            freed += int(answer.get("SpaceReclaimed", 0))
        if not gone:
            break
        left = [identity for identity in left if identity not in gone]
    return freed


def prune_all(client: docker.DockerClient) -> int:
    """Remove all of the engine's build cache that is not in use; gives the bytes freed.

    Args:
        client: The course's own engine.
    """
    return int(_prune(client, {}).get("SpaceReclaimed", 0))


def _prune(client: docker.DockerClient, filters: dict[str, dict[str, bool]]) -> dict[str, Any]:
    # docker-py's own prune_builds takes neither "all" nor filters
    api = client.api
    answer = api.post(
        api._url("/build/prune"),  # noqa: SLF001  (the only way to a versioned address)
        params={"all": "1", "filters": json.dumps(filters)},
        timeout=api.timeout,
    )
    answer.raise_for_status()
    value: dict[str, Any] = answer.json()
    return value


def _fits(record: dict[str, Any], build: RecordedBuild) -> bool:
    """Whether a record that was created while a build ran is of that build."""
    description = str(record.get("Description", ""))
    if description.startswith(_UNNAMED) or description in build.descriptions:
        return True
    if executed := _EXEC.search(description):
        return any(_ran(executed["command"], name) for name in build.descriptions)
    if pulled := _PULLED.match(description):
        return any(pulled["reference"] in name for name in build.descriptions)
    return False


def _ran(executed: str, vertex: str) -> bool:
    """Tell whether an executed command is the one of a RUN vertex, whatever the shell before it.

    A vertex is named with the values of build arguments and variables in their places.
    """
    run = _RUN.search(vertex)
    if run is None:
        return False
    said = _letters(run["command"])
    if "<<" in run["command"] or said in _letters(executed):
        return True
    pieces = _VARIABLE.split(_SHELL.sub("", executed, count=1))
    pattern = ".*".join(re.escape(_letters(piece)) for piece in pieces)
    return len(pieces) > 1 and re.fullmatch(pattern, said, re.DOTALL) is not None


def _letters(command: str) -> str:
    """Drop what the exec form, line continuations and quoting put between a command's words."""
    return re.sub(r"[\s\[\]\",'\\]+", "", command)


def _seconds(moment: str) -> float | None:
    """Turn the engine's RFC 3339 time, with up to nine decimals, into POSIX seconds."""
    try:
        return datetime.fromisoformat(_FRACTION.sub(r".\1", moment)).timestamp()
    except ValueError:
        return None
