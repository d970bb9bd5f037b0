"""Which contents each name of a file system stands for, so that hard links count once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.image.entry import Entry
    from stagelab.image.facts import XRay
    from stagelab.image.layer import LayerFacts


class Holding(NamedTuple):
    """One name, and what is behind it.

    Attributes:
        entry: The name's entry.
        layer: Index in the history of the layer that wrote the name.
        contents: Of a regular file with bytes, index of the layer that wrote them and their number
            in it: names that share it are hard links to one file. Else None.
        fingerprint: As in `Entry`, also where only a layer below knows it.
    """

    entry: Entry
    layer: int
    contents: tuple[int, int] | None
    fingerprint: int


def holdings(seen: XRay, layer: int | None = None) -> dict[str, Holding]:
    """Give what each path holds, by path.

    Args:
        seen: The image.
        layer: Index in the history of the one layer to look at, which made one; None for the
            merged file system.
    """
    written = seen._written()  # noqa: SLF001 - the layers of an x-ray are this package's own
    stacked = [(made.index, facts) for made, facts in written]
    if layer is None:
        entries: Sequence[Entry] = tuple(seen.tree)
    else:
        stacked = [(index, each) for index, each in stacked if index == layer]
        entries = sorted(entry for _, each in stacked for entry in each.entries)
    wrote = seen._stack.merged.wrote  # noqa: SLF001 - likewise
    lower = Lower([each for _, each in stacked])
    found = {}
    for entry in entries:
        n = wrote[entry.path] if layer is None else 0
        contents, fingerprint = None, entry.fingerprint
        if entry.size and entry.inode >= 0:
            contents = stacked[n][0], entry.inode
        elif entry.size:
            behind = lower.find(entry, n)
            contents, fingerprint = None, 0
            if behind:
                contents = stacked[behind[0]][0], behind[1].inode
                fingerprint = behind[1].fingerprint
        found[entry.path] = Holding(entry, stacked[n][0], contents, fingerprint)
    return found


class Lower:
    """Finds the files of lower layers that hard links lead to; such links are rare.

    Args:
        layers: The layers, lowest first.
    """

    def __init__(self, layers: Sequence[LayerFacts]) -> None:
        self._layers = layers
        self._names: dict[int, dict[str, Entry]] = {}

    def find(self, entry: Entry, number: int) -> tuple[int, Entry] | None:
        """Give the layer of what is behind a link that layer `number` wrote, and its entry there.

        Layers are numbered from 0; None if the link leads nowhere.
        """
        for n in reversed(range(number)):
            if n not in self._names:
                self._names[n] = {each.path: each for each in self._layers[n].entries}
            target = self._names[n].get(entry.link)
            if target is not None and target.inode >= 0:
                return n, target
            entry = target or entry
        return None
