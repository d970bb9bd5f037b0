"""Whether a container sees what a layer wrote, and which later layer hides it."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.layer import LayerFacts
    from stagelab.image.stack import Stack


class Sight(NamedTuple):
    """How a file of a layer is seen.

    Attributes:
        path: The name by which a container sees it; its own if it is not seen.
        hidden_by: Number among the layers of the first one that hides it; None if it is seen.
    """

    path: str
    hidden_by: int | None


class Sights:
    """Tells of any file of a stack how it is seen."""

    def __init__(self, stack: Stack) -> None:
        self._wrote = stack.merged.wrote
        self._layers = [_Layer(facts) for facts in stack.layers]

    def of(self, number: int, path: str) -> Sight:
        """Tell how the file is seen that the layer of this number has at this path.

        A file may have several names (hard links): it is seen while one is left.
        """
        if self._wrote.get(path) == number:
            return Sight(path, None)
        names = self._layers[number].names_of(path)
        for name in names:
            if self._wrote.get(name) == number:
                return Sight(name, None)
        hiders = [self._hider(number, name) for name in names]
        return Sight(path, max((hider for hider in hiders if hider is not None), default=None))

    def _hider(self, number: int, path: str) -> int | None:
        above = list(_folders(path))
        for upper in range(number + 1, len(self._layers)):
            if self._layers[upper].hides(path, above):
                return upper
        return None


class _Layer:
    """What a layer writes and hides; found out when it is first asked for."""

    def __init__(self, facts: LayerFacts) -> None:
        self._facts = facts

    def names_of(self, path: str) -> list[str]:
        """Give all names of a file."""
        return self._names.get(self._inodes.get(path, -1), [path])

    def hides(self, path: str, above: list[str]) -> bool:
        """Tell whether nothing is left of what lower layers have at a path below these folders."""
        return (
            path in self._written
            or path in self._holders
            or path in self._whiteouts
            or any(
                folder in self._whiteouts or folder in self._opaques or folder in self._no_folders
                for folder in above
            )
        )

    @cached_property
    def _inodes(self) -> dict[str, int]:
        return {entry.path: entry.inode for entry in self._facts.entries if entry.kind == "file"}

    @cached_property
    def _names(self) -> dict[int, list[str]]:
        names: defaultdict[int, list[str]] = defaultdict(list)
        for path, inode in self._inodes.items():
            if inode >= 0:
                names[inode].append(path)
        return {inode: sorted(paths) for inode, paths in names.items()}

    @cached_property
    def _written(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self._facts.entries)

    @cached_property
    def _no_folders(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self._facts.entries if entry.kind != "dir")

    @cached_property
    def _holders(self) -> frozenset[str]:
        return frozenset(folder for path in self._written for folder in _folders(path))

    @cached_property
    def _whiteouts(self) -> frozenset[str]:
        return frozenset(self._facts.whiteouts)

    @cached_property
    def _opaques(self) -> frozenset[str]:
        return frozenset(self._facts.opaques)


def _folders(path: str) -> Iterator[str]:
    """Give the folders that a path lies in, the root last."""
    while path:
        path = path.rpartition("/")[0]
        yield path or "/"
