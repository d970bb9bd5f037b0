"""Packages by the databases of dpkg and apk: text, one paragraph a package.

Sources: deb-control(5), and dpkg's `status` file, of which images without dpkg keep one small file
a package in `status.d`; Alpine's "APK installed database" format, whose fields are single letters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.image.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STATUS = "/var/lib/dpkg/status"

MOST_PARAGRAPH = 1 << 20
"""Bytes of one package's paragraph that are looked at; its list of files may be longer."""


def dpkg(path: str, pieces: Iterable[bytes]) -> Iterator[Package]:
    """Give the packages that a `status` file calls installed, or that a file of `status.d` names.

    A package that is half installed, or removed but for its settings, is none.
    """
    usual = "" if path == STATUS else "install ok installed"
    for fields in _paragraphs(pieces):
        name, version = fields.get("package", ""), fields.get("version", "")
        state = fields.get("status", usual).split()
        if not name or state[-1:] != ["installed"]:
            continue
        source, _, other = fields.get("source", "").partition(" ")
        yield Package(
            name,
            version,
            "dpkg",
            fields.get("architecture", ""),
            source or name,
            other.strip(" ()") or version,
            path,
        )


def apk(path: str, pieces: Iterable[bytes]) -> Iterator[Package]:
    """Give the packages of an `installed` file; a package has the version of its origin."""
    for fields in _paragraphs(pieces, lower=False):
        name, version = fields.get("P", ""), fields.get("V", "")
        if name:
            source = fields.get("o") or name
            yield Package(name, version, "apk", fields.get("A", ""), source, version, path)


def headers(block: bytes, *, lower: bool = True) -> dict[str, str]:
    """Give the fields of one paragraph, of a repeated one the first; continued lines are left out.

    Args:
        block: Its bytes; what is not UTF-8 becomes U+FFFD.
        lower: Whether names of fields are the same in capitals and small letters.
    """
    found: dict[str, str] = {}
    for line in block.decode(errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon and name[:1].strip():
            found.setdefault(name.lower() if lower else name, value.strip())
    return found


def _paragraphs(pieces: Iterable[bytes], *, lower: bool = True) -> Iterator[dict[str, str]]:
    left = b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n\n")
        for block in whole:
            yield headers(block[:MOST_PARAGRAPH], lower=lower)
        if len(left) > MOST_PARAGRAPH:
            left = left[:MOST_PARAGRAPH] + left[-1:]  # that may be half of the paragraph's end
    yield headers(left[:MOST_PARAGRAPH], lower=lower)
