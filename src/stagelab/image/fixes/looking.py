"""Look up which published fixes an image lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from stagelab.image.fixes.archives import machine_sources, set_addresses
from stagelab.image.fixes.changelogs import with_cves
from stagelab.image.fixes.comparing import architectures, upgrades
from stagelab.image.fixes.facts import Fixes
from stagelab.image.fixes.index import Index
from stagelab.image.fixes.reading import read_index
from stagelab.image.fixes.suites import DISTRIBUTIONS, codename, named_sources, suites_of
from stagelab.image.fixes.web import ArchiveUnreachable, ArchiveUnusable
from stagelab.image.package import Package

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,200}")


def published_fixes(
    packages: Iterable[Package],
    os_release: Mapping[str, str],
    sources: Mapping[str, bytes],
    *,
    architecture: str = "",
    index: Index | None = None,
    changelogs: bool = False,
) -> Fixes:
    """Compare the installed packages with what their distribution publishes.

    The suites are the image's release, its updates and its security updates; the highest version
    counts. What the image's apt is told to hold or prefer is not looked at, and an update that
    Ubuntu hands out in phases counts from its first day. Needs the network once; then it is only
    asked whether what is kept in the user's cache folder is still right, and that serves, with
    its date, when there is no network.

    Args:
        packages: The packages of the image; those of dpkg count.
        os_release: The fields of the image's os-release, `ID` and `VERSION_CODENAME` above all.
        sources: Contents of the image's `/etc/apt/sources.list`, `/etc/apt/sources.list.d/*.list`
            and `*.sources`, by path.
        architecture: The image's, as its configuration says; "" to tell it from the packages.
        index: What is published, in place of archives.
        changelogs: Whether to read the CVE numbers of the fixes, which fetches some packages.

    Returns:
        The fixes; "unavailable" with the reason if an archive cannot be read.
    """
    installed = [item for item in packages if item.manager == "dpkg" and _NAME.fullmatch(item.name)]
    refused = _not_applicable(installed, os_release)
    if refused is not None:
        return refused
    named = named_sources(sources)
    release = codename(os_release)
    known = machine_sources(os_release["ID"], release) if index is None else ()
    preferred = set_addresses()
    suites = suites_of(os_release, named, preferred, known)
    names = tuple(suite.name for suite in suites)
    here = architectures(installed, architecture)
    if index is None:
        try:
            index = read_index(
                suites,
                names={item.name for item in installed},
                sources={item.source or item.name for item in installed},
                architectures=here,
                trusted={*preferred, *(source.address for source in known)},
            )
        except (ArchiveUnreachable, ArchiveUnusable) as error:
            return Fixes("unavailable", suites=names, reason=str(error))
    compared = upgrades(installed, index, here[0])
    fixes = tuple(upgrade.fix for upgrade in compared.upgrades)
    if changelogs:
        fixes = with_cves(compared.upgrades, index)
    old = [f"{suite.name} ({suite.date})" for suite in index.suites if suite.offline]
    return Fixes(
        "known",
        fixes,
        suites=tuple(suite.name for suite in index.suites),
        assumed=tuple(suite.name for suite in suites if suite.assumed),
        others=tuple(sorted({source.suite for source in named} - set(names))),
        as_of=index.as_of,
        compared=compared.compared,
        elsewhere=compared.elsewhere,
        reason="Not to be had now, so compared as kept: " + ", ".join(old) if old else "",
    )


def _not_applicable(installed: list[Package], os_release: Mapping[str, str]) -> Fixes | None:
    if not installed:
        return Fixes("not applicable", reason="The image has no packages of dpkg.")
    distribution = os_release.get("ID", "")
    if distribution not in DISTRIBUTIONS:
        name = distribution or "a system without a name (no os-release)"
        return Fixes("not applicable", reason=f"The image is {name}, neither Debian nor Ubuntu.")
    if not codename(os_release):
        return Fixes("unavailable", reason="The image's os-release names no VERSION_CODENAME.")
    return None
