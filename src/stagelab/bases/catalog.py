"""Which base images the course's Dockerfiles name, and how each stand-in is made."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from stagelab.errors import BaseUnavailable

Role = Literal["builder", "runtime"]

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
"""Debian Policy 5.6.7; held to because a package's name becomes a part of a hook's command."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a stand-in is made from packages of Debian.

    Args:
        name: The catalogue's name of the base that it stands in for.
        version: Raised when the code that follows the recipe makes something else.
        suite: Debian's suite, such as "trixie".
        epoch: Date of what has no date of its own, POSIX seconds (SOURCE_DATE_EPOCH).
        packages: Debian packages beyond what the kind of root has anyway.
        go: Version of the Go toolchain, None if it has none.
        differs: What a learner may notice to be unlike the official image.
    """

    name: str
    version: int
    suite: str
    epoch: int
    packages: tuple[str, ...]
    go: str | None
    differs: str


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One base image of the course.

    Args:
        name: Short name, such as "golang".
        reference: The official image, as a Dockerfile's FROM names it.
        role: What it serves for in a multi-stage build.
        summary: What it has, a phrase.
        recipe: How its stand-in is made.
    """

    name: str
    reference: str
    role: Role
    summary: str
    recipe: Recipe


@cache
def catalogue() -> dict[str, CatalogueEntry]:
    """Give every base image of the course by its short name, in the catalogue's order."""
    data = tomllib.loads(files(__package__).joinpath("catalog.toml").read_text("utf-8"))
    suite: str = data.pop("suite")
    epoch: datetime = data.pop("epoch")
    return {name: _entry(name, row, suite, int(epoch.timestamp())) for name, row in data.items()}


def entry(name: str) -> CatalogueEntry:
    """Give the catalogue's entry of that short name.

    Raises:
        BaseUnavailable: The catalogue has no such name.
    """
    try:
        return catalogue()[name]
    except KeyError:
        raise BaseUnavailable(
            f"The course has no base image called {name!r}.",
            fix=f"Use one of: {', '.join(catalogue())}.",
        ) from None


def _entry(name: str, row: dict[str, Any], suite: str, epoch: int) -> CatalogueEntry:
    made = row["stand-in"]
    packages = tuple(made["packages"])
    if bad := [package for package in packages if not _PACKAGE.fullmatch(package)]:
        raise ValueError(f"catalog.toml: not a Debian package name: {bad}")
    recipe = Recipe(
        name, made["version"], suite, epoch, packages, made.get("go"), differs=made["differs"]
    )
    return CatalogueEntry(name, row["reference"], row["role"], row["summary"], recipe)
