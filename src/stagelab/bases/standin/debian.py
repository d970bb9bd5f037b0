"""A small Debian, as `debian:trixie-slim` is, and the ground of the golang stand-in."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from stagelab.bases.archive import Entry, ImageSettings, Layer, directory, file, write_layer
from stagelab.bases.catalog import Recipe
from stagelab.bases.standin.ca import BUNDLE
from stagelab.bases.standin.mmdebstrap import make_root
from stagelab.bases.standin.workshop import Workshop

# the same exclusions as the official slim images make; dpkg keeps to them in later installs too
_SLIM = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
)
_OF_THE_HOST = re.compile(r"(dev|proc|sys|run|tmp|var/lib/apt/lists|var/cache/apt)/.")
_HOST_FILES = {"etc/hostname", "etc/resolv.conf"}


def debian_layer(shop: Workshop, recipe: Recipe) -> Layer:
    """Make the layer: Debian's minimal root with the recipe's packages installed."""
    options = ["--variant=minbase", *(f"--dpkgopt={option}" for option in _SLIM)]
    if recipe.packages:
        options.append(f"--include={','.join(recipe.packages)}")
    tar = make_root(shop, recipe, *options)
    shop.say("writing the layer")
    shown = " ".join(["mmdebstrap --variant=minbase", *options[1 + len(_SLIM) :], recipe.suite])
    return write_layer(
        shop.folder / "debian.tar",
        _entries(tar, shop.certificates),
        epoch=recipe.epoch,
        created_by=f"{shown}; without documentation; with the host's CA certificates",
    )


def make(
    shop: Workshop, recipe: Recipe, labels: dict[str, str]
) -> tuple[tuple[Layer, ...], ImageSettings]:
    """Make the layers and settings of the stand-in for Debian slim."""
    settings = ImageSettings(shop.platform.docker, labels, cmd=("bash",))
    return (debian_layer(shop, recipe),), settings


def _entries(root: Path, certificates: bytes) -> Iterator[Entry]:
    folders = set()
    with tarfile.open(root) as tar:
        for info in tar:
            info.name = info.name.removeprefix("./").rstrip("/")
            if (
                info.name in {"", ".", BUNDLE, *_HOST_FILES}  # the host's name, its resolver
                or _OF_THE_HOST.match(info.name)
            ):
                continue
            if info.isdir():
                folders.add(info.name)
            yield info, tar.extractfile(info) if info.isreg() else None
    for folder in ("etc/ssl", "etc/ssl/certs"):
        if folder not in folders:
            yield directory(folder)
    yield file(BUNDLE, certificates)
