"""What a learner needs, each with what was found and what to do about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import docker

from stagelab.engine import engine_checks, machine_checks, own, place_checks, power_checks
from stagelab.engine.checks import Check, Diagnosis, EngineFacts
from stagelab.engine.connecting import find, named_endpoint
from stagelab.engine.endpoint import Endpoint
from stagelab.engine.examining import Question, examine
from stagelab.engine.explain import explain
from stagelab.errors import EngineError

__all__ = ["Check", "Diagnosis", "EngineCheck", "doctor", "register_check"]

_SECONDS = 1.7
"""For all of it: with the start of Python on a slow machine it stays below three."""

_PROBE_SECONDS = 1.2
"""For an engine's first answer, so that one that hangs is told from one that is slow."""

EngineCheck = Callable[[docker.DockerClient], Iterable[Check]]
_added: dict[str, EngineCheck] = {}


def register_check(name: str, check: EngineCheck) -> None:
    """Add checks of a later room, made with the engine's client, to every diagnosis.

    Args:
        name: Name of the check that says that these could not be made.
        check: Called once a diagnosis, only if an engine answers.
    """
    _added[name] = check


def doctor() -> Diagnosis:
    """Check what the course needs on this machine; changes nothing and takes at most seconds.

    Whatever hangs (an engine, a name server, a folder of the network) is not waited for: its check
    says so.
    """
    began = time.monotonic()
    until = began + _SECONDS
    facts: list[EngineFacts] = []
    checks = examine(
        [
            *machine_checks.first(),
            Question("engine", lambda: _engine(facts, until), late=_hangs()),
            *place_checks.questions(),
            *machine_checks.last(),
        ],
        until,
    )
    return Diagnosis(tuple(checks), facts[0] if facts else None, round(time.monotonic() - began, 2))


def _engine(facts: list[EngineFacts], until: float) -> list[Check]:
    """Check the engine that is found; what it tells of itself is added to `facts`."""
    began = time.monotonic()
    try:
        found = find(start=False, probe=_PROBE_SECONDS)
    except EngineError as error:
        said = f" It was said: {error.detail}" if error.detail else ""
        return [_stopped() or Check("engine", ok=False, found=error.cause + said, fix=error.fix)]
    told = engine_checks.ask(found)
    facts.append(told.facts)
    took = round((time.monotonic() - began) * 1000)
    engine = replace(engine_checks.engine(told), milliseconds=took)
    later = [
        Question(name, lambda check=check: check(found.client))  # type: ignore[misc]
        for name, check in _added.items()
    ]
    rest = [*engine_checks.questions(told), *power_checks.questions(told), *later]
    return [engine, *examine(rest, until)]


def _stopped() -> Check | None:
    """Say that the course's own engine is stopped, if that is why there is none."""
    named = _named()
    if named is not None and named.path != str(own.paths().socket):
        return None
    if not own.is_set_up() or not own.can_run() or own.is_running():
        return None
    other = own.other_dockerd()
    if other is not None:
        return Check(
            "engine",
            ok=False,
            found="the course's own engine is set up and cannot start beside another dockerd, "
            f"process {other.pid}, which answers in none of the usual places",
            fix="Set DOCKER_HOST to the address of that one, or stop it.",
        )
    return Check(
        "engine",
        ok=False,
        found="the course's own engine is set up and does not run",
        fix="`./course engine start`",
    )


def _hangs() -> tuple[str, str]:
    """What is found, and what to do, if the engine takes the connection and says nothing."""
    named = _named()
    if named is None:
        return "an engine was found, and does not answer in time", "Restart the engine."
    error = explain(TimeoutError(), named)
    return error.cause, error.fix


def _named() -> Endpoint | None:
    """Give the engine that the user names; None if there is none, or it cannot be told."""
    try:
        return named_endpoint()
    except EngineError:
        return None
