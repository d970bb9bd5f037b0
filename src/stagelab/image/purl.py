"""Package URLs: names of packages that tools of all makers understand.

Sources: the Package URL specification and its types; os-release(5); Python packaging's "Names and
normalization", by which names that differ in "-", "_", "." or capitals are one. A URL also says
`upstream`, the source package, where that is another one: advisories of distributions name source
packages, and syft and grype look for them there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stagelab.image.package import Package

_TYPES = {"dpkg": "deb", "apk": "apk", "rpm": "rpm", "python": "pypi", "node": "npm"}
_UNEVEN = re.compile(r"[-_.]+")


def package_url(package: Package, os_release: Mapping[str, str]) -> PackageURL | None:
    """Give a package's URL; None if its name cannot be part of one.

    Args:
        package: Any package.
        os_release: The image's os-release by key, whose ID says whose packages those of dpkg, apk
            and rpm are. The URL does not say if it is empty.
    """
    kind = _TYPES[package.manager]
    if package.manager == "python":
        return _url(kind, "", _UNEVEN.sub("-", package.name).lower(), package.version)
    if package.manager == "node":
        scope, _, name = package.name.rpartition("/")
        return _url(kind, scope, name, package.version)
    version, epoch = package.version, ""
    if package.manager == "rpm":
        epoch, _, version = package.version.rpartition(":")
    system, release = os_release.get("ID", ""), os_release.get("VERSION_ID", "")
    told = {
        "arch": package.architecture,
        "distro": f"{system}-{release}" if system and release else system,
        "epoch": epoch,
        "upstream": _upstream(package),
    }
    return _url(kind, system, package.name, version, told)


def module_url(path: str, version: str) -> PackageURL | None:
    """Give the URL of a Go module; None if its path cannot be part of one."""
    folder, _, name = path.rpartition("/")
    return _url("golang", folder, name, version)


def _upstream(package: Package) -> str:
    source, version = package.source, package.source_version
    if (source, version) == (package.name, package.version):
        return ""
    if package.manager == "rpm":
        return f"{source}-{version}.src.rpm"
    return source if version == package.version else f"{source}@{version}"


def _url(
    kind: str, namespace: str, name: str, version: str, qualifiers: Mapping[str, str] | None = None
) -> PackageURL | None:
    told = {key: value for key, value in (qualifiers or {}).items() if value}
    name = "/".join(part.strip() for part in name.split("/") if part.strip())
    return PackageURL(kind, namespace, name, version.strip(), told) if name else None
