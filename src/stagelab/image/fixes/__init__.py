"""Published fixes that an image of Debian or Ubuntu lacks.

What looks them up is imported on first use: an x-ray that nobody asked for fixes needs the facts
alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab._lazy import names_of
from stagelab.image.fixes.facts import NOT_ASKED, Fix, Fixes

if TYPE_CHECKING:
    from stagelab.image.fixes.index import Index
    from stagelab.image.fixes.looking import published_fixes

__all__ = ["NOT_ASKED", "Fix", "Fixes", "Index", "published_fixes"]

__getattr__ = names_of(
    __name__,
    {
        "Index": "stagelab.image.fixes.index",
        "published_fixes": "stagelab.image.fixes.looking",
    },
)
