"""What a program file says of itself in its first bytes: what it runs on and what loads it.

Sources: the System V ABI, "ELF Header" and "Program Header" (PT_INTERP names the loader that a
dynamically linked program needs); execve(2) for the first line of scripts.
"""

from __future__ import annotations

import struct
from typing import Literal, NamedTuple

ELF_MAGIC = b"\x7fELF"
SCRIPT_MAGIC = b"#!"
HEAD = 1 << 13
"""Bytes that are looked at: headers and the loader's name lie in the first two pages."""

PT_LOAD, PT_INTERP = 1, 3
PF_EXECUTE, PF_WRITE = 1, 2

_MOST_LINE = 255
_MACHINES = {
    3: "386",
    8: "mips",
    20: "ppc",
    22: "s390x",
    40: "arm",
    62: "amd64",
    183: "arm64",
    243: "riscv64",
    258: "loong64",
}
_PPC64 = 21


class ProgramFacts(NamedTuple):
    """How an executable file is started.

    Attributes:
        form: elf, or script if its first line names an interpreter.
        machine: What an ELF file runs on, named as image configurations do ("amd64"); "" for a
            script and for a machine that no image is made for.
        loader: The loader of a dynamically linked ELF file or the interpreter of a script; None
            if it needs none. The carriage return of a Windows line end belongs to it, as it does
            for the kernel.
        argument: What a script's first line has behind the interpreter, in one piece; else "".
    """

    form: Literal["elf", "script"]
    machine: str
    loader: str | None
    argument: str = ""


class Segment(NamedTuple):
    """One entry of an ELF file's program headers; offset and size in bytes of the file."""

    kind: int
    flags: int
    offset: int
    size: int


def program_facts(head: bytes) -> ProgramFacts | None:
    """Read the beginning of a file, up to `HEAD` bytes; None if it is neither ELF nor script."""
    if head.startswith(SCRIPT_MAGIC):
        line = head[2:_MOST_LINE].partition(b"\n")[0].strip(b" \t").replace(b"\t", b" ")
        loader, _, argument = text(line).partition(" ")
        return ProgramFacts("script", "", loader, argument.strip(" ")) if loader else None
    if not head.startswith(ELF_MAGIC):
        return None
    needed = None
    for segment in segments(head):
        if segment.kind == PT_INTERP:
            needed = text(head[segment.offset :][: segment.size].partition(b"\0")[0])
    return ProgramFacts("elf", _machine(head), needed)


def segments(head: bytes) -> list[Segment]:
    """Give the program headers that lie within the bytes at hand; none of what is no ELF file."""
    if len(head) < 64 or head[4] not in (1, 2) or head[5] not in (1, 2):  # noqa: PLR2004 - ABI
        return []
    wide = head[4] == 2  # noqa: PLR2004 - ELFCLASS64
    order = _order(head)
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)
    each, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
    found = []
    for at in range(table, table + each * count, each or 1):
        if at + each > len(head) or each < (56 if wide else 32):
            break
        if wide:
            kind, flags, offset, _, _, size = struct.unpack_from(order + "IIQQQQ", head, at)
        else:
            kind, offset, _, _, size, _, flags = struct.unpack_from(order + "7I", head, at)
        found.append(Segment(kind, flags, offset, size))
    return found


def text(raw: bytes) -> str:
    """Give bytes as text; those that are not UTF-8 stand as backslash escapes."""
    return raw.decode(errors="backslashreplace")


def _machine(head: bytes) -> str:
    if len(head) < 20 or head[5] not in (1, 2):  # noqa: PLR2004 - ABI
        return ""
    (number,) = struct.unpack_from(_order(head) + "H", head, 18)
    if number == _PPC64:
        return "ppc64le" if _order(head) == "<" else "ppc64"
    return _MACHINES.get(number, "")


def _order(head: bytes) -> str:
    return "<" if head[5] == 1 else ">"
