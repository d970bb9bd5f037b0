"""Sections and source paths that are read from a program's bytes."""

from __future__ import annotations

import struct

import pytest

from stagelab.exercise.linked import DEBUGGING, SYMBOLS, sections, source_path


def elf(names: list[str], *, wide: bool = True, order: str = "<") -> bytes:
    """Make an ELF file of nothing but sections of these names."""
    texts = b"\0" + b"".join(name.encode() + b"\0" for name in [*names, ".shstrtab"])
    head = 64 if wide else 52
    each = 64 if wide else 40
    table = head + len(texts)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2]) + bytes(10)
    numbers = (2, 62, 1, 0, 0, table, 0, head, 0, 0, each, len(names) + 2, len(names) + 1)
    header = ident + struct.pack(order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"), *numbers)
    rows = [(0, 0, 0)]
    rows += [(texts.index(name.encode()), 0, 0) for name in names]
    rows += [(texts.index(b".shstrtab"), head, len(texts))]
    form = "IIQQQQIIQQ" if wide else "10I"
    made = [struct.pack(order + form, n, 0, 0, 0, at, size, 0, 0, 0, 0) for n, at, size in rows]
    return header + texts + b"".join(made)


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_sections_are_read_by_name(wide: bool, order: str) -> None:
    program = elf([SYMBOLS, ".text", ".zdebug_info"], wide=wide, order=order)
    assert sections(program) == {"", SYMBOLS, ".text", DEBUGGING, ".shstrtab"}


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n" * 20, elf([SYMBOLS])[:100], b"\x7fELF"])
def test_what_is_no_whole_program_has_no_sections(data: bytes) -> None:
    assert sections(data) == frozenset()


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"\0/app/main.go\0", "/app/main.go"),
        (b"\0/main.go\0", "/main.go"),
        (b"\0example.com/notes/main.go\0", None),
        (b"\0/app/domain.go\0", None),
    ],
)
def test_absolute_paths_of_sources_are_found(data: bytes, path: str | None) -> None:
    assert source_path(data, "main.go") == path
