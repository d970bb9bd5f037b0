"""What the course made on an engine and could not label, so that `clean` finds it.

The classic builder's intermediate images carry no label of ours, and build cache records carry
none at all. One file for each engine, one JSON object a line, only ever appended to; `rewrite`
drops what is gone. What cannot be written (a full or read-only disk) is kept by this process, and
written with the next record that can be.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import docker

from stagelab import _home, _unwritable
from stagelab.engine.labels import session
from stagelab.engine.lock import locked


@dataclass(frozen=True, slots=True)
class RecordedImage:
    """An image without our label that the course made.

    Args:
        session: Name of the session that made it.
        image_id: Its ID, `sha256:…`.
    """

    session: str
    image_id: str


@dataclass(frozen=True, slots=True)
class RecordedBuild:
    """A BuildKit build of the course.

    Args:
        session: Name of the session that made it.
        started: When its first vertex started, on the engine's clock, POSIX seconds.
        completed: When its last vertex ended, likewise.
        descriptions: Its vertices' names.
    """

    session: str
    started: float
    completed: float
    descriptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordedBase:
    """A base image that the course brought to an engine, pulled or made.

    Args:
        session: Name of the session that brought it.
        image_id: Its ID, `sha256:…`.
        reference: The official reference that it was given, such as `alpine:3.22`.
    """

    session: str
    image_id: str
    reference: str


Record = RecordedImage | RecordedBuild | RecordedBase
_unwritten: dict[Path, list[Record]] = {}
"""What could not be written yet, oldest first: kept as long as this process lives."""

_LOST = "What it makes on the engine is remembered by this kernel only."

_KINDS = {"image": RecordedImage, "build": RecordedBuild, "base": RecordedBase}


def record_image(client: docker.DockerClient, image_id: str) -> None:
    """Remember an unlabelled image that the course made on this engine.

    Args:
        client: The engine.
        image_id: The image's ID, `sha256:…`.
    """
    _append(client, RecordedImage(session(), image_id))


def record_build(
    client: docker.DockerClient, started: float, completed: float, descriptions: Sequence[str]
) -> None:
    """Remember a BuildKit build, by which its build cache records are recognized.

    Args:
        client: The engine.
        started: When its first vertex started, on the engine's clock, POSIX seconds.
        completed: When its last vertex ended, likewise.
        descriptions: Its vertices' names, as in the trace.
    """
    _append(client, RecordedBuild(session(), started, completed, tuple(descriptions)))


def record_base(client: docker.DockerClient, image_id: str, reference: str) -> None:
    """Remember a base image that was not on the engine before the course pulled or made it.

    Args:
        client: The engine.
        image_id: The image's ID, `sha256:…`.
        reference: The official reference that it has been given.
    """
    _append(client, RecordedBase(session(), image_id, reference))


def records(client: docker.DockerClient) -> tuple[Record, ...]:
    """Read what was recorded for this engine, oldest first; damaged lines are left out."""
    path = _path(client)
    return (*_read(path), *_unwritten.get(path, ()))


def rewrite(client: docker.DockerClient, keep: Callable[[Record], bool]) -> None:
    """Drop the records that `keep` says no to.

    Args:
        client: The engine.
        keep: Told each record, says whether it is still needed.
    """
    path = _path(client)
    waiting = [record for record in _unwritten.pop(path, ()) if keep(record)]
    try:
        with locked(_lock()):
            kept = [_line(record) for record in (*_read(path), *waiting) if keep(record)]
            if kept:
                _replace(path, kept)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        if waiting:
            _unwritten[path] = waiting
        _unwritable.tell(_LOST, error)


def _append(client: docker.DockerClient, record: Record) -> None:
    path = _path(client)
    _unwritten.setdefault(path, []).append(record)
    try:
        with locked(_lock()):
            waiting = _unwritten.get(path, [])[:]  # another thread may have written ours as well
            _add(path, "".join(map(_line, waiting)))
            del _unwritten.get(path, [])[: len(waiting)]
    except OSError as error:
        _unwritable.tell(_LOST, error)


def _add(path: Path, lines: str) -> None:
    """Append lines, or nothing: half a line would spoil the next one."""
    content = lines.encode()
    with path.open("ab", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        try:
            while content:
                content = content[file.write(content) :]
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(before)
            raise


def _replace(path: Path, lines: Iterable[str]) -> None:
    new = path.with_suffix(".new")
    try:
        new.write_text("".join(lines), encoding="utf-8")
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _lock() -> Path:
    return _home.data_dir() / "ledger" / "lock"


@cache
def _key(client: docker.DockerClient) -> str:
    # Engines of one machine can share an ID (up to 20.10 it comes from a file in /etc/docker),
    # so where the engine keeps its data tells them apart.
    info = client.info()
    return f"{info['ID']} {info.get('DockerRootDir', '')}"


def _path(client: docker.DockerClient) -> Path:
    key = _key(client)
    return _home.data_dir() / "ledger" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.jsonl"


def _line(record: Record) -> str:
    kind = next(name for name, kind in _KINDS.items() if isinstance(record, kind))
    fields = {name: getattr(record, name) for name in record.__slots__}
    return json.dumps({"kind": kind, **fields}) + "\n"


def _read(path: Path) -> Iterable[Record]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:  # not there yet, or not this user's
        return
    for line in lines:
        try:
            record = _parse(json.loads(line))
        except (ValueError, KeyError, TypeError):
            continue  # a line cut short when a process died
        yield record


def _parse(fields: dict[str, Any]) -> Record:
    if fields["kind"] == "image":
        return RecordedImage(str(fields["session"]), str(fields["image_id"]))
    if fields["kind"] == "base":
        return RecordedBase(
            str(fields["session"]), str(fields["image_id"]), str(fields["reference"])
        )
    return RecordedBuild(
        str(fields["session"]),
        float(fields["started"]),
        float(fields["completed"]),
        tuple(map(str, fields["descriptions"])),
    )
