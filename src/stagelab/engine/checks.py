"""One check of a diagnosis, and all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stagelab._render import Shown

Status = Literal["ok", "missing", "note"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was found, and what to do.

    Args:
        name: What is checked, one or two words.
        ok: True if it is as it should be, False if something needed is missing, None if something
            is missing or unknown that the lessons can do without.
        found: What was found.
        fix: What to do; "" when there is nothing to do.
        milliseconds: How long it took to find out, None if that was not measured.
    """

    name: str
    ok: bool | None
    found: str
    fix: str = ""
    milliseconds: int | None = None

    @property
    def id(self) -> str:
        """The name as programs read it: stays the same from version to version."""
        return self.name.lower().replace(" ", "-")

    @property
    def status(self) -> Status:
        """The value of `ok` in a word."""
        if self.ok is None:
            return "note"
        return "ok" if self.ok else "missing"


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What an engine tells of itself.

    Args:
        product: "Docker" or "Podman".
        version: Its version.
        api: The newest version of the API that it speaks.
        storage: Its storage driver; "overlayfs" is the name of containerd's.
        system: The operating system that it runs on.
        kernel: That system's kernel.
        architecture: As `uname -m` names it.
        cgroups: Version of the control groups, "" if it does not tell.
        memory_bytes: Memory of its machine, 0 if it does not tell.
        processors: Processors of its machine, 0 if it does not tell.
        rootless: It runs without root's rights.
        own: It is the course's own engine.
    """

    product: str
    version: str
    api: str
    storage: str
    system: str
    kernel: str
    architecture: str
    cgroups: str
    memory_bytes: int
    processors: int
    rootless: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Diagnosis(Shown):
    """The result of `doctor`.

    Args:
        checks: Each check, in the order in which to repair what failed.
        engine: What the engine tells of itself, None if none answered.
        seconds: How long all of it took.
    """

    checks: tuple[Check, ...]
    engine: EngineFacts | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Nothing that is needed is missing."""
        return all(check.ok is not False for check in self.checks)
