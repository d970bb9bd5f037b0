"""Installed packages against an index: which have a newer version, by source package."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from debian.debian_support import NativeVersion

from stagelab.image.fixes.facts import Fix
from stagelab.image.fixes.index import Index, Published
from stagelab.image.fixes.versions import version_key
from stagelab.image.package import Package

_DEBIAN_NAMES = {"386": "i386", "arm": "armhf", "ppc64le": "ppc64el"}
_ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9-]{1,30}")
_MOST_ARCHITECTURES = 3


class Upgrade(NamedTuple):
    """One fix, and the published package of the highest version that it rests on."""

    fix: Fix
    published: Published


class Compared(NamedTuple):
    """The upgrades by source, how many packages were compared, and those that no suite has."""

    upgrades: tuple[Upgrade, ...]
    compared: int
    elsewhere: tuple[str, ...]


def architectures(packages: Iterable[Package], configured: str = "") -> tuple[str, ...]:
    """Give the architectures of packages in Debian's names, the image's own first.

    Args:
        packages: Those of dpkg.
        configured: What the image's configuration says, "amd64"; "" if unknown.
    """
    counted = Counter(item.architecture for item in packages)
    named = [name for name, _ in counted.most_common() if _is_architecture(name)]
    own = _DEBIAN_NAMES.get(configured, configured)
    if own in named or not named:
        named.insert(0, own if _is_architecture(own) else "amd64")
    return tuple(dict.fromkeys(named))[:_MOST_ARCHITECTURES]


def upgrades(packages: Iterable[Package], index: Index, native: str) -> Compared:
    """Find the packages of which the index has a higher version.

    Args:
        packages: Those of dpkg.
        index: What is published.
        native: The image's own architecture, whose index has the packages for all as well.
    """
    found: dict[str, list[tuple[Package, NativeVersion, Published]]] = {}
    compared, elsewhere = 0, set()
    for item in packages:
        installed = version_key(item.version)
        where = item.architecture if _is_architecture(item.architecture) else native
        published = index.highest(item.name, where)
        if installed is None or published is None:
            elsewhere.add(item.name)
            continue
        compared += 1
        version, newest = published
        if installed < version:
            found.setdefault(newest.source, []).append((item, version, newest))
    return Compared(
        tuple(_upgrade(source, group) for source, group in sorted(found.items())),
        compared,
        tuple(sorted(elsewhere)),
    )


def _upgrade(source: str, group: list[tuple[Package, NativeVersion, Published]]) -> Upgrade:
    newest = max(group, key=lambda item: _order(item[2].source_version))[2]
    versions = [item.source_version or item.version for item, _, _ in group]
    names = sorted({item.name for item, _, _ in group})
    fix = Fix(source, min(versions, key=_order), newest.source_version, newest.suite, tuple(names))
    return Upgrade(fix, newest)


def _order(version: str) -> NativeVersion:
    return version_key(version) or NativeVersion("0~")


def _is_architecture(name: str) -> bool:
    return name != "all" and _ARCHITECTURE.fullmatch(name) is not None
