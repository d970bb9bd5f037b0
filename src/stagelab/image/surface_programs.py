"""Programs that an attacker can use, found by name where programs are looked for.

Awk is no interpreter here, though one can write programs in it: it comes and goes with a system's
basic tools, so it would say of an image what its shell says already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stagelab.image.finding import at_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.entry import Entry
    from stagelab.image.finding import Finding
    from stagelab.image.stack import Stack
    from stagelab.image.surface_words import FindingKind

NAMES: dict[FindingKind, re.Pattern[str]] = {
    "shell": re.compile(r"(ba|da|a|z|k|mk|pdk|c|tc|fi|rba)?sh|busybox|toybox|pwsh"),
    "package manager": re.compile(
        r"apt|apt-get|aptitude|dpkg|apk|rpm|yum|dnf5?|microdnf|tdnf|zypper|pacman|opkg"
        r"|pip[\d.]*|npm|yarn|pnpm|gem|conda|mamba|cargo|composer"
    ),
    "compiler": re.compile(
        r"(.+-)?(gcc|g\+\+|cc|c\+\+|c89|c99|clang|clang\+\+|gfortran|gccgo|tcc)(-\d[\d.]*)?"
        r"|go|rustc|javac|ghc|zig|swiftc|kotlinc"
    ),
    "interpreter": re.compile(
        r"python[\d.]*|pypy[\d.]*|perl(5[\w.-]*)?|ruby[\d.]*|php[\d.]*|lua(jit)?[\d.]*|node(js)?"
        r"|deno|bun|java|tclsh[\d.]*|expect|guile[\d.-]*|Rscript|erl|julia|dotnet|mono"
    ),
    "network tool": re.compile(
        r"curl|wget2?|aria2c|nc([.-].+)?|ncat|netcat|socat|ssh|scp|sftp|rsync|telnet|l?ftp|tftp"
        r"|ftpget|ftpput|nmap|tcpdump|dig|nslookup|openssl|git"
    ),
}
"""Whole names by kind; of the network tools, openssl opens connections by `s_client`,
and git fetches from anywhere."""

_USUAL = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def programs(stack: Stack) -> Iterator[Finding]:
    """Look through the usual folders of programs and those of the image's PATH.

    A file counts once a kind, however many names lead to it: as a shell, /bin/busybox is found by
    its links /bin/sh and /bin/ash; as a network tool by /usr/bin/wget.
    """
    tree = stack.tree
    names: dict[FindingKind, dict[object, set[str]]] = {kind: {} for kind in NAMES}
    reals: dict[object, str] = {}
    for folder in tree.folders((*_USUAL, *stack.env.get("PATH", "").split(":"))):
        for entry in tree.children(folder):
            name = entry.path.rpartition("/")[2]
            kinds = [kind for kind, pattern in NAMES.items() if pattern.fullmatch(name)]
            real = tree.resolve(entry.path) if kinds else None
            if real is not None and real.is_program:
                file = _file(stack, real)
                for kind in kinds:
                    names[kind].setdefault((kind, file), set()).add(entry.path)
                    reals[kind, file] = min(reals.get((kind, file), real.path), real.path)
    for kind, files in names.items():
        for key in sorted(files, key=reals.__getitem__):
            path = reals[key]
            yield at_path(stack, kind, path, ", ".join(sorted(files[key] - {path})))


def _file(stack: Stack, entry: Entry) -> object:
    """Give what is the same for all names of one file: hard links share it."""
    number = stack.merged.wrote[entry.path]
    if entry.inode >= 0:
        return number, entry.inode
    first = stack.tree.get(entry.link)  # in a layer below, if it is there still
    if first is None or first.inode < 0 or stack.merged.wrote[first.path] >= number:
        return entry.link
    return stack.merged.wrote[first.path], first.inode
