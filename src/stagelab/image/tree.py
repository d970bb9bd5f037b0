"""Access to a merged file system by path, by pattern, and through symbolic links."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stagelab.image.entry import Entry

_MOST_LINKS = 40
"""Symbolic links that Linux follows in one path."""


class Tree:
    """A read-only file system; paths are from the root, "/etc/passwd" or "etc/passwd"."""

    __slots__ = ("_entries", "_folders")

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = {path: entries[path] for path in sorted(entries)}
        self._folders: dict[str, list[Entry]] = {}
        for path, entry in self._entries.items():
            folder = path.rpartition("/")[0]
            self._folders.setdefault(folder, []).append(entry)
            while folder := folder.rpartition("/")[0]:
                # a folder of which only contents are known is one all the same
                if folder in self._folders:
                    break
                self._folders[folder] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __contains__(self, path: str) -> bool:
        return _absolute(path) in self._entries

    def __repr__(self) -> str:
        return f"<Tree of {len(self)} entries>"

    def get(self, path: str) -> Entry | None:
        """Give the entry of this very path, a symbolic link unfollowed; None if there is none."""
        return self._entries.get(_absolute(path))

    def find(self, pattern: str) -> tuple[Entry, ...]:
        """Give the entries whose whole path matches a shell pattern; `*` also matches "/"."""
        wanted = _absolute(pattern)
        return tuple(entry for path, entry in self._entries.items() if fnmatchcase(path, wanted))

    def children(self, folder: str) -> tuple[Entry, ...]:
        """Give what lies directly in a folder, by name."""
        return tuple(self._folders.get(_absolute(folder).rstrip("/"), ()))

    def resolve(self, path: str) -> Entry | None:
        """Follow symbolic links, in folders too, as inside a container; None if they dangle."""
        left = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        here = ""
        links = 0
        while left:
            part = left.pop()
            if part == "..":
                here = here.rpartition("/")[0]
                continue
            entry = self._entries.get(f"{here}/{part}")
            if entry is None:
                if f"{here}/{part}" not in self._folders:
                    return None
            elif entry.kind == "symlink":
                links += 1
                if links > _MOST_LINKS:
                    return None
                if entry.link.startswith("/"):
                    here = ""
                left += [bit for bit in reversed(entry.link.split("/")) if bit not in ("", ".")]
                continue
            elif left and entry.kind != "dir":
                return None
            here = f"{here}/{part}"
        return self._entries.get(here)

    def folders(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Give the real paths of those of the folders that exist, each once, in order."""
        real: dict[str, None] = {}
        for path in paths:
            entry = self.resolve(path)
            if entry is not None and entry.kind == "dir":
                real[entry.path] = None
            elif entry is None and _absolute(path).rstrip("/") in self._folders:
                real[_absolute(path).rstrip("/")] = None
        return tuple(real)


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"
