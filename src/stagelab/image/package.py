"""One package that an image has installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Manager = Literal["dpkg", "apk", "rpm", "python", "node"]


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One installed package, as the record of its package manager has it.

    Attributes:
        name: Its name as it is written there; "@scope/name" of a scoped one of Node.
        version: Its version, in the manager's own form ("1:2.3-4" of dpkg and rpm has an epoch and
            a revision or release).
        manager: Whose record it is: dpkg, apk, rpm, python or node.
        architecture: What it is built for, in the manager's words; "" if the record has none.
        source: Name of the source package that it was built from; its own name if the record
            names no other.
        source_version: Version of that, which rpm notes without an epoch; its own version
            likewise.
        path: The file that records it.
    """

    name: str
    version: str
    manager: Manager
    architecture: str = ""
    source: str = ""
    source_version: str = ""
    path: str = ""
