"""The Release file of a suite: who published it, when, and the digests of its indexes.

Source: the Debian repository format, "Release files". The signature of `InRelease` is not checked:
what is compared are versions, nothing is installed, and the keys are not the machine's on most
systems. Whoever can change the archive's answers can hide fixes or invent some.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from stagelab.image.fixes.web import ArchiveUnusable

_FIELD = re.compile(r"^([A-Za-z0-9-]+):[ \t]*(.*)$")
_INDEX = re.compile(r"^ ([0-9a-f]{64}) +([0-9]{1,12}) (\S+/binary-[a-z0-9-]+/Packages\.xz)$")
_BEGIN, _END = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----"


@dataclass(frozen=True, slots=True)
class Release:
    """What a Release file says.

    Attributes:
        origin: Who published it, "Debian".
        names: What the suite is called, by code name and by rank.
        date: When it was published; ISO 8601, UTC.
        by_hash: Whether indexes can be had by their digest, so that a change meanwhile is no harm.
        indexes: SHA256 and size in bytes of each `Packages.xz`, by path.
    """

    origin: str
    names: tuple[str, ...]
    date: str
    by_hash: bool
    indexes: dict[str, tuple[str, int]]

    def index(self, component: str, architecture: str) -> tuple[str, str, int] | None:
        """Give path, SHA256 and size of an index, None if the suite has no such."""
        path = f"{component}/binary-{architecture}/Packages.xz"
        found = self.indexes.get(path)
        return None if found is None else (path, *found)


def parse_release(text: str, url: str) -> Release:
    """Read a Release or InRelease file.

    Raises:
        ArchiveUnusable: It is none; `url` says which.
    """
    fields: dict[str, str] = {}
    indexes: dict[str, tuple[str, int]] = {}
    section = ""
    text = text.partition(_END)[0]
    if text.startswith(_BEGIN):
        text = text.partition("\n\n")[2]  # after the armor's own headers
    for line in text.splitlines():
        if field := _FIELD.match(line):
            section = field[1].lower()
            fields.setdefault(section, field[2].strip())
        elif section == "sha256" and (listed := _INDEX.match(line)):
            indexes[listed[3]] = (listed[1], int(listed[2]))
    try:
        published = parsedate_to_datetime(fields["date"])
        date = published.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
        raise ArchiveUnusable(f"{url}: no Release file of an archive") from error
    return Release(
        fields.get("origin", ""),
        tuple(fields[name] for name in ("codename", "suite") if name in fields),
        date,
        fields.get("acquire-by-hash", "") == "yes",
        indexes,
    )
