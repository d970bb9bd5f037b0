"""Look at a folder as a build context."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stagelab.builds.context import CHUNK, DEEPEST, Entry
from stagelab.builds.ignore import IgnoreRules
from stagelab.errors import ContextError


@dataclass(frozen=True, slots=True)
class OnDisk:
    """The bytes of one file in a folder; a `Path` for each of many files would take long.

    Attributes:
        path: Where it lies.
        size: Its bytes when it was looked at.
    """

    path: str
    size: int

    def read(self) -> Iterator[bytes]:
        """Give the bytes in chunks.

        Raises:
            OSError: They cannot be read.
        """
        piece = min(CHUNK, max(1, self.size))  # so much is allocated, for a small file too
        with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123 - see above
            while chunk := file.read(piece):
                yield chunk


def entries(folder: Path, rules: IgnoreRules) -> tuple[Entry, ...]:
    """Give what a folder holds, in the order of a walk, less what the rules leave out.

    Raises:
        ContextError: A file cannot be looked at, or lies too deep.
    """
    try:
        return tuple(_walk(os.fspath(folder), "", rules))
    except OSError as error:
        raise ContextError(
            f"A file of the build context cannot be read: {error.filename}.",
            fix="Make it readable, or leave it out by a line in .dockerignore.",
            detail=str(error),
        ) from None


def _walk(folder: str, prefix: str, rules: IgnoreRules) -> Iterator[Entry]:
    if prefix.count("/") > DEEPEST:
        raise ContextError(
            f"The build context has more than {DEEPEST} folders within each other: {prefix[:80]}…",
            fix="Build from the folder of your source, or leave that one out by .dockerignore.",
        )
    with os.scandir(folder) as found:
        children = sorted(found, key=lambda child: child.name)
    for child in children:
        path = prefix + child.name
        ignored = rules.ignores(path)
        if not child.is_dir(follow_symlinks=False):
            if not ignored and (entry := _entry(child, path)) is not None:
                yield entry
            continue
        below: Iterator[Entry] = iter(())
        if not ignored or rules.may_keep_below(path):
            below = _walk(child.path, path + "/", rules)
        # An ignored folder is there all the same if a "!" line keeps something in it.
        kept = next(below, None)
        if not (ignored and kept is None) and (entry := _entry(child, path)) is not None:
            yield entry
        if kept is not None:
            yield kept
        yield from below


def _entry(child: os.DirEntry[str], path: str) -> Entry | None:
    info = child.stat(follow_symlinks=False)
    mode = info.st_mode
    if sys.platform == "win32":  # no execute bits there: the docker CLI, too, sends all as 0755
        mode = stat.S_IFMT(mode) | 0o755
    link = None
    if stat.S_ISLNK(mode):
        link = str(Path(child.path).readlink()).replace(os.sep, "/")
        mode = stat.S_IFLNK | 0o777
    elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return None  # sockets and devices are no source files
    size = info.st_size if stat.S_ISREG(mode) else 0
    return Entry(path, OnDisk(child.path, size), mode, size, info.st_mtime_ns, link)
