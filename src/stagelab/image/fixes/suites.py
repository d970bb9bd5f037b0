"""Which suites an image belongs to, and where they are published.

The suites follow from os-release: the release itself, its updates and its security updates, all
three whatever the image names, since an image whose list of sources is short is not safer for it.
The image's own list adds addresses, and components beside main.

Sources: os-release(5); sources.list(5), "One-line-style format" and "deb822-style format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

DISTRIBUTIONS = {"debian": "Debian", "ubuntu": "Ubuntu"}
"""ID in os-release, to Origin in the Release files."""

_ALWAYS = {"debian": ("main",), "ubuntu": ("main", "universe")}
_POCKETS = ("", "-updates", "-security")
_CODENAME = re.compile(r"[a-z]{2,20}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._/~-]{0,99}")
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9+._~%-]*)*")
"""What may be asked: a web address without credentials."""

_OPTIONS = re.compile(r"^(deb)\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s*(.*)$")
_MOST_BYTES = 1 << 16
_MOST_SOURCES = 100
_DEBIAN, _SECURITY = "/debian", "/debian-security"


@dataclass(frozen=True, slots=True)
class Source:
    """One suite at one address, as a list of sources names it."""

    address: str
    suite: str
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite to compare with.

    Attributes:
        name: "trixie-security".
        origin: Who must have published it, as its Release says: Debian or Ubuntu.
        addresses: Where it may be, the likeliest first, without a slash at the end.
        components: Parts to read, those that the suite has.
        assumed: Whether the image does not name it.
    """

    name: str
    origin: str
    addresses: tuple[str, ...]
    components: tuple[str, ...]
    assumed: bool


def named_sources(files: Mapping[str, bytes]) -> tuple[Source, ...]:
    """Give the sources of binary packages in apt's lists, in both of their forms.

    Args:
        files: Contents by path: `sources.list`, `*.list` (one-line) and `*.sources` (deb822).
            What cannot be understood, is disabled, or is no web address is left out.
    """
    found: dict[Source, None] = {}
    for path, raw in sorted(files.items()):
        text = raw[:_MOST_BYTES].decode(errors="replace")
        read = _paragraphs(text) if path.endswith(".sources") else _lines(text)
        for source in read:
            found.setdefault(source)
            if len(found) >= _MOST_SOURCES:
                return tuple(found)
    return tuple(found)


def codename(os_release: Mapping[str, str]) -> str:
    """Give the code name of the release, "" if os-release has none that could be one."""
    name = os_release.get("VERSION_CODENAME", "") or os_release.get("UBUNTU_CODENAME", "")
    return name if _CODENAME.fullmatch(name) else ""


def suites_of(
    os_release: Mapping[str, str],
    named: tuple[Source, ...],
    preferred: tuple[str, ...] = (),
    known: tuple[Source, ...] = (),
) -> tuple[Suite, ...]:
    """Give the suites to compare an image with; empty if it is of no known distribution.

    Args:
        os_release: The fields of the image's os-release.
        named: The image's own sources.
        preferred: Addresses to try first for every suite.
        known: Sources that this machine uses for the same suites; tried before the image's.
    """
    distribution, release = os_release.get("ID", ""), codename(os_release)
    if distribution not in DISTRIBUTIONS or not release:
        return ()
    found = []
    for name in (release + pocket for pocket in _POCKETS):
        own = [source for source in named if source.suite == name]
        more = [part for source in own for part in source.components]
        found.append(
            Suite(
                name,
                DISTRIBUTIONS[distribution],
                _addresses(name, release, preferred, (*known, *named)),
                tuple(dict.fromkeys([*_ALWAYS[distribution], *more])),
                assumed=not own,
            )
        )
    return tuple(found)


def _addresses(
    name: str, release: str, preferred: tuple[str, ...], sources: tuple[Source, ...]
) -> tuple[str, ...]:
    """Give where a suite may be: where it is named, or where its release or updates are."""
    exact = [source.address for source in sources if source.suite == name]
    related = {release + pocket for pocket in _POCKETS}
    near = [source.address for source in sources if source.suite in related]
    if name.endswith("-security"):
        # Debian has its security updates beside the archive, and so have its mirrors
        beside = [at.removesuffix(_DEBIAN) + _SECURITY for at in near if at.endswith(_DEBIAN)]
    else:
        beside = [at.removesuffix(_SECURITY) + _DEBIAN for at in near if at.endswith(_SECURITY)]
    return tuple(dict.fromkeys([*preferred, *exact, *beside, *near]))


def _lines(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        matched = _OPTIONS.match(line.partition("#")[0].strip())
        if matched:
            yield from _source(matched[2], matched[3], matched[4].split())


def _paragraphs(text: str) -> Iterator[Source]:
    for paragraph in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t"):  # goes on
                fields[key] = fields.get(key, "") + " " + line.strip()
                continue
            key, _, value = line.partition(":")
            key = key.strip().lower()
            fields[key] = value.strip()
        if "deb" not in fields.get("types", "").split():
            continue
        if fields.get("enabled", "yes").lower() in {"no", "false", "0", "off", "without"}:
            continue
        for address in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield from _source(address, suite, fields.get("components", "").split())


def _source(address: str, suite: str, components: list[str]) -> Iterator[Source]:
    parts = tuple(part for part in components if _WORD.fullmatch(part))
    if ADDRESS.fullmatch(address) and _WORD.fullmatch(suite) and parts:
        yield Source(address.rstrip("/"), suite, parts)
