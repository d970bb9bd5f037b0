"""Folders to build from, made of random bytes: nothing compresses them, nobody has them yet."""

from __future__ import annotations

import os
from pathlib import Path

_FILE = 1_000_000
_CHUNK = 1 << 20

DOCKERFILE = "FROM scratch\nCOPY . /x\n"


def many_files(folder: Path, size: int) -> None:
    """Fill a folder with files of 1 MB, at least one.

    Args:
        folder: Is made.
        size: Bytes in all.
    """
    folder.mkdir(parents=True)
    for number in range(max(1, size // _FILE)):
        write(folder / f"{number:04}.bin", min(size, _FILE))


def small_files(folder: Path, number: int) -> None:
    """Fill a folder with files of a few hundred bytes, a hundred of them in each folder of it.

    Args:
        folder: Is made.
        number: Of the files.
    """
    for at in range(number):
        path = folder / f"{at // 100:03}" / f"{at % 100:02}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, 16 + at % 500)


def write(path: Path, size: int) -> None:
    """Write a file of random bytes, no holes in it."""
    with path.open("wb") as file:
        for left in range(size, 0, -_CHUNK):
            file.write(os.urandom(min(left, _CHUNK)))


def renew(folder: Path) -> None:
    """Give each file of a folder and below a new beginning: to a builder it is another file."""
    for path in folder.rglob("*.bin"):
        with path.open("r+b") as file:
            file.write(os.urandom(16))
