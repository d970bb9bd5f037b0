"""Packages of Python and Node: one file a package, beside its code.

Sources: the core metadata specifications of Python packaging (headers as in a mail, then a blank
line and the description), which older tools write as PKG-INFO; npm's package.json, in which an
installed package has a name and a version.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from stagelab.image.package import Package
from stagelab.image.records_dpkg import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = re.compile(rb"\r?\n\r?\n")


def python(path: str, data: bytes) -> Iterator[Package]:
    """Give the package that a METADATA or PKG-INFO file describes."""
    fields = headers(_BLANK.split(data, maxsplit=1)[0])
    name, version = fields.get("name", ""), fields.get("version", "")
    if name and version:
        yield Package(name, version, "python", "", name, version, path)


def node(path: str, data: bytes) -> Iterator[Package]:
    """Give the package that a package.json describes; one without name or version is none."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(told, dict):
        return
    name, version = told.get("name"), told.get("version")
    if isinstance(name, str) and isinstance(version, str) and name and version:
        yield Package(name, version, "node", "", name, version, path)
