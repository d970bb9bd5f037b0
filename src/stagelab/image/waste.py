"""What is in an image's layers and is of no use to a container, by two definitions.

Reclaimable bytes are the sum of the layers minus the merged file system: what one would save by
writing every file once. The other numbers are those of the image explorer dive, by its own
definitions, so that its users find them again. It looks at the paths that each layer writes or
removes, folders with something below them left out, and takes a path's size in every such layer;
a removal counts 0:

- efficiency = sum over paths of the smallest size / sum over paths of all sizes
- wasted bytes = sum of all sizes of the paths that are there at least twice
- user bytes = the layers without the first one

So it counts every copy of a file and not only the spare ones, and takes a removed folder for no
waste at all; reclaimable bytes are exact in both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stagelab._render import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.image.layer import LayerFacts
    from stagelab.image.merge import Hidden
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
    sizes = [layer.size_bytes for layer in stack.layers]
    worst = tuple(
        replace(
            hidden,
            wrote=stack.numbers[hidden.wrote],
            hidden_by=stack.numbers[hidden.hidden_by],
        )
        for hidden in stack.merged.hidden
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
    for layer in layers:
        sizes = _leaves(layer)
        all_bytes += sum(sizes.values())
        for path in seen.keys() & sizes.keys():
            repeated.setdefault(path, [seen[path]]).append(sizes[path])
        seen |= sizes
    wasted = sum(map(sum, repeated.values()))
    least = all_bytes - wasted + sum(map(min, repeated.values()))
    return least / all_bytes if all_bytes else 1.0, wasted


def _leaves(layer: LayerFacts) -> dict[str, int]:
    """Give the size of each path of a layer that has nothing below it.

    Further names of a file (hard links) and removed paths have none.
    """
    parents = {entry.path.rpartition("/")[0] for entry in layer.entries}
    sizes = {
        entry.path: 0 if entry.link else entry.size
        for entry in layer.entries
        if entry.kind != "dir" or entry.path not in parents
    }
    return sizes | dict.fromkeys(layer.whiteouts, 0)
