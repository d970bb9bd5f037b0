"""The CVE numbers that changelogs of published packages name.

Debian and Ubuntu name in the changelog what an update repairs. The numbers are those in the
entries newer than the installed version: what the new version says that it repairs. Nothing
obliges a maintainer to name one, and none has a severity.
"""

from __future__ import annotations

import hashlib
import re

from stagelab.image.fixes import keeping
from stagelab.image.fixes.comparing import Upgrade
from stagelab.image.fixes.deb import changelog
from stagelab.image.fixes.facts import Fix, cve_order
from stagelab.image.fixes.index import Index, Published
from stagelab.image.fixes.versions import version_key
from stagelab.image.fixes.web import ArchiveUnreachable, ArchiveUnusable, Web

MOST_DOWNLOADS = 40
"""Packages that one look may fetch."""

MOST_BYTES = 3_000_000
"""Size of a package that is fetched for its changelog."""

_TRIES = 3  # the smallest package of a source often has its documentation in another one
_ENTRY = re.compile(r"^[a-z0-9][a-z0-9+.-]* \(([^()\s]{1,200})\)", re.MULTILINE)
_CVE = re.compile(r"\bCVE-[0-9]{4}-[0-9]{4,7}\b")
_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._~%:/-]*")

Entries = tuple[tuple[str, tuple[str, ...]], ...]
"""Version and CVE numbers of each entry, in the changelog's order."""


def entries(text: str) -> Entries:
    """Give the entries of a changelog, by deb-changelog(5)."""
    heads = list(_ENTRY.finditer(text))
    ends = [*(head.start() for head in heads), len(text)][1:]
    return tuple(
        (head[1], tuple(dict.fromkeys(_CVE.findall(text, head.end(), end))))
        for head, end in zip(heads, ends, strict=True)
    )


def cves_since(told: Entries, installed: str) -> tuple[str, ...]:
    """Give the CVE numbers of the entries newer than a version, oldest number first."""
    than = version_key(installed)
    newer = {
        cve
        for version, cves in told
        if than is not None and (key := version_key(version)) is not None and than < key
        for cve in cves
    }
    return tuple(sorted(newer, key=cve_order))


def with_cves(upgrades: tuple[Upgrade, ...], index: Index) -> tuple[Fix, ...]:
    """Give the fixes with the CVE numbers of their changelogs, security updates first.

    At most `MOST_DOWNLOADS` packages are fetched, each of at most `MOST_BYTES`; what is left, too
    large, or not to be had keeps None. Changelogs are kept by the package's digest.
    """
    reader = _Reader(index)
    try:
        order = sorted(upgrades, key=lambda item: not item.fix.suite.endswith("-security"))
        told = {item.fix.source: reader.cves(item) for item in order}
    finally:
        reader.close()
    return tuple(
        Fix(fix.source, fix.installed, fix.candidate, fix.suite, fix.packages, told[fix.source])
        for fix, _ in upgrades
    )


class _Reader:
    """Fetches changelogs until there were too many."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._suites = {suite.name: suite for suite in index.suites}
        self._web = Web()
        self._left = MOST_DOWNLOADS

    def close(self) -> None:
        self._web.close()

    def cves(self, upgrade: Upgrade) -> tuple[str, ...] | None:
        """Give the CVE numbers of an upgrade, None if no changelog of it can be read."""
        if upgrade.fix.rebuilt:
            return ()  # the same source has the same entries
        for item in list(self._index.of_source(upgrade.published))[:_TRIES]:
            told = self._entries(item)
            if told:
                return cves_since(told, upgrade.fix.installed)
        return None

    def _entries(self, item: Published) -> Entries:
        kept = keeping.load_json("changelog", item.sha256)
        try:
            if kept is not None:
                return tuple((str(version), tuple(map(str, cves))) for version, cves in kept)
        except (TypeError, ValueError):
            pass  # of no use: made again
        raw = self._fetch(item)
        if raw is None:
            return ()
        told = entries(changelog(raw, item.name) or "")
        keeping.store_json("changelog", item.sha256, told)
        return told

    def _fetch(self, item: Published) -> bytes | None:
        suite = self._suites.get(item.suite)
        unfit = not _FILENAME.fullmatch(item.filename) or ".." in item.filename
        if suite is None or unfit or not 0 < item.size <= MOST_BYTES or self._left <= 0:
            return None
        self._left -= 1
        url = f"{suite.address}/{item.filename}"
        try:
            raw = self._web.read(url, most=item.size, trusted=suite.trusted)
        except (ArchiveUnreachable, ArchiveUnusable):
            return None
        return raw if hashlib.sha256(raw).hexdigest() == item.sha256 else None
