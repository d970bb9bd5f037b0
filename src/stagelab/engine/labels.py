"""Labels and names by which everything that the course makes can be told from everything else."""

from __future__ import annotations

import os
import secrets
from functools import cache

COURSE_LABEL = "org.stagelab.course"
"""On every object that the course makes, with the value "1"."""

SESSION_LABEL = "org.stagelab.session"
"""On every object, with the name of the session (one kernel, one command) that made it."""

STAND_IN_LABEL = "org.stagelab.stand-in"
"""On a stand-in base image, and by inheritance on what is built from it; value: its recipe."""

OWNER_LABEL = "org.stagelab.owner"
"""On every container, with the process that made it, as `owners.me` names it."""

NAME_LABEL = "org.stagelab.container"
"""On every container, with its own name: one that inherited the label has another name."""

TAG_PREFIX = "stagelab/"
"""Every tag that the course gives lies below this."""


@cache
def session() -> str:
    """Name of this process's session: STAGELAB_SESSION if set, else random, 8 hex digits."""
    return os.environ.get("STAGELAB_SESSION") or secrets.token_hex(4)


def labels() -> dict[str, str]:
    """Give the labels that every object made by this process carries."""
    return {COURSE_LABEL: "1", SESSION_LABEL: session()}
