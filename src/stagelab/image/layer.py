"""What one layer holds, found in one pass; it depends on nothing but the layer's bytes."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from xxhash import xxh3_64, xxh3_64_intdigest

from stagelab.errors import ArchiveDamaged
from stagelab.image import records
from stagelab.image.capabilities import capabilities
from stagelab.image.elf import ELF_MAGIC, HEAD, SCRIPT_MAGIC, program_facts
from stagelab.image.entry import Entry
from stagelab.image.gobuild import go_facts
from stagelab.image.room import Room
from stagelab.image.secret_files import file_rule
from stagelab.image.small import BEGINNINGS, LONGEST, MOST_SMALL, SmallFiles
from stagelab.image.spans import Hit, Spans
from stagelab.image.tar import headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from stagelab.image.elf import ProgramFacts
    from stagelab.image.entry import Kind
    from stagelab.image.gobuild import GoFacts
    from stagelab.image.package import Package
    from stagelab.image.spans import Swept
    from stagelab.image.stream import ByteStream
    from stagelab.image.tar import Header

RULES = 6
"""Version of what is looked for in a layer, and of how layers are merged into a stack.

Cached facts of another version are not used.
"""

MOST_CAPTURED = 16 << 20
"""Bytes of the largest file whose contents are kept."""

_MOST_FOLLOWED = 64 << 20
"""Bytes that are read in all under further names of files; a name costs an archive little."""

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_AUFS = ".wh..wh."

APT = "/etc/apt/sources.list"
"""Where apt's lists of sources are: this file, and what is in the folder of this name and `.d`."""

