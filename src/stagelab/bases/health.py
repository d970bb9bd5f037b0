"""The doctor, who looks at the base images as well as at the engine."""

from __future__ import annotations

import docker

from stagelab.bases import modules
from stagelab.bases.base import BaseRow, survey
from stagelab.engine.checks import Check
from stagelab.engine.diagnosis import doctor, register_check

__all__ = ["check_bases", "check_module_port", "doctor"]

_FIX = "`./course start --once` gets them (pulled, or made as stand-ins where the course may)."


def check_bases(client: docker.DockerClient) -> list[Check]:
    """Check that every base image of the catalogue is on the engine, and say of which kind.

    Args:
        client: The engine.
    """
    rows = survey(client)
    found = ", ".join(f"{row.reference}: {_kind(row)}" for row in rows)
    if any(row.base is None for row in rows):
        return [Check("base images", ok=False, found=found, fix=_FIX)]
    return [Check("base images", ok=True, found=found)]


def check_module_port(client: docker.DockerClient) -> list[Check]:
    """Check that Go modules can be served where they always are.

    Args:
        client: The engine.
    """
    _, free = modules.usual_port(client)
    said = f"port {modules.PORT}"
    if free:
        return [Check("module port", ok=True, found=f"Go modules can be served, at {said}")]
    return [
        Check(
            "module port",
            ok=None,
            found=f"{said} is taken, perhaps by another notebook: Go modules get another port, and "
            "a step that fetched them runs anew",
            fix="Close the other notebook, or whatever listens there.",
        )
    ]


def _kind(row: BaseRow) -> str:
    return row.base.kind if row.base else "missing"


register_check("base images", check_bases)
register_check("module port", check_module_port)
