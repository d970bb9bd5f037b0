"""Which base images are on an engine, and of which kind each is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import docker
from docker.errors import ImageNotFound
from docker.models.images import Image

from stagelab.bases import cache
from stagelab.bases.catalog import CatalogueEntry, Role, catalogue
from stagelab.engine.labels import STAND_IN_LABEL

Kind = Literal["official", "stand-in"]
Origin = Literal["local", "pulled", "bundle", "made"]


@dataclass(frozen=True, slots=True)
class Base:
    """A base image that is present on an engine.

    Args:
        name: Its short name in the catalogue.
        reference: The reference that it is present under.
        kind: The official image, or our stand-in.
        image_id: Its ID on the engine.
        origin: It was there ("local"), or was just pulled, loaded from a bundle, or made.
        engine_size: Bytes by the engine's own count; not comparable across engines.
    """

    name: str
    reference: str
    kind: Kind
    image_id: str
    origin: Origin
    engine_size: int


@dataclass(frozen=True, slots=True)
class BaseRow:
    """A line of the catalogue as it stands on an engine.

    Args:
        name: Short name.
        reference: The official image's reference.
        role: What it serves for in a multi-stage build.
        summary: What it has, a phrase.
        base: The image that is present, None if there is none.
        archives: Archives of its stand-in in the cache.
        differs: How its stand-in differs from the official image.
    """

    name: str
    reference: str
    role: Role
    summary: str
    base: Base | None
    archives: tuple[Path, ...]
    differs: str


def look(client: docker.DockerClient, entry: CatalogueEntry, origin: Origin) -> Base | None:
    """Give the image that is present under an entry's official reference, None if there is none."""
    try:
        image = client.images.get(entry.reference)
    except ImageNotFound:
        return None
    kind: Kind = "stand-in" if STAND_IN_LABEL in _labels(image) else "official"
    size = int(image.attrs.get("Size") or 0)
    return Base(entry.name, entry.reference, kind, str(image.id), origin, size)


def kind_of(
    client: docker.DockerClient, reference: str
) -> Literal["official", "stand-in", "scratch", "other"]:
    """Tell what a FROM's reference names on this engine.

    "stand-in" is an image with our label: a stand-in, or what was built on one and inherited it.
    "official" is a reference of the catalogue without it, present or not (BuildKit pulls into its
    own store). "scratch" is no image at all, "other" everything else.
    """
    if reference == "scratch":
        return "scratch"
    try:
        if STAND_IN_LABEL in _labels(client.images.get(reference)):
            return "stand-in"
    except ImageNotFound:
        pass  # then it can be no stand-in, for these exist on the engine only
    known = {entry.reference for entry in catalogue().values()}
    return "official" if familiar(reference) in known else "other"


def survey(client: docker.DockerClient) -> tuple[BaseRow, ...]:
    """Give every line of the catalogue with what this engine and the cache have of it."""
    archives = cache.cached_archives()
    return tuple(
        BaseRow(
            entry.name,
            entry.reference,
            entry.role,
            entry.summary,
            look(client, entry, "local"),
            tuple(path for path in archives if path.name.startswith(f"{entry.name}-")),
            entry.recipe.differs,
        )
        for entry in catalogue().values()
    )


def familiar(reference: str) -> str:
    """Give a reference in the short form that Docker shows: Docker Hub's prefix left out."""
    for prefix in ("docker.io/library/", "docker.io/", "index.docker.io/library/"):
        if reference.startswith(prefix):
            return reference.removeprefix(prefix)
    return reference


def _labels(image: Image) -> dict[str, str]:
    return (image.attrs.get("Config") or {}).get("Labels") or {}
