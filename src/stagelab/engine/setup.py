"""Get an engine whatever it takes: find one, else install one and run the course's own."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stagelab.engine import apt, own
from stagelab.engine.apt import AptFailed, Progress
from stagelab.engine.connecting import Found, find, named_endpoint
from stagelab.engine.explain import not_found
from stagelab.errors import EngineError, EngineNotFound, EngineStartFailed, EngineUnreachable

_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_SERVICE_SECONDS = 20.0
"""Time for an engine that the package's own service starts to answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done on this machine to get an engine.

    Args:
        packages: The packages to install; empty if all are there.
        folder: Where the own engine would keep its data.
    """

    packages: tuple[str, ...]
    folder: Path

    def __str__(self) -> str:
        lines = ["No container engine was found. The course can run one of its own:"]
        if self.packages:
            lines.append(f"  install   {' '.join(self.packages)} (packages of this system)")
        lines += [
            f"  run       a dockerd of its own, with all its data in {self.folder}",
            "  undo      `./course engine stop` stops it, `./course clean --engine` removes it",
        ]
        return "\n".join(lines)


def set_up(*, agree: Callable[[Plan], bool], progress: Progress) -> Found:
    """Find an engine; where there is none, install one and start the course's own.

    Args:
        agree: Shown what would be done to this machine, says whether it may be.
        progress: Told what is waited for.

    Raises:
        EngineError: As `connect`, or the installation failed, or `agree` said no.
    """
    progress("Looking for an engine", None, None)
    try:
        return find()
    except (EngineNotFound, EngineUnreachable):
        if named_endpoint() is not None or not (own.can_run() or apt.available()):
            raise
    return run_own(agree=agree, progress=progress)


def run_own(*, agree: Callable[[Plan], bool], progress: Progress) -> Found:
    """Start the course's own engine, and install what it needs if that is missing.

    Args:
        agree: As for `set_up`; not asked when there is nothing to install or set up.
        progress: As for `set_up`.

    Raises:
        EngineError: As for `set_up`.
    """
    if not (own.can_run() or apt.available()):
        raise not_found()
    _refuse_beside_another()
    plan = Plan(tuple(_missing_packages()), own.paths().home)
    if (plan.packages or not own.is_set_up()) and not agree(plan):
        raise EngineNotFound(
            "There is no container engine, and none was to be installed.",
            fix="Start an engine of yours, or run this again and agree.",
        )
    if plan.packages:
        _install(plan.packages, progress)
        service = _started_by_package(progress)
        if service is not None:
            return service
    progress("Starting the course's own engine", None, None)
    own.start()
    return find()


def _refuse_beside_another() -> None:
    other = own.other_dockerd()
    if other is not None:
        raise EngineUnreachable(
            f"A dockerd runs here (process {other.pid}), but not where the course looks.",
            fix="Set DOCKER_HOST to its socket (`--host` in its command line), or stop it.",
            detail=" ".join(other.command),
        )


def _missing_packages() -> list[str]:
    missing = []
    if not own.can_run():
        missing.append("docker.io")
    if shutil.which("iptables", path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
        missing.append("iptables")
    if not _CERTIFICATES.exists():
        missing.append("ca-certificates")
    return missing if apt.available() else []


def _install(packages: tuple[str, ...], progress: Progress) -> None:
    try:
        apt.install(packages, progress)
    except AptFailed as error:
        raise EngineStartFailed(
            f"{', '.join(packages)} could not be installed.",
            fix=f"Check the network and /etc/apt/sources.list; all that apt-get said is in "
            f"{error.log}. Or install an engine yourself and run this again.",
            detail=error.tail,
        ) from error


def _started_by_package(progress: Progress) -> Found | None:
    """Wait for the engine that the package's service starts, where services are started."""
    deadline = time.monotonic() + _SERVICE_SECONDS
    while own.other_dockerd() is not None and time.monotonic() < deadline:
        progress("Waiting for the system's engine to answer", None, None)
        try:
            return find(start=False)
        except EngineError:
            time.sleep(0.5)
    return None
