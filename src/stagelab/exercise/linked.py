"""What the linker left in a program beside its code: sections by name, paths of source files.

Source: the System V ABI, "ELF Header" and "Sections" (the section header table, and the string
table that e_shstrndx names).
"""

from __future__ import annotations

import re
import struct

from stagelab.image.elf import ELF_MAGIC

SYMBOLS = ".symtab"
DEBUGGING = ".debug_info"
_COMPRESSED = ".zdebug_info"

_HEADER = 64  # bytes of the longer ELF header
_WIDE = 2  # ELFCLASS64
# Go's table of files: names that end with a zero byte, absolute unless they were trimmed.
_SOURCE = r"\x00(/(?:[^\x00\n]{{1,512}}/)?{name})\x00"


def sections(program: bytes) -> frozenset[str]:
    """Give the names of an ELF file's sections; none of a file that is no ELF file or is cut off.

    A section with debug information is called `DEBUGGING`, be it compressed or not.
    """
    if len(program) < _HEADER or not program.startswith(ELF_MAGIC):
        return frozenset()
    order = "<" if program[5] == 1 else ">"
    wide = program[4] == _WIDE
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), program, 40 if wide else 32)
    size, count, names_at = struct.unpack_from(order + "3H", program, 58 if wide else 46)
    place, form = (24, "QQ") if wide else (16, "II")
    if table + size * count > len(program) or names_at >= count:
        return frozenset()
    at = table + size * names_at
    start, length = struct.unpack_from(order + form, program, at + place)
    names = program[start : start + length]
    found = set()
    for index in range(count):
        (name,) = struct.unpack_from(order + "I", program, table + size * index)
        found.add(names[name:].partition(b"\0")[0].decode("ascii", "replace"))
    return frozenset(DEBUGGING if name == _COMPRESSED else name for name in found)


def source_path(program: bytes, name: str) -> str | None:
    """Give the absolute path that a Go program has of one of its source files; None if none.

    Args:
        program: The program's bytes.
        name: The source file's name, without folder.
    """
    found = re.search(_SOURCE.format(name=re.escape(name)).encode(), program)
    return found.group(1).decode("utf-8", "replace") if found else None
