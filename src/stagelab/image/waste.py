"""What is in an image's layers and is of no use to a container, by two definitions.

Reclaimable bytes are the sum of the layers minus the merged file system: what one would save by
writing every file once. The other numbers are those of the image explorer dive, by its own
definitions, so that its users find them again. It looks at the paths that each layer writes or
removes, folders with something below them left out, and takes a path's size in every such layer.
The removal of a file counts 0, that of a folder the files that lay in it:

- efficiency = sum over paths of the smallest size / sum over paths of all sizes
- wasted bytes = sum of all sizes of the paths that are there at least twice
- user bytes = the layers without the first one

So it counts every copy of a file and not only the spare ones, and takes a removed folder for no
waste at all; reclaimable bytes are exact in both. It knows no opaque whiteouts.

Source: dive, `dive/filetree/efficiency.go` and `dive/image/image.go`.
"""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import commonprefix
from typing import TYPE_CHECKING

from stagelab._render import Shown
from stagelab.image.merge import Hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stagelab.image.entry import Entry
    from stagelab.image.layer import LayerFacts
    from stagelab.image.stack import Stack


@dataclass(frozen=True, slots=True)
class Waste(Shown):
    """What is in the image's layers but of no use to a container.

    Attributes:
        reclaimable_bytes: Sum of the layers minus the merged file system.
        worst: Each hidden file, largest first; their bytes add up to `reclaimable_bytes`.
        efficiency: By dive's definition, from 0 to 1; 1 for an image without bytes.
        user_bytes: By dive's definition: bytes of the layers without the first.
        wasted_bytes: By dive's definition.
    """

    reclaimable_bytes: int
    worst: tuple[Hidden, ...]
    efficiency: float
    user_bytes: int
    wasted_bytes: int

    @property
    def wasted_share(self) -> float:
        """Wasted bytes over user bytes, as dive's "wasted user percent"; 0 without user bytes."""
        return self.wasted_bytes / self.user_bytes if self.user_bytes else 0.0


def waste(stack: Stack) -> Waste:
    """Weigh what layers hide of each other."""
    sizes, numbers = stack.sizes, stack.numbers
    worst = tuple(
        Hidden(item.path, item.size_bytes, numbers[item.wrote], numbers[item.hidden_by], item.how)
        for item in stack.merged.hidden
    )
    efficiency, wasted = _as_dive(stack.layers)
    return Waste(
        reclaimable_bytes=sum(sizes) - stack.merged.merged_bytes,
        worst=worst,
        efficiency=efficiency,
        user_bytes=sum(sizes[1:]),
        wasted_bytes=wasted,
    )


def _as_dive(layers: Sequence[LayerFacts]) -> tuple[float, int]:
    """Give efficiency and wasted bytes."""
    seen: dict[str, int] = {}
    repeated: dict[str, list[int]] = {}
    all_bytes = 0
    removed = _removed_folders(layers)
    for number, (layer, written) in enumerate(zip(layers, _leaves(layers), strict=True)):
        gone = {path: removed.get((number, path), 0) for path in layer.whiteouts}
        for sizes in (written, gone):
            all_bytes += sum(sizes.values())
            for path in seen.keys() & sizes.keys():
                repeated.setdefault(path, [seen[path]]).append(sizes[path])
            seen |= sizes
    wasted = sum(map(sum, repeated.values()))
    least = all_bytes - wasted + sum(map(min, repeated.values()))
    return least / all_bytes if all_bytes else 1.0, wasted


def _leaves(layers: Sequence[LayerFacts]) -> list[dict[str, int]]:
    """Give, for each layer, the size of each path that has nothing below it in that layer.

    Further names of a file (hard links) have none. Folders without anything in them, of which most
    images have many, add nothing to any sum; they are left out unless the same path is something
    else in another layer.
    """
    found = [
        {
            entry.path: 0 if entry.link else entry.size
            for entry in layer.entries
            if entry.kind != "dir"
        }
        for layer in layers
    ]
    folders = [{entry.path for entry in layer.entries if entry.kind == "dir"} for layer in layers]
    every = set().union(*folders)
    both = {path for layer in layers for path in layer.whiteouts if path in every}
    both.update(*(sizes.keys() & every for sizes in found))
    if both:
        for layer, sizes, own in zip(layers, found, folders, strict=True):
            parents = {entry.path.rpartition("/")[0] for entry in layer.entries}
            parents.update(path.rpartition("/")[0] for path in layer.whiteouts)
            sizes |= dict.fromkeys((own & both) - parents, 0)  # noqa: PLW2901 - added in place
    return found


def _size(entry: Entry) -> int:
    return 0 if entry.link else entry.size


def _removed_folders(layers: Sequence[LayerFacts]) -> dict[tuple[int, str], int]:
    """Give the bytes in each folder that a layer removes, by the layer's number and the path."""
    common = commonprefix([path for layer in layers for path in layer.whiteouts])
    below = _Below()
    removed = {}
    for number, layer in enumerate(layers if common else ()):
        for path, size in below.remove(layer.whiteouts).items():
            removed[number, path] = size
        below.add(entry for entry in layer.entries if entry.path.startswith(common))
    return removed


class _Below:
    """The layers below one, stacked as dive does: opaque whiteouts hide nothing."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._children: dict[str, set[str]] = {"": set()}
        self._folders: set[str] = set()

    def add(self, entries: Iterable[Entry]) -> None:
        """Put a layer on top."""
        for entry in entries:
            path = entry.path
            self._sizes[path] = _size(entry)
            if entry.kind == "dir":
                self._folders.add(path)
            else:
                self._folders.discard(path)
            folder = path.rpartition("/")[0]
            while folder not in self._children:
                self._children[folder] = {path}
                path, folder = folder, folder.rpartition("/")[0]
            self._children[folder].add(path)

    def remove(self, paths: Iterable[str]) -> dict[str, int]:
        """Take paths away; give of each that is a folder the bytes of what lies in it."""
        removed = {}
        for path in sorted(paths, key=len, reverse=True):  # what lies in another one first
            bytes_below, waiting = 0, [path]
            while waiting:
                name = waiting.pop()
                bytes_below += self._sizes.pop(name, 0)
                waiting.extend(self._children.pop(name, ()))
            self._sizes[path] = bytes_below  # for a folder that goes as well
            if path in self._folders:
                removed[path] = bytes_below
        for path in paths:
            self._sizes.pop(path, None)
            self._folders.discard(path)
            self._children.get(path.rpartition("/")[0], set()).discard(path)
        return removed
