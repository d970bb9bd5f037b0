"""The file system that a stack of layers gives, and what each layer did to it.

Source: OCI image specification, "Image Layer Filesystem Changeset": whiteouts hide only what lower
layers have; an opaque whiteout hides everything that lower layers have in its folder. A name below
something that is no folder makes it one, as the engine's overlay driver does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.image.entry import Entry
    from stagelab.image.layer import LayerFacts

_HALF = 32
_NOWHERE = (1 << _HALF) - 1
"""In place of an inode for a link that leads nowhere."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Bytes that a later layer hides but that are in the image all the same.

    Attributes:
        path: The file; of a file with several names the one that was hidden last.
        size_bytes: Its bytes.
        wrote: Index of the layer that holds them.
        hidden_by: Index of the layer that hides them.
        how: Whether that layer removed the file or wrote it anew.
    """

    path: str
    size_bytes: int
    wrote: int
    hidden_by: int
    how: Literal["removed", "replaced"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one layer did to regular files: names new, written again, and gone."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged file system.

    Attributes:
        entries: Each path's entry, by path.
        wrote: For each path, the position in the stack of the layer that wrote it.
        merged_bytes: Bytes of the regular files, those with several names counted once.
        hidden: Bytes that are hidden, largest first; together with `merged_bytes` they make the
            sum of the layers.
        effects: What each layer did, in the stack's order.
    """

    entries: dict[str, Entry]
    wrote: dict[str, int]
    merged_bytes: int
    hidden: tuple[Hidden, ...]
    effects: tuple[Effect, ...]


def merge(layers: Sequence[LayerFacts]) -> Merged:
    """Stack layers, the lowest first."""
    merger = _Merger()
    effects = tuple(merger.apply(number, layer) for number, layer in enumerate(layers))
    alive = {inode: size for inode, size in merger.sizes.items() if merger.names[inode]}
    hidden = sorted(merger.hidden, key=lambda item: (-item.size_bytes, item.path))
    return Merged(merger.entries, merger.wrote, sum(alive.values()), tuple(hidden), effects)


class _Merger:
    """The state while layers are stacked.

    Contents are known by a number, that of their layer in the upper half and that of their inode
    in it in the lower, which costs less than a pair.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.wrote: dict[str, int] = {}
        self.sizes: dict[int, int] = {}
        self.names: dict[int, int] = {}  # how many names contents have
        self.hidden: list[Hidden] = []
        self._children: dict[str, set[str]] = {"": set()}  # a key is a folder, written or implied
        self._inodes: dict[str, int] = {}
        self._layer = 0  # the current one
        self._gone: set[str] = set()  # regular files of layers below that it hides
        self._changed: set[str] = set()  # those of them that it has itself
        self._lost = 0  # files that it adds, and hides itself
        self._dead: list[tuple[str, int]] = []

    def apply(  # noqa: C901 - one loop over tens of thousands of names, in which calls add up
        self, number: int, layer: LayerFacts
    ) -> Effect:
        """Put a layer on top."""
        self._layer, self._lost = number, 0
        self._gone, self._changed, self._dead = set(), set(), []
        for path in layer.opaques:
            for child in list(self._children.get(path.rstrip("/"), ())):
                self._remove(child)
        for path in layer.whiteouts:
            self._remove(path)
        files = 0
        children, known = self._children, self.entries
        for entry in layer.entries:
            path, kind, _, _, _, _, _, inode, _ = entry
            folder = path[: path.rindex("/")]
            siblings = children.get(folder)
            if siblings is None:
                siblings = self._make_folder(folder)
            if kind != "file":
                self._add_other(entry)
            else:
                files += 1
                key = number << _HALF | inode
                if inode < 0:  # a link to a file of a layer below, before that is replaced
                    key = self._inodes.get(entry.link, number << _HALF | _NOWHERE)
                    entry = entry._replace(size=self.sizes.get(key, entry.size))  # noqa: PLW2901
                self.names[key] = self.names.get(key, 0) + 1
                if path in known or path in children:
                    self._remove(path)
                self._inodes[path] = key
                self.sizes.setdefault(key, entry.size)
                if path in self._gone:
                    self._changed.add(path)
            siblings.add(path)
            known[path] = entry
            self.wrote[path] = number
        if self._dead:
            self._account(number, {entry.path for entry in layer.entries if entry.kind == "file"})
        changed, lost = len(self._changed), self._lost
        return Effect(files - lost - changed, changed, len(self._gone) - changed)

    def _add_other(self, entry: Entry) -> None:
        """Make room for what is no regular file."""
        if entry.kind != "dir":
            self._remove(entry.path)
        elif entry.path not in self._children:
            self._remove(entry.path)
            self._children[entry.path] = set()

    def _make_folder(self, path: str) -> set[str]:
        """Make a folder that is only implied, and give the names in it: none."""
        missing = []
        while path not in self._children:
            missing.append(path)
            path = path.rpartition("/")[0]
        for folder in reversed(missing):
            self._remove(folder)
            self._children[folder] = set()
            self._children[folder.rpartition("/")[0]].add(folder)
        return self._children[missing[0]]

    def _remove(self, path: str) -> None:
        waiting = [path]
        while waiting:
            name = waiting.pop()
            waiting.extend(self._children.pop(name, ()))
            if self.entries.pop(name, None) is None:
                continue
            wrote = self.wrote.pop(name)
            inode = self._inodes.pop(name, None)
            if inode is not None:
                self.names[inode] -= 1
                self._dead.append((name, inode))
                if wrote != self._layer:
                    self._gone.add(name)
                else:  # written and hidden by one layer, as no builder does
                    self._lost += 1
                    self._changed.discard(name)
        above = self._children.get(path.rpartition("/")[0])
        if above is not None:
            above.discard(path)

    def _account(self, number: int, written: set[str]) -> None:
        """Note the contents that lost their last name in this layer."""
        last = {inode: path for path, inode in self._dead}
        for inode, path in last.items():
            size = self.sizes.get(inode, 0)
            if size and not self.names[inode]:
                how: Literal["removed", "replaced"] = "replaced" if path in written else "removed"
                self.hidden.append(Hidden(path, size, inode >> _HALF, number, how))
