"""Databases as rpm writes them, for tests: a small writer of headers, and SQLite itself."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME, VERSION, RELEASE, EPOCH, SUMMARY, ARCH, SOURCE = 1000, 1001, 1002, 1003, 1004, 1022, 1044
INT32, STRING = 4, 6


def header(tags: Mapping[int, str | int]) -> bytes:
    """Give a header with these tags, numbers as INT32."""
    index, data = b"", b""
    for tag, value in tags.items():
        if isinstance(value, int):
            data += b"\0" * (-len(data) % 4)
            index += struct.pack(">4I", tag, INT32, len(data), 1)
            data += struct.pack(">I", value)
        else:
            index += struct.pack(">4I", tag, STRING, len(data), 1)
            data += value.encode() + b"\0"
    return struct.pack(">2I", len(tags), len(data)) + index + data


def database(folder: Path, *blobs: object) -> bytes:
    """Give the bytes of a database with one row a blob."""
    file = folder / "made.sqlite"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB)")
        made.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
    return file.read_bytes()


def scripted(folder: Path, script: str) -> bytes:
    """Give the bytes of a database that these statements make."""
    file = folder / "made.sqlite"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as made:
        made.executescript(script)
    return file.read_bytes()


def endless(folder: Path, blob: object, levels: int = 12, each: int = 400) -> bytes:
    """Give a database of one row whose table is a tree of pages that each refer to one page often.

    By what its pages say it has `each ** levels` rows (SQLite's file format, "B-tree Pages").
    """
    page = 4096
    held = bytearray(database(folder, blob))
    root = 2
    leaf = held[page * (root - 1) : page * root]
    count = len(held) // page
    numbers = [root, *range(count + 1, count + levels + 1)]
    made = {}
    for number, below in pairwise(numbers):
        cells = b"".join(struct.pack(">IB", below, 1) for _ in range(each))
        start = page - len(cells)
        pointers = b"".join(struct.pack(">H", start + 5 * at) for at in range(each))
        head = struct.pack(">BHHHBI", 5, 0, each, start, 0, below) + pointers
        made[number] = head.ljust(start, b"\0") + cells
    held[page * (root - 1) : page * root] = made.pop(root)
    held += b"".join(made.values()) + leaf
    held[28:32] = struct.pack(">I", len(held) // page)
    return bytes(held)
