"""Errors of the Docker SDK and of its connection to the engine."""

from __future__ import annotations

import os
import re
import urllib.error

from docker import errors as sdk

from stagelab.bases.refusals import refusal
from stagelab.engine import own
from stagelab.engine.connecting import endpoint_of, named_endpoint
from stagelab.engine.endpoint import Endpoint, knock
from stagelab.engine.explain import chain
from stagelab.engine.explain import explain as explain_connection
from stagelab.engine.lost import BROKEN, is_silence
from stagelab.errors import StagelabError
from stagelab.show.trouble.facts import Section, Trouble, original
from stagelab.show.trouble.place import Place

_LOG_LINES = 12
_DOCTOR = "`./course doctor` looks at every part and names the cure."
_ABOVE = "Run the cells above this one, from the top."
_DEFAULT = Endpoint("unix:///var/run/docker.sock", "usual place", "Docker")
_FIRST_CONTACT = "Error while fetching server API version"
_OF_A_PULL = re.compile(
    r"/v2/|registry|manifest|pull access|toomanyrequests|rate limit|proxyconnect|x509|no such host",
    re.IGNORECASE,
)
_HOST = re.compile(r"https?://([^/\"\s]+)/v2")
_BROKEN = (*BROKEN, TimeoutError)
_SETTINGS = (sdk.TLSParameterError, sdk.InvalidConfigFile, sdk.InvalidVersion)
# What the engine's words say, where its status says too little; the first that matches counts.
_WORDS = (
    (
        r"no space left on device|disk quota exceeded",
        "The engine's disk is full.",
        "Free some: `./course clean` removes what the course made, `docker system df` shows the "
        "rest. On Docker Desktop, raise the disk limit in Settings, Resources.",
    ),
    (
        r"port is already allocated|address already in use",
        "Another container or program has taken this port.",
        "Publish another port, or none by name: with `ports={'8080/tcp': None}` the engine chooses "
        "a free one. `docker ps` shows which container has it.",
    ),
    (
        r"container name .* is already in use",
        "There is a container of this name already.",
        "Remove it, or give another name, or none.",
    ),
    (
        r"exec format error|no matching manifest|does not match the (detected|specified) platform",
        "The image is made for another kind of processor than this engine's.",
        "Use an image of this engine's platform.",
    ),
    (
        r"is too old|is too new",
        "The engine and the SDK do not speak the same version of the API.",
        "Let them agree: `docker.DockerClient(version='auto')`, or `connect()` of the course.",
    ),
)


def explain(error: BaseException, at: Place) -> Trouble | None:  # noqa: PLR0911 - a list of rules
    """Explain an error of the SDK, or of a connection; None if it is another one."""
    if isinstance(error, sdk.BuildError):
        log = "".join(str(line.get("stream", "")) for line in error.build_log)
        end = "\n".join(log.rstrip().splitlines()[-_LOG_LINES:])
        return _sdk(
            error,
            "An instruction of the Dockerfile failed.",
            "Read the log's end for the command's own message, and correct that instruction.",
            *([Section("The log's end", end)] if end else []),
        )
    if isinstance(error, sdk.APIError):
        return _sdk(error, *_refused(error, _words(error)))
    if isinstance(error, sdk.ContainerError):
        printed = (error.stderr or b"").decode("utf-8", "replace").rstrip()
        return _sdk(
            error,
            f"The container's program ended with exit code {error.exit_status}.",
            "Read what it printed, below.",
            *([Section("What it printed", printed)] if printed else []),
        )
    if isinstance(error, sdk.DockerException):
        return _of_client(error, at)
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return _of_request(error)
    if isinstance(error, _BROKEN):
        return _gone(error, at) if _engines(error, at) else _of_request(error)
    return None


def _sdk(error: BaseException, cause: str, fix: str, *more: Section) -> Trouble:
    name = type(error).__name__
    return Trouble("The Docker SDK", name, cause, fix, sections=(*original(_words(error)), *more))


