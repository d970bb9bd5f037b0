"""Published fixes that an image lacks, as facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stagelab._render import Shown
from stagelab.errors import ImageError

Status = Literal["not asked", "not applicable", "unavailable", "known"]


@dataclass(frozen=True, slots=True)
class Fix(Shown):
    """One source package of which the distribution has published a newer version.

    Attributes:
        source: Name of the source package.
        installed: Version of the source that the installed packages were built from; the lowest,
            should they differ.
        candidate: Version of the source that is published; equal to `installed` if the same source
            was only built again.
        suite: The suite that publishes it, "trixie-security".
        packages: The installed packages that have a newer version, by name.
        cves: The CVE numbers that the candidate's changelog names in its entries newer than
            `installed`; None if the changelog was not read.
    """

    source: str
    installed: str
    candidate: str
    suite: str
    packages: tuple[str, ...]
    cves: tuple[str, ...] | None = None

    @property
    def rebuilt(self) -> bool:
        """Whether the same source was only built again."""
        return self.installed == self.candidate


@dataclass(frozen=True, slots=True)
class Fixes(Shown):
    """Versions that are newer than the installed ones, in the suites that the image belongs to.

    This is no vulnerability scan. It has no severities and no vulnerabilities without a fix, and
    a newer version may repair something that is no vulnerability at all. What it says is what
    `apt-get update && apt-get upgrade` would find to do.

    Only when the status is "known" there is a number of fixes, be it 0. Else `count` is None, and
    `len`, iteration and truth raise `ImageError` with the reason: nothing known is not nothing.

    Attributes:
        status: "not asked": nobody looked. "not applicable": no packages of Debian or Ubuntu.
            "unavailable": the archive could not be read. "known": compared.
        fixes: One a source package, by its name.
        suites: The suites that were compared, "trixie-security".
        assumed: Those of them that the image's own list of sources does not name; they follow
            from its os-release.
        others: Suites that the image names and that were not compared: of other publishers,
            backports, proposed updates.
        as_of: When the newest of the compared suites was published, as it says itself; ISO 8601,
            UTC.
        compared: How many installed packages were compared.
        elsewhere: Installed packages, by name, that none of the suites has: other publishers', or
            dropped ones. Nothing is known about fixes of these.
        reason: Why nothing is known; with "known", what else there is to say; else "".
    """

    status: Status
    fixes: tuple[Fix, ...] = ()
    suites: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    as_of: str = ""
    compared: int = 0
    elsewhere: tuple[str, ...] = ()
    reason: str = ""

    @property
    def count(self) -> int | None:
        """How many source packages have a newer version; None if that is not known."""
        return len(self.fixes) if self.status == "known" else None

    @property
    def cves(self) -> tuple[str, ...] | None:
        """The CVE numbers of all fixes whose changelog was read; None if none was."""
        told = [fix.cves for fix in self.fixes if fix.cves is not None]
        if self.status != "known" or (self.fixes and not told):
            return None
        return tuple(sorted({cve for cves in told for cve in cves}, key=cve_order))

    def __len__(self) -> int:
        return len(self._known())

    def __iter__(self) -> Iterator[Fix]:
        return iter(self._known())

    def _known(self) -> tuple[Fix, ...]:
        if self.status != "known":
            raise ImageError(
                f"How many published fixes are not installed is not known ({self.status}).",
                fix="Look at `.status`, `.reason` and `.count`, which is None; if nobody asked, "
                "ask: xray(image, fixes=True).",
                detail=self.reason,
            )
        return self.fixes


NOT_ASKED = Fixes(
    "not asked", reason="Published fixes are looked up on demand: xray(…, fixes=True)."
)
"""What an x-ray has when nobody asked."""


def cve_order(cve: str) -> tuple[int, int]:
    """Give the year and number of "CVE-2024-12345", to sort by."""
    _, year, number = cve.split("-")
    return int(year), int(number)
