"""Suites, read from archives or from what is kept of them.

A suite whose Release did not change costs one small request. An archive that does not answer is
replaced by what is kept of it; one that answers with something else than it announces is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from stagelab.image.fixes import keeping
from stagelab.image.fixes.archives import SETTING
from stagelab.image.fixes.index import Index, Published, ReadSuite
from stagelab.image.fixes.release import Release, parse_release
from stagelab.image.fixes.stanzas import rows, slim
from stagelab.image.fixes.suites import Suite
from stagelab.image.fixes.web import ArchiveUnreachable, ArchiveUnusable, Web

_MOST_RELEASE = 4_000_000
_MOST_INDEX = 64_000_000


def read_index(
    suites: Iterable[Suite],
    *,
    names: Collection[str],
    sources: Collection[str],
    architectures: Iterable[str],
    trusted: Collection[str] = (),
) -> Index:
    """Read suites, as far as they tell of these packages and of all packages of these sources.

    Args:
        suites: The suites.
        names: Names of binary packages.
        sources: Names of source packages.
        architectures: Debian's names of them.
        trusted: Addresses that more than the image names.

    Raises:
        ArchiveUnreachable: One is nowhere to be had, and not kept.
        ArchiveUnusable: One is not what it announces.
    """
    read: list[ReadSuite] = []
    published: list[Published] = []
    web = Web()
    try:
        for suite in suites:
            found, packed = _suite(web, suite, tuple(architectures), trusted)
            read.append(found)
            for architecture, index in packed:
                published += [
                    Published(suite.name, architecture, *row) for row in rows(index, names, sources)
                ]
    finally:
        web.close()
    return Index(tuple(read), tuple(published))


def _suite(
    web: Web, suite: Suite, architectures: tuple[str, ...], trusted: Collection[str]
) -> tuple[ReadSuite, list[tuple[str, bytes]]]:
    """Give a suite from the first address that has it."""
    said: list[str] = []
    for address in suite.addresses:
        is_trusted = address in trusted
        url = f"{address}/dists/{suite.name}/InRelease"
        kept = keeping.load_json("release", url)
        kept = kept if isinstance(kept, dict) and isinstance(kept.get("text"), str) else None
        try:
            text, tags = _release_text(web, url, kept, trusted=is_trusted)
            release = _of_suite(parse_release(text, url), suite, url)
            packed = _indexes(web, address, suite, release, architectures, trusted=is_trusted)
        except _NotThis as error:
            said.append(str(error))
            continue
        except ArchiveUnreachable as error:
            said.append(str(error))
            found = _kept(suite, address, url, kept, architectures, trusted=is_trusted)
            if found:
                return found
            continue
        if tags:
            keeping.store_json("release", url, {**tags, "text": text})
        return ReadSuite(suite.name, address, release.date, is_trusted), packed
    nowhere = (
        "Neither the image nor this machine names an archive that has it. Name one in the "
        f"environment variable {SETTING}."
    )
    raise ArchiveUnreachable(f"{suite.name}: " + ("; ".join(said) or nowhere))


class _NotThis(Exception):
    """An address has another publisher's suite of that name."""


def _release_text(
    web: Web, url: str, kept: dict[str, str] | None, *, trusted: bool
) -> tuple[str, dict[str, str]]:
    """Give the Release, and the tags to keep it with; no tags if it is what was kept."""
    etag = str((kept or {}).get("etag", ""))
    modified = str((kept or {}).get("modified", ""))
    with web.open(url, most=_MOST_RELEASE, trusted=trusted, etag=etag, modified=modified) as answer:
        if not answer.changed:
            return (kept or {}).get("text", ""), {}
        text = b"".join(answer.pieces).decode(errors="replace")
        return text, {"etag": answer.etag, "modified": answer.modified}


def _of_suite(release: Release, suite: Suite, url: str) -> Release:
    if release.origin != suite.origin or suite.name not in release.names:
        is_one = f"{'/'.join(release.names)} of {release.origin or 'nobody'}"
        raise _NotThis(f"{url}: is {is_one}, not {suite.name} of {suite.origin}")
    return release


def _indexes(
    web: Web | None,
    address: str,
    suite: Suite,
    release: Release,
    architectures: tuple[str, ...],
    *,
    trusted: bool,
) -> list[tuple[str, bytes]]:
    """Give the indexes of a suite by architecture; without a web only if all of them are kept."""
    found = []
    for architecture in architectures:
        for component in suite.components:
            listed = release.index(component, architecture)
            if listed is None:
                if component == "main" and architecture == architectures[0]:
                    raise ArchiveUnusable(
                        f"{suite.name} at {address}: no packages of {architecture}"
                    )
                continue  # a component or a foreign architecture that this suite does not have
            path, digest, size = listed
            packed = keeping.load("index", digest)
            if packed is None:
                if web is None:
                    raise ArchiveUnreachable(f"{suite.name}: {path} is not kept")
                if size > _MOST_INDEX:
                    raise ArchiveUnusable(f"{suite.name} at {address}: {path} has {size} bytes")
                if release.by_hash:
                    path = f"{path.rpartition('/')[0]}/by-hash/SHA256/{digest}"
                url = f"{address}/dists/{suite.name}/{path}"
                with web.open(url, most=size, trusted=trusted) as answer:
                    packed = slim(answer.pieces, digest, url)
                keeping.store("index", digest, packed)
            found.append((architecture, packed))
    return found


def _kept(
    suite: Suite,
    address: str,
    url: str,
    kept: dict[str, str] | None,
    architectures: tuple[str, ...],
    *,
    trusted: bool,
) -> tuple[ReadSuite, list[tuple[str, bytes]]] | None:
    """Give a suite as it was when its archive last answered, None if it is not all kept."""
    if kept is None:
        return None
    try:
        release = parse_release(kept["text"], url)
        packed = _indexes(None, address, suite, release, architectures, trusted=trusted)
    except (ArchiveUnreachable, ArchiveUnusable):
        return None
    return ReadSuite(suite.name, address, release.date, trusted, offline=True), packed
