"""Every view: importing this module registers a renderer for each type of fact."""

from stagelab.show import (
    build,
    cleaned,
    comparison,
    diagnosis,
    fixes,
    graph,
    image,
    layers,
    lint,
    live,
    programs,
    secrets,
    surface,
    timeline,
    trouble,
    waste,
)

__all__ = [
    "build",
    "cleaned",
    "comparison",
    "diagnosis",
    "fixes",
    "graph",
    "image",
    "layers",
    "lint",
    "live",
    "programs",
    "secrets",
    "surface",
    "timeline",
    "trouble",
    "waste",
]
