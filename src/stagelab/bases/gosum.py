"""What `go.sum` says of a module's files, and what they are like at all."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

_PIECE = 1 << 20
_MOST = 500 << 20
"""Bytes of a module's files when unpacked, as "File path and size constraints" has it in the Go
Modules Reference."""


def checksum(file: Path) -> str:
    """Give a `.zip` or `.mod` file's checksum as `go.sum` has it; "" if it cannot be read.

    "h1:" and the base64 of the SHA-256 over lines of each file's SHA-256 and name, sorted by name:
    `Hash1` of golang.org/x/mod/sumdb/dirhash. A `.mod` file counts as a file named `go.mod`.
    A `.zip` file that holds more than a module may is as good as none.
    """
    try:
        lines = [f"{digest}  {name}\n" for name, digest in sorted(_files(file))]
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        return ""
    whole = hashlib.sha256("".join(lines).encode()).digest()
    return "h1:" + base64.b64encode(whole).decode()


def plausible(file: Path) -> bool:
    """Tell whether a `.info`, `.mod` or `.zip` file is one, and not a page that stands in its way.

    Raises:
        OSError: It cannot be read.
    """
    if file.suffix == ".zip":
        return zipfile.is_zipfile(file)
    text = file.read_text("utf-8", "replace")
    if file.suffix == ".mod":
        return any(line.split()[:1] == ["module"] for line in text.splitlines())
    try:
        return "Version" in json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return False


def _files(file: Path) -> Iterator[tuple[str, str]]:
    if file.suffix == ".mod":
        yield "go.mod", hashlib.sha256(file.read_bytes()).hexdigest()
        return
    left = _MOST
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith("/"):
                continue
            digest = hashlib.sha256()
            with archive.open(name) as content:
                while piece := content.read(_PIECE):
                    digest.update(piece)
                    left -= len(piece)
                    if left < 0:
                        raise zipfile.BadZipFile("more than a module may hold")
            yield name, digest.hexdigest()
