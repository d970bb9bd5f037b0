"""The base images that the course's Dockerfiles name: there, pulled, from a bundle, or made."""

from stagelab.bases import health
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
    "health",
    "kind_of",
    "pull_official",
    "survey",
]
