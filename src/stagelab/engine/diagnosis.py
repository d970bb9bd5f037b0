"""What a learner needs, each with what was found and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import docker

from stagelab._render import Shown
from stagelab.engine import engine_checks, machine_checks, own
from stagelab.engine.checks import Check
from stagelab.engine.connecting import find
from stagelab.errors import EngineError

_PROBE_SECONDS = 2.0

EngineCheck = Callable[[docker.DockerClient], Iterable[Check]]
_added: list[EngineCheck] = []


@dataclass(frozen=True, slots=True)
class Diagnosis(Shown):
    """The result of `doctor`.

    Args:
        checks: Each check, in the order in which to repair what failed.
    """

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Nothing that is needed is missing."""
        return all(check.ok is not False for check in self.checks)


def register_check(check: EngineCheck) -> None:
    """Add checks of a later room, made with the engine's client, to every diagnosis.

    Args:
        check: Called once a diagnosis, only if an engine answers.
    """
    if check not in _added:
        _added.append(check)


def doctor() -> Diagnosis:
    """Check what the course needs on this machine; changes nothing and takes at most seconds."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        registry = pool.submit(machine_checks.registry)
        checks = [machine_checks.python(), machine_checks.packages()]
        checks += _engine()
        checks += machine_checks.rest()
        return Diagnosis((*checks, registry.result()))


def _engine() -> list[Check]:
    try:
        found = find(start=False, probe=_PROBE_SECONDS)
    except EngineError as error:
        if own.is_set_up() and own.can_run():
            return [
                Check(
                    "engine",
                    ok=False,
                    found="the course's own engine is set up and does not run",
                    fix="`./course engine start`",
                )
            ]
        return [Check("engine", ok=False, found=error.cause, fix=error.fix)]
    checks = engine_checks.of(found)
    for added in _added:
        checks += added(found.client)
    return checks
