"""Single packages of Debian, unpacked without what they depend on.

The way of the distroless images: a package's files, and its record below `status.d`, by which
scanners know that it is there.
"""

from __future__ import annotations

import io
import re
import shlex
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from stagelab.bases.archive import Entry, directory, file
from stagelab.bases.catalog import Recipe
from stagelab.bases.standin.mmdebstrap import make_root
from stagelab.bases.standin.workshop import Workshop
from stagelab.errors import StandInFailed

_LEFT_OUT = re.compile(
    r"usr/share/(man|locale|lintian|bug|initramfs-tools)/|usr/share/doc/(?!.*/copyright$)"
)
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER = 60


@dataclass(frozen=True, slots=True)
class Package:
    """A package as it comes from the archive.

    Args:
        name: Its name.
        control: Its control stanza.
        data: The tar of its files, compressed.
    """

    name: str
    control: str
    data: bytes

    def entries(self) -> Iterator[Entry]:
        """Give its files and links, without documentation but with its copyright."""
        with tarfile.open(fileobj=io.BytesIO(self.data)) as tar:
            for info in tar:
                info.name = info.name.removeprefix("./")
                if info.name in {"", "."} or _LEFT_OUT.match(info.name + "/" * info.isdir()):
                    continue
                content = tar.extractfile(info) if info.isreg() else None
                yield info, io.BytesIO(content.read()) if content else None


def fetch_packages(shop: Workshop, recipe: Recipe) -> tuple[Package, ...]:
    """Download the recipe's packages, and only these, with the archive's signatures verified.

    Raises:
        StandInFailed: They cannot be downloaded or read.
    """
    names = shlex.join(recipe.packages)  # the catalogue lets in no name that could end the command
    hook = f'cd "$1" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download {names}'
    tar = make_root(shop, recipe, "--variant=extract", f"--extract-hook={hook}")
    packages = []
    with tarfile.open(tar) as root:
        for info in root:
            content = root.extractfile(info) if info.name.endswith(".deb") else None
            if content is not None:
                packages.append(read_package(content.read()))
    if missing := set(recipe.packages) - {package.name for package in packages}:
        raise StandInFailed(
            f"Debian's archive gave no {' and no '.join(sorted(missing))}.",
            fix="Try again; if it stays so, the recipe in catalog.toml needs another name.",
        )
    return tuple(sorted(packages, key=lambda package: package.name))


def read_package(deb: bytes) -> Package:
    """Take a .deb apart (deb(5)).

    Raises:
        StandInFailed: It is no package, or damaged.
    """
    members = dict(_ar_members(deb))
    control_name = next((name for name in members if name.startswith("control.tar")), None)
    data_name = next((name for name in members if name.startswith("data.tar")), None)
    if control_name is None or data_name is None:
        raise StandInFailed("A downloaded package is damaged.", fix="Try again.")
    with tarfile.open(fileobj=io.BytesIO(members[control_name])) as tar:
        content = tar.extractfile("./control")
        control = content.read().decode() if content else ""
    name = re.search(r"^Package: *(\S+)$", control, re.MULTILINE)
    if name is None:
        raise StandInFailed("A downloaded package does not say its name.", fix="Try again.")
    return Package(name[1], control.rstrip("\n") + "\n", members[data_name])


def merged(packages: tuple[Package, ...], own: list[Entry]) -> Iterator[Entry]:
    """Give everything of a root in the order of names: packages, their records, and `own`.

    What comes later takes the place of what came before under the same name; folders that nobody
    names are added.
    """
    entries = [entry for package in packages for entry in package.entries()]
    entries += [directory("var/lib/dpkg/status.d")]
    entries += [file(f"var/lib/dpkg/status.d/{one.name}", one.control) for one in packages]
    by_name = {info.name.rstrip("/"): (info, content) for info, content in [*entries, *own]}
    for name in list(by_name):
        for parent in PurePosixPath(name).parents:
            if parent.name:
                by_name.setdefault(str(parent), directory(str(parent)))
    # a hard link comes after the file that it is another name of
    for name in sorted(by_name, key=lambda name: (by_name[name][0].islnk(), name)):
        yield by_name[name]


def _ar_members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    if not archive.startswith(_AR_MAGIC):
        return
    at = len(_AR_MAGIC)
    while at + _AR_HEADER <= len(archive):
        header = archive[at : at + _AR_HEADER]
        size = int(header[48:58])
        at += _AR_HEADER
        yield header[:16].decode().strip().rstrip("/"), archive[at : at + size]
        at += size + size % 2  # members begin at even offsets
