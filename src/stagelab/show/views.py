"""Every view: importing this module registers a renderer for each type of fact."""

from stagelab.show import (
    build,
    cleaned,
    comparison,
    diagnosis,
    graph,
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
    "graph",
    "image",
    "lint",
    "live",
    "timeline",
    "trouble",
]
