"""The base images that the course's Dockerfiles name: there, pulled, from a bundle, or made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab._lazy import names_of

if TYPE_CHECKING:
    from stagelab.bases.base import Base, BaseRow, kind_of, survey
    from stagelab.bases.cache import cached_archives, delete_archives
    from stagelab.bases.catalog import CatalogueEntry, Recipe, catalogue
    from stagelab.bases.ensuring import ensure, ensure_stand_ins, pull_official
    from stagelab.bases.progress import Progress

__all__ = [
    "Base",
    "BaseRow",
    "CatalogueEntry",
    "Progress",
    "Recipe",
    "cached_archives",
    "catalogue",
    "delete_archives",
    "ensure",
    "ensure_stand_ins",
    "kind_of",
    "pull_official",
    "survey",
]

__getattr__ = names_of(
    __name__,
    {
        "Base": "stagelab.bases.base",
        "BaseRow": "stagelab.bases.base",
        "CatalogueEntry": "stagelab.bases.catalog",
        "Progress": "stagelab.bases.progress",
        "Recipe": "stagelab.bases.catalog",
        "cached_archives": "stagelab.bases.cache",
        "catalogue": "stagelab.bases.catalog",
        "delete_archives": "stagelab.bases.cache",
        "ensure": "stagelab.bases.ensuring",
        "ensure_stand_ins": "stagelab.bases.ensuring",
        "kind_of": "stagelab.bases.base",
        "pull_official": "stagelab.bases.ensuring",
        "survey": "stagelab.bases.base",
    },
)
