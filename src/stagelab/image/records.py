"""Which files of an image record packages, and what they say.

An image keeps them in databases of its package managers and in files beside the code of languages.
They are the image's word: a package whose record was removed is not seen, and sizes, numbers and
lengths are bounded, as whoever made the image may have written anything.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from stagelab.image.records_dpkg import STATUS, apk, dpkg
from stagelab.image.records_language import node, python
from stagelab.image.records_rpm import rpm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stagelab.image.package import Package

UNREADABLE = {
    "/usr/lib/sysimage/rpm/Packages": "rpm database in its Berkeley DB form",
    "/usr/lib/sysimage/rpm/Packages.db": "rpm database in its ndb form",
    "/var/lib/rpm/Packages": "rpm database in its Berkeley DB form",
    "/var/lib/rpm/Packages.db": "rpm database in its ndb form",
}
"""Databases that only rpm itself can read, by path: what they record is not seen."""

MOST_PACKAGES = 50_000
"""Packages of one record that are looked at."""

MOST_LENGTH = 1024
"""Characters of a name or version; what is longer is cut."""

_DPKG_BELOW = "/var/lib/dpkg/status.d/"
_APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_RPM = ("/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite")
_PYTHON = (".dist-info/METADATA", ".egg-info/PKG-INFO", ".egg-info")
_NODE = "/package.json"
_ENDINGS = (*_PYTHON, _NODE)
_DATABASES = frozenset({STATUS, *_APK, *_RPM})

_MOST_DATABASE = 256 << 20
_MOST_TEXT = 32 << 20
_MOST_HEADERS = 64 << 10
_MOST_OF_ONE = 1 << 20


def is_record(path: str) -> bool:
    """Tell whether a regular file at this path would be a record that `read` understands."""
    if path.endswith(_ENDINGS):
        return not path.endswith(_NODE) or _is_installed(path)
    return path in _DATABASES or (path.startswith(_DPKG_BELOW) and _is_fragment(path))


def most_bytes(path: str) -> int:
    """Give how many bytes from the start of a record are wanted; it says nothing beyond them.

    Python's headers end at the first blank line, within 64 KiB. A package.json of more than 1 MiB
    and a database of rpm of more than 256 MiB tell nothing when cut.
    """
    if path in _RPM:
        return _MOST_DATABASE
    if path.endswith(_PYTHON):
        return _MOST_HEADERS
    if path.endswith(_NODE) or path.startswith(_DPKG_BELOW):
        return _MOST_OF_ONE
    return _MOST_TEXT


def read(path: str, pieces: Iterable[bytes]) -> tuple[Package, ...]:
    """Give the packages that a record names, sorted.

    What is damaged names no packages, or those that can be told all the same. Characters that
    cannot be shown, such as those that steer a terminal, become U+FFFD.

    Args:
        path: Where the record is in the image, for which `is_record` holds.
        pieces: The file's bytes in order; not always taken to the end, and never much beyond
            `most_bytes`. A database of rpm is copied to a temporary file, Python's and Node's are
            held, the rest is read piece by piece.

    Raises:
        ImageError: If there is no room for that temporary file; the record itself raises nothing.
    """
    return tuple(sorted({_shown(item) for item in islice(_read(path, pieces), MOST_PACKAGES)}))


def _read(path: str, pieces: Iterable[bytes]) -> Iterable[Package]:
    pieces = _bounded(pieces, most_bytes(path))
    if path in _RPM:
        return rpm(path, pieces)
    if path in _APK:
        return apk(path, pieces)
    if path.endswith(_PYTHON):
        return python(path, b"".join(pieces))
    if path.endswith(_NODE):
        return node(path, b"".join(pieces))
    return dpkg(path, pieces)


def _bounded(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:most]
        most -= len(piece)
        if most <= 0:
            return


def _is_installed(path: str) -> bool:
    """Tell whether a package.json lies in `node_modules/NAME/` or `node_modules/@SCOPE/NAME/`."""
    *above, folder, _ = path.rsplit("/", 4)
    if above and above[-1].startswith("@"):
        above.pop()
    return above[-1:] == ["node_modules"] and not folder.startswith("@")


def _is_fragment(path: str) -> bool:
    name = path.removeprefix(_DPKG_BELOW)
    return "/" not in name and not name.endswith(".md5sums")


def _shown(item: Package) -> Package:
    return replace(
        item,
        name=_clean(item.name),
        version=_clean(item.version),
        architecture=_clean(item.architecture),
        source=_clean(item.source),
        source_version=_clean(item.source_version),
    )


def _clean(text: str) -> str:
    text = text[:MOST_LENGTH]
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
