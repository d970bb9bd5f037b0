"""What one layer holds, found in one pass; it depends on nothing but the layer's bytes."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from stagelab.errors import ArchiveDamaged
from stagelab.image.binary import ELF_MAGIC, GoFacts, go_facts
from stagelab.image.entry import Entry
from stagelab.image.tar import headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from stagelab.image.entry import Kind
    from stagelab.image.stream import ByteStream
    from stagelab.image.tar import Header

RULES = 1
"""Version of what is looked for in a layer; cached facts of another version are not used."""

MOST_CAPTURED = 16 << 20
"""Bytes of the largest file whose contents are kept."""

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_AUFS = ".wh..wh."

_KEPT = frozenset(
    {
        "/etc/os-release",
        "/etc/passwd",
        "/lib/apk/db/installed",
        "/usr/lib/apk/db/installed",
        "/usr/lib/os-release",
        "/var/lib/dpkg/status",
    }
)
_KEPT_BELOW = "/var/lib/dpkg/status.d/"


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer's contents.

    Attributes:
        diff_id: Digest of the layer's uncompressed tar, "sha256:…".
        entries: Each path once (the last entry of a path counts), without whiteouts.
        whiteouts: Paths that the layer removes.
        opaques: Folders whose contents from below the layer hides.
        contents: The bytes of the files that were asked for, by path.
        go: What Go programs say of themselves, by path.
    """

    diff_id: str
    entries: tuple[Entry, ...]
    whiteouts: tuple[str, ...]
    opaques: tuple[str, ...]
    contents: dict[str, bytes]
    go: dict[str, GoFacts]

    @property
    def size_bytes(self) -> int:
        """Bytes of the regular files, those with several names (hard links) counted once."""
        return sum({entry.inode: entry.size for entry in self.entries if entry.size}.values())


def is_kept(path: str) -> bool:
    """Tell whether the facts need the contents of this file: package lists, os-release, users."""
    return path in _KEPT or (path.startswith(_KEPT_BELOW) and not path.endswith(".md5sums"))


def scan(
    stream: ByteStream, digest: Callable[[], str], keep: Callable[[str], bool] = is_kept
) -> LayerFacts:
    """Read one layer's tar to its end.

    Args:
        stream: The uncompressed tar.
        digest: Called at the end, gives the layer's diff ID.
        keep: Which files' contents are wanted; those over 16 MB are not kept.

    Raises:
        ArchiveDamaged: If it is no tar, is cut off, or names paths outside the file system.
    """
    entries: dict[str, Entry] = {}
    whiteouts: list[str] = []
    opaques: list[str] = []
    contents: dict[str, bytes] = {}
    go: dict[str, GoFacts] = {}
    for number, header in enumerate(headers(stream)):
        path = rooted(header.name)
        folder, _, name = path.rpartition("/")
        if name.startswith(_WHITEOUT):
            if name == _OPAQUE:
                opaques.append(folder or "/")
            elif not name.startswith(_AUFS):  # else AUFS's own bookkeeping
                whiteouts.append(f"{folder}/{name.removeprefix(_WHITEOUT)}")
            continue
        if path == "/":
            continue
        entries[path] = _entry(path, number, header, entries)
        contents.pop(path, None)
        go.pop(path, None)
        if header.kind != "file" or not header.stored or header.stored != header.size:
            continue
        if keep(path) and header.size <= MOST_CAPTURED:
            contents[path] = stream.read(header.size)
        elif header.mode & 0o111 and stream.peek(min(4, header.size)) == ELF_MAGIC:
            found = go_facts(stream, header.size)
            if found:
                go[path] = found
    stream.drain()
    return LayerFacts(
        digest(), tuple(entries.values()), tuple(whiteouts), tuple(opaques), contents, go
    )


def rooted(name: str) -> str:
    """Give a path from the root in its shortest form.

    Raises:
        ArchiveDamaged: If it leads out of the file system.
    """
    if ".." in name and ".." in name.split("/"):
        raise ArchiveDamaged(
            "A layer of the image archive names a path outside the image's file system.",
            fix="Do not load this archive: ask where it comes from, and get it again from there.",
            detail=name,
        )
    if "//" in name or "/." in name or name.startswith((".", "/")):
        name = posixpath.normpath(name).lstrip("/")
        return "/" if name == "." else "/" + name
    return "/" + name.rstrip("/")


def _entry(path: str, number: int, header: Header, entries: dict[str, Entry]) -> Entry:
    if header.kind != "link":
        kind = cast("Kind", header.kind)
        return Entry(
            path, kind, header.size, header.mode, header.uid, header.gid, header.link, number
        )
    target = rooted(header.link)
    first = entries.get(target)
    if first is None:
        return Entry(path, "file", 0, header.mode, header.uid, header.gid, target, -1)
    return first._replace(path=path, link=first.link if first.kind == "symlink" else target)