_KEPT = frozenset({APT, "/etc/group", "/etc/os-release", "/etc/passwd", "/usr/lib/os-release"})
_KEPT_BELOW = APT + ".d/"


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer's contents.

    Attributes:
        diff_id: Digest of the layer's uncompressed tar, "sha256:…".
        entries: Each path once (the last entry of a path counts), without whiteouts.
        whiteouts: Paths that the layer removes.
        opaques: Folders whose contents from below the layer hides.
        contents: The bytes of the files that were asked for, by path.
        packages: What each record of a package manager lists, by the record's path.
        programs: How each executable file is started, by path.
        go: What Go programs say of themselves, by path.
        capabilities: Names of the capabilities that a program gets from its file, by path.
        unread: Records and files that were asked for, of which this is not known: hard links to
            files of lower layers, or to larger ones that have another kind of name.
        hits: Where something looks like a secret: each file and rule once, by place.
        searched: Whether all of it was searched for secrets; False if there are too many things
            in it that begin like one.
    """

    diff_id: str
    entries: tuple[Entry, ...]
    whiteouts: tuple[str, ...] = ()
    opaques: tuple[str, ...] = ()
    contents: dict[str, bytes] = field(default_factory=dict)
    packages: dict[str, tuple[Package, ...]] = field(default_factory=dict)
    programs: dict[str, ProgramFacts] = field(default_factory=dict)
    go: dict[str, GoFacts] = field(default_factory=dict)
    capabilities: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    searched: bool = True

    @property
    def size_bytes(self) -> int:
        """Bytes of the regular files, those with several names (hard links) counted once."""
        return sum({entry.inode: entry.size for entry in self.entries if entry.size}.values())


def is_kept(path: str) -> bool:
    """Tell whether the facts need the contents of this file: os-release, users, package sources."""
    return path in _KEPT or path.startswith(_KEPT_BELOW)


def scan(
    stream: ByteStream,
    finish: Callable[[], Swept],
    keep: Callable[[str], bool] = is_kept,
    room: Room | None = None,
) -> LayerFacts:
    """Read one layer's tar to its end.

    Args:
        stream: The uncompressed tar, from its start.
        finish: Called at the end, gives the layer's diff ID and what looks like a secret.
        keep: Which files' contents are wanted; those over 16 MB are not kept.
        room: What its names may take; None for all that an archive may.

    Raises:
        ArchiveDamaged: If it is no tar, is cut off, names paths outside the file system, or takes
            too much room.
    """
    room = room or Room()
    found = _Found(keep, room)
    folders = {""}
    for number, header in enumerate(headers(stream)):
        path = rooted(header.name)
        folder, _, name = path.rpartition("/")
        room.take(names=1, letters=len(path) + len(header.link))
        above = folder
        while above not in folders:  # one that is only implied has a name all the same
            room.take(letters=len(above))
            folders.add(above)
            above = above.rpartition("/")[0]
        if name.startswith(_WHITEOUT):
            if name == _OPAQUE:
                found.opaques.append(folder or "/")
            elif not name.startswith(_AUFS):  # else AUFS's own bookkeeping
                found.whiteouts.append(f"{folder}/{name.removeprefix(_WHITEOUT)}")
        elif path != "/":
            found.add(path, number, header, stream)
    stream.drain()
    return found.facts(finish())


class _Found:
    """What is found in a layer, while it is read."""

    def __init__(self, keep: Callable[[str], bool], room: Room) -> None:
        self._keep = keep
        self._room = room
        self._entries: dict[str, Entry] = {}
        self._spans = Spans()
        self._by_path = _ByPath({}, {}, {}, {}, {}, {})
        self._small = SmallFiles()
        self._followed = 0
        self.whiteouts: list[str] = []
        self.opaques: list[str] = []

    def add(self, path: str, number: int, header: Header, stream: ByteStream) -> None:
        """Note an entry, and what its contents say, which begin here."""
        if path in self._entries:
            for known in self._by_path:
                known.pop(path, None)
            self._small.forget(path)
        fingerprint = 0
        if header.kind == "file":
            if header.capability:
                self._by_path.capabilities[path] = capabilities(header.capability)
            if header.stored and header.stored == header.size:
                start = stream.position
                if self._tells(path, header, stream):
                    fingerprint = self._read_through(path, header, stream)
                elif (contents := stream.view(header.size)) is not None:
                    fingerprint = xxh3_64_intdigest(contents)
                else:
                    fingerprint = _passed_over(header.size, stream)
                self._spans.add(start, stream.position, path)
            elif header.stored:
                stop = stream.position + header.stored
                self._spans.add(stream.position, stop, path, holed=True)
        elif header.kind == "link":
            self._follow(path, rooted(header.link))
        entry = _entry(path, number, header, self._entries, fingerprint)
        self._entries.pop(path, None)  # what comes twice is in the place of the last
        self._entries[path] = entry

    def _tells(self, path: str, header: Header, stream: ByteStream) -> bool:
        """Tell whether a file's contents are looked at, from its name, mode and beginning."""
        if header.mode & 0o111 or self._keep(path) or records.is_record(path):
            return True
        return header.size <= MOST_SMALL and stream.peek(LONGEST).startswith(BEGINNINGS)

    def _read_through(self, path: str, header: Header, stream: ByteStream) -> int:
        """Look at a file's contents, pass over the rest, and give the fingerprint of all."""
        start = stream.position
        hasher = xxh3_64()
        stream.tap = hasher.update
        try:
            self._read(path, header, stream)
            stream.skip(start + header.size - stream.position)
        finally:
            stream.tap = None
        return hasher.intdigest()

    def _read(self, path: str, header: Header, stream: ByteStream) -> None:
        if self._keep(path):
            if header.size <= MOST_CAPTURED:
                self._room.take(contents=header.size)
                self._by_path.contents[path] = stream.read(header.size)
        elif records.is_record(path):
            self._note(path, records.read(path, stream.pieces(header.size)))
        elif header.mode & 0o111:
            head = stream.peek(min(HEAD, header.size))
            if head.startswith((ELF_MAGIC, SCRIPT_MAGIC)):
                program = program_facts(head)
                if program:
                    self._room.take(contents=len(program.loader or ""))
                    self._by_path.programs[path] = program
                if head.startswith(ELF_MAGIC):
                    go = go_facts(stream, header.size)
                    if go:
                        self._room.take(contents=len(go.modules))
                        self._by_path.go[path] = go
        else:
            self._small.keep(path, stream.read(header.size))

    def _follow(self, path: str, target: str) -> None:
        """Note what a hard link's file says if only this name makes it wanted."""
        kept = self._keep(path)
        if not kept and not records.is_record(path):
            return
        entry = self._entries.get(target)
        if entry is not None and not entry.size and entry.inode >= 0:
            return  # empty, or no regular file
        names = (
            [
                name
                for name in (target, entry.link)
                if name in self._entries and self._entries[name].inode == entry.inode
            ]
            if entry
            else []
        )
        if not kept and any(map(records.is_record, names)):
            return  # it is known under that name
        known = (self._by_path.contents.get(name) or self._small.get(name) for name in names)
        raw = next(filter(None, known), None)
        self._followed += len(raw or b"")
        if raw is None or self._followed > _MOST_FOLLOWED:
            self._by_path.unread[path] = None
        elif kept:
            self._room.take(contents=len(raw))
            self._by_path.contents[path] = raw
        else:
            self._note(path, records.read(path, [raw]))

    def _note(self, path: str, listed: tuple[Package, ...]) -> None:
        if listed:
            self._room.take(names=len(listed))
            self._by_path.packages[path] = listed

    def facts(self, swept: Swept) -> LayerFacts:
        """Put together what was found."""
        contents, packages, programs, go, caps, unread = self._by_path
        inside = self._spans.hits(swept.places)
        told = {hit.path for hit in inside}  # what contents tell, the name need not
        named = (
            Hit(rule, path, None)
            for path, entry in self._entries.items()
            if entry.kind == "file" and entry.size and path not in told
            if (rule := file_rule(path))
        )
        return LayerFacts(
            diff_id=swept.diff_id,
            entries=tuple(self._entries.values()),
            whiteouts=tuple(self.whiteouts),
            opaques=tuple(self.opaques),
            contents=contents,
            packages=packages,
            programs=programs,
            go=go,
            capabilities=caps,
            unread=tuple(unread),
            hits=(*inside, *named),
            searched=swept.complete,
        )


class _ByPath(NamedTuple):
    contents: dict[str, bytes]
    packages: dict[str, tuple[Package, ...]]
    programs: dict[str, ProgramFacts]
    go: dict[str, GoFacts]
    capabilities: dict[str, tuple[str, ...]]
    unread: dict[str, None]


def _passed_over(size: int, stream: ByteStream) -> int:
    """Pass over a file's contents, and give their fingerprint."""
    hasher = xxh3_64()
    stream.tap = hasher.update
    try:
        stream.skip(size)
    finally:
        stream.tap = None
    return hasher.intdigest()


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


def _entry(
    path: str, number: int, header: Header, entries: dict[str, Entry], fingerprint: int
) -> Entry:
    if header.kind != "link":
        kind = cast("Kind", header.kind)
        return Entry(
            path,
            kind,
            header.size,
            header.mode,
            header.uid,
            header.gid,
            header.link,
            number,
            fingerprint,
        )
    target = rooted(header.link)
    first = entries.get(target)
    if first is None:
        return Entry(path, "file", 0, header.mode, header.uid, header.gid, target, -1)
    return first._replace(path=path, link=first.link if first.kind == "symlink" else target)
