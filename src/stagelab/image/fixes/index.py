"""What the suites publish of the packages in question."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from debian.debian_support import NativeVersion

from stagelab.image.fixes.versions import version_key


@dataclass(frozen=True, slots=True)
class Published:
    """One package as one suite publishes it.

    Attributes:
        suite: "trixie-security".
        architecture: Whose index names it, "amd64", though it may be for all.
        name: Name of the binary package.
        version: Its version.
        source: Name of the source package.
        source_version: Version of that.
        filename: Where it is below the suite's address.
        size: Its bytes.
        sha256: Its digest, in hexadecimal.
    """

    suite: str
    architecture: str
    name: str
    version: str
    source: str
    source_version: str
    filename: str = ""
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ReadSuite:
    """One suite that was read.

    Attributes:
        name: "trixie-security".
        address: The archive's, without a slash at the end.
        date: When it was published, as it says itself; ISO 8601, UTC.
        trusted: Whether more than the image names the address.
        offline: Whether it is what was kept, because the archive did not answer.
    """

    name: str
    address: str
    date: str
    trusted: bool = False
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """The versions that suites publish, for the packages that an image has.

    Attributes:
        suites: The suites that were read.
        published: Their packages: those asked for, and all of the same sources.
    """

    suites: tuple[ReadSuite, ...]
    published: tuple[Published, ...]
    _highest: dict[tuple[str, str], tuple[NativeVersion, Published]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        rank = {suite.name: suite.name.endswith("-security") for suite in self.suites}
        for item in self.published:
            version = version_key(item.version)
            if version is None:
                continue
            place = (item.name, item.architecture)
            known = self._highest.get(place)
            # What two suites publish is told of the one for security updates.
            if known is None or (known[0], rank.get(known[1].suite, False)) < (
                version,
                rank.get(item.suite, False),
            ):
                self._highest[place] = (version, item)

    @property
    def as_of(self) -> str:
        """When the newest suite was published; "" if there is none."""
        return max((suite.date for suite in self.suites), default="")

    def highest(self, name: str, architecture: str) -> tuple[NativeVersion, Published] | None:
        """Give the highest version of a package, None if no suite has it."""
        return self._highest.get((name, architecture))

    def of_source(self, like: Published) -> Iterator[Published]:
        """Give the packages of the same source, version and suite, the smallest first."""
        wanted = (like.suite, like.architecture, like.source, like.source_version)
        same = [
            item
            for item in self.published
            if (item.suite, item.architecture, item.source, item.source_version) == wanted
        ]
        yield from sorted(same, key=lambda item: (item.size, item.name))

    def save(self, path: Path) -> None:
        """Write it to a file that `frozen` reads; the same index gives the same bytes."""
        facts = {
            "suites": [asdict(suite) for suite in self.suites],
            "published": [asdict(item) for item in self.published],
        }
        text = json.dumps(facts, indent=0, sort_keys=True)
        path.write_bytes(gzip.compress(text.encode(), mtime=0))

    @classmethod
    def frozen(cls, path: Path) -> Index:
        """Read what `save` wrote."""
        facts: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
        return cls(
            tuple(ReadSuite(**suite) for suite in facts["suites"]),
            tuple(Published(**item) for item in facts["published"]),
        )
