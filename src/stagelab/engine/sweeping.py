"""Find and remove containers of the course by their labels, over any way to an engine.

A container's labels name the process that made it, and the container itself: an image that was
made of it hands its labels on, but not its name, so what runs such an image is left alone.

Only the standard library is imported here: a helper that has to be quick uses it (`reaping`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from stagelab.engine.labels import NAME_LABEL, OWNER_LABEL

_LISTED = "/containers/json?all=1&filters=" + quote(
    json.dumps({"label": [OWNER_LABEL, NAME_LABEL]})
)
_OK, _NOT_FOUND, _ERROR = 200, 404, 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine answers.

    Args:
        status: Of HTTP.
        headers: Of HTTP.
        body: As it came.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


Ask = Callable[[str, str], Answer]
"""Asks an engine, given a method and a path; raises OSError if it does not answer."""


@dataclass(frozen=True, slots=True)
class Made:
    """A container that a process of the course made.

    Args:
        identity: Its ID.
        name: Its name.
        owner: Its maker, as `owners.me` named it.
        age: Seconds since it was made, by the engine's clock.
    """

    identity: str
    name: str
    owner: str
    age: float


def made(ask: Ask) -> Iterator[Made]:
    """List the containers that processes of the course made themselves, running or not.

    Args:
        ask: The way to the engine.

    Raises:
        OSError: The engine does not answer.
        ValueError: It answers something else.
    """
    answer = ask("GET", _LISTED)
    if answer.status != _OK:
        raise ValueError(f"HTTP {answer.status}")
    listed: list[dict[str, Any]] = json.loads(answer.body)
    now = _clock(answer)
    for each in listed:
        labels = each.get("Labels") or {}
        name = str(labels.get(NAME_LABEL))
        if f"/{name}" in (each.get("Names") or ()):
            age = now - float(each["Created"]) if now is not None else 0.0
            yield Made(each["Id"], name, labels[OWNER_LABEL], age)


def remove(ask: Ask, gone: Callable[[Made], bool]) -> bool:
    """Remove the containers that are gone.

    Args:
        ask: The way to the engine.
        gone: Told one, says whether nobody uses it any more.

    Returns:
        Whether all of them could be removed.

    Raises:
        OSError: The engine does not answer.
        ValueError: It answers something else.
    """
    complete = True
    for each in made(ask):
        if gone(each):
            status = ask("DELETE", f"/containers/{each.identity}?force=1&v=1").status
            # refused, for one, while another process is removing it
            complete = complete and (status < _ERROR or status == _NOT_FOUND)
    return complete


def _clock(answer: Answer) -> float | None:
    """Tell the time by the engine's clock, POSIX seconds; this machine's can differ."""
    try:
        return parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
