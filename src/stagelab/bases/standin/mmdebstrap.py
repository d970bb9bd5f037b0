"""Roots and packages of Debian, through mmdebstrap.

mmdebstrap verifies the archive's signatures, needs no engine, and works for root and, in a user
namespace, for others.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from stagelab.bases.catalog import Recipe
from stagelab.bases.standin.sources import host_sources
from stagelab.bases.standin.workshop import Workshop
from stagelab.errors import StandInFailed

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_SAID = {
    "running apt-get update": "reading Debian's package lists",
    "downloading packages": "downloading packages",
    "extracting archives": "unpacking Debian",
    "installing essential": "installing Debian",
    "installing remaining": "installing packages",
    "creating tarball": "packing",
}
"""The beginnings of mmdebstrap's messages, and what a learner is told."""


def make_root(shop: Workshop, recipe: Recipe, *options: str) -> Path:
    """Make a root file system for the recipe, and give its uncompressed tar.

    Args:
        shop: Where.
        recipe: Suite, packages and epoch.
        options: Further options of mmdebstrap, without suite, target and sources.

    Raises:
        StandInFailed: mmdebstrap failed.
    """
    target = shop.folder / "root.tar"
    command = ["mmdebstrap", f"--architectures={shop.platform.debian}", *options, recipe.suite]
    sources = host_sources(recipe.suite)
    try:
        _run(shop, recipe, [*command, str(target), *sources])
    except StandInFailed:
        if not sources or shop.cancelled.is_set():
            raise
        # the host's mirror may carry no other suite than the host's own
        _run(shop, recipe, [*command, str(target)])
    return target


def install(shop: Workshop) -> None:
    """Install mmdebstrap and Debian's archive keys if they are missing.

    Raises:
        StandInFailed: This is no Debian or Ubuntu, or we are not root, or apt-get failed.
    """
    missing = [] if shutil.which("mmdebstrap") else ["mmdebstrap"]
    if not _KEYRING.exists():
        missing.append("debian-archive-keyring")
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if shutil.which("apt-get") is None:
        raise StandInFailed(
            "Stand-ins are made on Debian or Ubuntu only.",
            fix="Get image archives made elsewhere (see ./course bases --help) and name their "
            "folder in STAGELAB_BUNDLE, or connect to a registry and run: ./course bases pull",
        )
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise StandInFailed(
            f"Making a stand-in needs {' and '.join(missing)}, and only root may install it.",
            fix=f"Run: sudo {' '.join(command)}",
        )
    shop.say(f"installing {' and '.join(missing)}")
    failed = f"apt-get could not install {' and '.join(missing)}."
    fix = "Read apt's words below; if the network is down, connect and run it again."
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    waiting = [command[0], "-o", "DPkg::Lock::Timeout=120", *command[1:]]
    try:
        shop.run(waiting, failed=failed, fix=fix, env=quiet)
    except StandInFailed:
        # the package lists may be absent (container images) or old
        shop.run(["apt-get", "update"], failed=failed, fix=fix, env=quiet)
        shop.run(waiting, failed=failed, fix=fix, env=quiet)


def _run(shop: Workshop, recipe: Recipe, command: Sequence[str]) -> None:
    def heard(line: str) -> None:
        words = line.removeprefix("I: ")
        for beginning, said in _SAID.items():
            if words.startswith(beginning):
                shop.say(said)

    shop.run(
        command,
        failed=f"mmdebstrap could not make the packages' part of the stand-in for {recipe.name}.",
        fix="Read its words below. Without a network: connect and try again, or use a bundle "
        "(STAGELAB_BUNDLE). Inside an unprivileged container: make the stand-ins outside of it.",
        env={"SOURCE_DATE_EPOCH": str(recipe.epoch)},
        heard=heard,
    )
