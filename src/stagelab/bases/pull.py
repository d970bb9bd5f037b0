"""Pull one image through the SDK, with progress and a bounded wait.

`client.images.pull` reports a full disk as "not found" and hides progress; the stream of
`client.api.pull` has the engine's `error` lines. The SDK sets no timeout for a pull, and an engine
whose name server is mute answers nothing for long: so the stream is read in a thread, and waited
for here.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import Any, Literal

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from stagelab.bases.progress import Progress, silent
from stagelab.bases.refusals import refusal, silence
from stagelab.engine.lost import BROKEN, lost

_STALL = 120.0
"""Seconds between two lines of a pull that has begun; unpacking a large layer is silent."""

_Item = Mapping[str, Any] | Exception | Literal["end"]


def pull(
    client: docker.DockerClient,
    reference: str,
    *,
    patience: float = 30.0,
    progress: Progress = silent,
) -> None:
    """Pull an image; on return it is on the engine under its reference.

    Args:
        client: The engine's.
        reference: `name:tag`.
        patience: Seconds until the registry must have given its first answer.
        progress: Gets downloaded bytes and the bytes of the layers that are known so far.

    Raises:
        PullFailed: The registry or the way to it refused, or did not answer in time.
        EngineUnreachable: The engine went away meanwhile.
    """
    lines: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    given_up = threading.Event()
    reader = threading.Thread(
        target=_read, args=(client, reference, lines, given_up), daemon=True, name="pull"
    )
    progress(f"Pulling {reference}", None, None)
    reader.start()
    layers: dict[str, tuple[int, int]] = {}
    limit = patience
    try:
        while True:
            try:
                item = lines.get(timeout=limit)
            except queue.Empty:
                raise silence(reference, limit) from None
            if item == "end":
                return
            if isinstance(item, BROKEN) and not isinstance(item, APIError):
                raise lost(item, f"the pull of {reference}", client) from item
            if isinstance(item, Exception):
                raise refusal(reference, _words(item)) from item
            if "error" in item:
                raise refusal(reference, str(item["error"]))
            limit = _STALL
            if _count(item, layers):
                done, total = (sum(column) for column in zip(*layers.values(), strict=True))
                progress(f"Pulling {reference}", done, total)
    finally:
        given_up.set()  # the reader closes the stream at its next line; the engine then stops


def _read(
    client: docker.DockerClient,
    reference: str,
    lines: queue.SimpleQueue[_Item],
    given_up: threading.Event,
) -> None:
    try:
        for line in _stream(client, reference):
            if given_up.is_set():
                return
            lines.put(line)
        lines.put("end")
    except (DockerException, RequestException, HTTPError, OSError, ValueError) as error:
        lines.put(error)


def _stream(client: docker.DockerClient, reference: str) -> Any:  # noqa: ANN401  # SDK's generator
    name, _, tag = reference.rpartition(":")
    try:
        return client.api.pull(name, tag=tag, stream=True, decode=True)
    except APIError:
        raise
    except DockerException as error:
        if "credential" not in str(error).lower():
            raise
        # a credentials helper that config.json names is not installed: the bases are public
        return client.api.pull(name, tag=tag, stream=True, decode=True, auth_config={})


def _count(line: Mapping[str, Any], layers: dict[str, tuple[int, int]]) -> bool:
    """Take down what a line says of a layer's download; tell whether it said something."""
    detail = line.get("progressDetail") or {}
    layer, total = line.get("id"), detail.get("total")
    status = line.get("status")
    if layer and status == "Downloading" and total:
        layers[layer] = (int(detail.get("current", 0)), int(total))
    elif layer in layers and status in {"Download complete", "Pull complete"}:
        layers[layer] = (layers[layer][1], layers[layer][1])
    else:
        return False
    return True


def _words(error: Exception) -> str:
    explanation = getattr(error, "explanation", None)
    status = getattr(error, "status_code", None)
    text = str(explanation or error)
    return f"{status} {text}" if status == 429 else text  # noqa: PLR2004  # HTTP: too many requests