def _words(error: BaseException) -> str:
    said = getattr(error, "explanation", None) or error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _refused(error: sdk.APIError, words: str) -> tuple[str, str]:
    for pattern, cause, fix in _WORDS:
        if re.search(pattern, words, re.IGNORECASE):
            return cause, fix
    if _OF_A_PULL.search(words):
        host = _HOST.search(words)
        official = host is None or host.group(1).endswith("docker.io")
        told = refusal("the image" if official else f"{host.group(1)}/…" if host else "", words)
        if told.scope != "image":
            return told.cause, told.fix
    if isinstance(error, sdk.ImageNotFound) or re.search(r"no such image", words, re.IGNORECASE):
        return "There is no such image on this engine.", f"Build it first. {_ABOVE}"
    if isinstance(error, sdk.NotFound):
        return (
            "What was asked for is no longer on this engine, or never was.",
            f"It may have been removed by `tidy()`, or have ended. {_ABOVE}",
        )
    if error.status_code is not None and error.is_server_error():
        return (
            "The engine failed to do what it was asked for.",
            f"Read its words below, then run the cell again. If it fails again, {_DOCTOR}",
        )
    return "The engine refused the request.", f"Read the engine's words below. {_ABOVE}"


def _of_client(error: sdk.DockerException, at: Place) -> Trouble:
    """Explain what the SDK raises by itself: it has no connection, or does not like the call."""
    if _FIRST_CONTACT in str(error) or any(isinstance(one, _BROKEN) for one in chain(error)):
        return _gone(error, at)
    if isinstance(error, _SETTINGS) or "Credentials store" in str(error):
        told = explain_connection(error, _endpoint(at))
        return _sdk(error, told.cause, told.fix)
    return _sdk(
        error,
        "The Docker SDK does not accept this call.",
        "Read its words below, and correct the call's arguments: `help(…)` tells what it takes.",
    )


def _gone(error: BaseException, at: Place) -> Trouble:
    """Tell that the connection broke, and how the engine is now."""
    endpoint = _endpoint(at)
    name = type(error).__name__
    state: BaseException = error
    if not is_silence(error):
        try:
            knock(endpoint)
        except OSError as now:
            state = now
        else:
            if endpoint.path is not None and _FIRST_CONTACT not in str(error):
                return Trouble(
                    "The engine",
                    name,
                    f"The connection to the engine at {endpoint} broke; the engine answers again. "
                    "It was restarted, most likely.",
                    "Run the cell again. If something is missing then, run the cells above it "
                    "first: what ran on the engine has ended.",
                    sections=original(error),
                )
    told = explain_connection(state, endpoint)
    fix = f"{told.fix} Then run the cell again. {_DOCTOR}"
    if endpoint.origin == "own engine" and own.can_run():
        fix = (
            "Run `connect()` in a cell, which starts the course's own engine anew; then run this "
            f"cell again. {_DOCTOR}"
        )
    if endpoint.url == _DEFAULT.url and not os.environ.get("DOCKER_HOST"):
        fix = f"Use the course's `connect()`, which looks in other places, too. Or: {fix}"
    return Trouble("The engine", name, told.cause, fix, sections=original(error))


def _of_request(error: BaseException) -> Trouble:
    return Trouble(
        "A request",
        type(error).__name__,
        "No answer came from the address that was asked for.",
        "Check the address and the port, and that what should answer runs still: a program that "
        "`serve` keeps up ends with its `with` block.",
        sections=original(error),
    )


def _engines(error: BaseException, at: Place) -> bool:
    """Tell whether it was the engine that did not answer, and not an address of a cell's own."""
    request = getattr(error, "request", None)
    url = str(getattr(request, "url", None) or "")
    return url.startswith("http+docker:") or at.by_engine or "http+docker:" in str(error)


def _endpoint(at: Place) -> Endpoint:
    """Give the place that the client looked at; else that of the engine in use, or the usual."""
    try:
        found = endpoint_of(None) or named_endpoint() or _DEFAULT
    except StagelabError:
        found = _DEFAULT
    if at.address and at.address != found.url:
        found = Endpoint(at.address, "usual place", "where this client looks")
    # `./course start` names the own engine in DOCKER_HOST; its cure is another one
    ours = found.path == str(own.paths().socket)
    return Endpoint(found.url, "own engine") if ours else found
