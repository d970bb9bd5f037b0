"""What `go.sum` says of a module's files, and what they are like at all."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path


def checksum(file: Path) -> str:
    """Give a `.zip` or `.mod` file's checksum as `go.sum` has it; "" if it cannot be read.

    "h1:" and the base64 of the SHA-256 over lines of each file's SHA-256 and name, sorted by name:
    `Hash1` of golang.org/x/mod/sumdb/dirhash. A `.mod` file counts as a file named `go.mod`.
    """
    try:
        lines = [f"{digest}  {name}\n" for name, digest in sorted(_files(file))]
    except (OSError, zipfile.BadZipFile):
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
    except (ValueError, TypeError):
        return False


def _files(file: Path) -> Iterator[tuple[str, str]]:
    if file.suffix == ".mod":
        yield "go.mod", hashlib.sha256(file.read_bytes()).hexdigest()
        return
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if not name.endswith("/"):
                yield name, hashlib.sha256(archive.read(name)).hexdigest()
