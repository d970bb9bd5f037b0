"""How facts look, in notebooks (HTML) and everywhere else (plain text).

Importing this package registers a renderer for each type of fact.
"""

from stagelab.show import (
    build,
    cleaned,
    comparison,
    diagnosis,
    image,
    lint,
    live,
    timeline,
    trouble,
)

__all__ = [
    "build",
    "cleaned",
    "comparison",
    "diagnosis",
    "image",
    "lint",
    "live",
    "timeline",
    "trouble",
]
