"""What is installed in an image: packages, the operating system, users.

Sources: deb-control(5) and dpkg's `status` file, of which images without dpkg keep one small file a
package in `status.d`; Alpine's "APK installed database" format; os-release(5); passwd(5).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PASSWD_FIELDS = 3


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One installed package; `manager` is dpkg or apk."""

    name: str
    version: str
    manager: str


def packages(contents: Mapping[str, bytes]) -> tuple[Package, ...]:
    """Give the installed packages, by name, from the package databases among the files."""
    found: set[Package] = set()
    for path, raw in contents.items():
        text = raw.decode(errors="replace")
        if path.startswith("/var/lib/dpkg/status"):
            found.update(_dpkg(text))
        elif path.endswith("/apk/db/installed"):
            found.update(_apk(text))
    return tuple(sorted(found))


def operating_system(os_release: bytes | None) -> str | None:
    """Give PRETTY_NAME of an os-release file, None if there is no such file or name."""
    for line in (os_release or b"").decode(errors="replace").splitlines():
        key, equals, value = line.partition("=")
        if equals and key.strip() == "PRETTY_NAME":
            try:
                return " ".join(shlex.split(value))
            except ValueError:
                return value.strip()
    return None


def is_root(user: str, passwd: bytes | None) -> bool:
    """Tell whether an image's `USER` ("", name, number, either with a group) is number 0."""
    name = user.partition(":")[0]
    if name.isdigit():
        return int(name) == 0
    if name in ("", "root"):
        return True
    for line in (passwd or b"").decode(errors="replace").splitlines():
        fields = line.split(":")
        if len(fields) >= _PASSWD_FIELDS and fields[0] == name:
            return fields[2] == "0"
    return False


def _dpkg(text: str) -> Iterator[Package]:
    for fields in _paragraphs(text, ": "):
        state = fields.get("Status", "install ok installed").split()
        if state[-1:] == ["installed"] and "Package" in fields:
            yield Package(fields["Package"], fields.get("Version", ""), "dpkg")


def _apk(text: str) -> Iterator[Package]:
    for fields in _paragraphs(text, ":"):
        if "P" in fields:
            yield Package(fields["P"], fields.get("V", ""), "apk")


def _paragraphs(text: str, colon: str) -> Iterator[dict[str, str]]:
    for paragraph in text.split("\n\n"):
        lines = (line.partition(colon) for line in paragraph.splitlines() if line[:1].strip())
        yield {key: value.strip() for key, _, value in lines}
