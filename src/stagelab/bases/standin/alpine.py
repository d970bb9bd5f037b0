"""A musl and busybox root, as `alpine` is, from Debian's packages of both."""

from __future__ import annotations

import io
import re
import tarfile

from stagelab.bases.archive import (
    Entry,
    ImageSettings,
    Layer,
    directory,
    file,
    symlink,
    write_layer,
)
from stagelab.bases.catalog import Recipe
from stagelab.bases.standin.ca import BUNDLE
from stagelab.bases.standin.packages import Package, fetch_packages, merged
from stagelab.bases.standin.workshop import Workshop
from stagelab.errors import StandInFailed

_USERS = """\
root:x:0:0:root:/root:/bin/sh
bin:x:1:1:bin:/bin:/bin/false
daemon:x:2:2:daemon:/sbin:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
"""
_GROUP = "root:x:0:root\nbin:x:1:root,bin\ndaemon:x:2:root,bin\nnobody:x:65534:\n"

# The packages are Debian's, so Debian's ID is the true one: it is by ID and VERSION_CODENAME that
# a scanner knows whose advisories apply. With Alpine's ID it would look up the wrong ones.
_OS_RELEASE = """\
NAME="Stagelab stand-in for Alpine"
PRETTY_NAME="Stagelab stand-in for Alpine (busybox and musl of Debian {suite})"
ID=debian
VERSION_CODENAME={suite}
VARIANT="Stand-in for Alpine, without apk"
VARIANT_ID=stagelab-alpine-stand-in
"""

_APPLETS = re.compile(rb"\[\0\[\[\0(?:[!-~]+\0)+")
"""Busybox's table of its applets' names: sorted, NUL-terminated, beginning with [ and [[."""

_FOREIGN = {"dpkg", "dpkg-deb", "rpm", "rpm2cpio"}
"""Applets that Debian's busybox has and Alpine's has not: package managers of others."""


def make(
    shop: Workshop, recipe: Recipe, labels: dict[str, str]
) -> tuple[tuple[Layer, ...], ImageSettings]:
    """Make the layer and settings of the stand-in for Alpine."""
    packages = fetch_packages(shop, recipe)
    own = [
        *_folders(),
        file("etc/passwd", _USERS),
        file("etc/group", _GROUP),
        file("etc/shells", "/bin/sh\n/bin/ash\n"),
        file("etc/os-release", _OS_RELEASE.format(suite=recipe.suite)),
        file(BUNDLE, shop.certificates),
        *(symlink(f"usr/bin/{name}", "busybox") for name in applets(_busybox(packages))),
    ]
    layer = write_layer(
        shop.folder / "alpine.tar",
        merged(packages, own),
        epoch=recipe.epoch,
        created_by=f"unpacked from Debian {recipe.suite}: {' '.join(recipe.packages)}; "
        "with busybox's links, users and the host's CA certificates",
    )
    return (layer,), ImageSettings(shop.platform.docker, labels, cmd=("/bin/sh",))


def applets(busybox: bytes) -> tuple[str, ...]:
    """Read the names of its applets from a busybox binary without running it.

    It may be of another machine architecture than the host.

    Raises:
        StandInFailed: No table of names is found.
    """
    tables = _APPLETS.findall(busybox)
    if not tables:
        raise StandInFailed(
            "The busybox package has no readable list of its commands.",
            fix="Pull the official image: ./course bases pull alpine",
        )
    names = max(tables, key=len).decode().rstrip("\0").split("\0")
    return tuple(name for name in names if name != "busybox" and name not in _FOREIGN)


def _folders() -> list[Entry]:
    plain = ("dev", "etc", "home", "opt", "proc", "run", "srv", "sys", "usr/lib", "usr/local/bin")
    return [
        *(directory(name) for name in plain),
        directory("root", 0o700),
        directory("tmp", 0o1777),
        directory("var/tmp", 0o1777),
        symlink("bin", "usr/bin"),
        symlink("lib", "usr/lib"),
        symlink("sbin", "usr/bin"),
        symlink("usr/sbin", "bin"),
    ]


def _busybox(packages: tuple[Package, ...]) -> bytes:
    data = next((one.data for one in packages if one.name == "busybox-static"), None)
    if data is None:
        return b""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            if info.isreg() and info.name.endswith("bin/busybox"):
                content = tar.extractfile(info)
                return content.read() if content else b""
    return b""
