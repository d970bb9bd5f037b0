"""One name in an image's file system."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["file", "dir", "symlink", "char", "block", "fifo"]


class Entry(NamedTuple):
    """One path as a layer has it.

    Attributes:
        path: From the root, "/etc/passwd"; bytes that are not UTF-8 stand as backslash escapes.
        kind: file (hard links too), dir, symlink, char, block or fifo.
        size: Bytes of a regular file, 0 of all else.
        mode: Permission bits, with setuid (0o4000), setgid (0o2000) and sticky (0o1000).
        uid: Number of the owning user.
        gid: Number of the owning group.
        link: Where a symbolic link points, or the first name of a hard link's file; else "".
        inode: Number of the contents within its layer: hard links to one file share it; -1 for a
            hard link to a file of a layer below.
        fingerprint: XXH3-64 of a regular file's contents: files of the same size and fingerprint
            have the same contents (by accident they differ once in 2**64 pairs; it is no proof
            against somebody who means to deceive). 0 of all else and of a file with holes.
    """

    path: str
    kind: Kind
    size: int
    mode: int
    uid: int
    gid: int
    link: str
    inode: int
    fingerprint: int = 0

    @property
    def is_program(self) -> bool:
        """Whether it is a regular file that somebody may execute."""
        return self.kind == "file" and bool(self.mode & 0o111)
