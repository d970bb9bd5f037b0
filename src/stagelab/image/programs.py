"""Programs in an image that an attacker can use, found by name where programs are looked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stagelab.image.tree import Tree

SHELLS = re.compile(r"(ba|da|a|z|k|mk|pdk|c|tc|fi|rba)?sh|busybox|toybox|pwsh")
COMPILERS = re.compile(
    r"(.+-)?(gcc|g\+\+|cc|c\+\+|c89|c99|clang|clang\+\+|gfortran|gccgo|tcc)(-\d[\d.]*)?"
    r"|go|rustc|javac|ghc|zig|swiftc|kotlinc"
)
PACKAGE_MANAGERS = re.compile(
    r"apt|apt-get|aptitude|dpkg|apk|rpm|yum|dnf5?|microdnf|tdnf|zypper|pacman|opkg"
    r"|pip[\d.]*|npm|yarn|pnpm|gem|conda|mamba|cargo|composer"
)

_USUAL = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SETUID = 0o4000


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of real programs: each once, where its file is, however many links lead to it."""

    shells: tuple[str, ...]
    compilers: tuple[str, ...]
    package_managers: tuple[str, ...]
    setuid: tuple[str, ...]


def programs(tree: Tree, search_path: Iterable[str]) -> Programs:
    """Look through the usual folders of programs and those of the image's PATH."""
    folders = tree.folders((*_USUAL, *search_path))
    found: dict[re.Pattern[str], set[str]] = {
        SHELLS: set(),
        COMPILERS: set(),
        PACKAGE_MANAGERS: set(),
    }
    for folder in folders:
        for entry in tree.children(folder):
            name = entry.path.rpartition("/")[2]
            for pattern, paths in found.items():
                if pattern.fullmatch(name):
                    real = tree.resolve(entry.path)
                    if real is not None and real.is_program:
                        paths.add(real.path)
    return Programs(
        shells=tuple(sorted(found[SHELLS])),
        compilers=tuple(sorted(found[COMPILERS])),
        package_managers=tuple(sorted(found[PACKAGE_MANAGERS])),
        setuid=tuple(entry.path for entry in tree if entry.is_program and entry.mode & _SETUID),
    )
