"""An image's layers as they lie on each other: what every finding is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from stagelab.image.history import origins
from stagelab.image.merge import merge
from stagelab.image.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stagelab.image.history import Origin
    from stagelab.image.layer import LayerFacts
    from stagelab.image.merge import Merged

_Value = TypeVar("_Value")


class Place(NamedTuple):
    """The layer that something comes from: its index in the history, and its instruction."""

    layer: int
    instruction: str


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers of an image, lowest first, and its configuration.

    Attributes:
        config: The image configuration, as in the OCI image specification.
        history: Each instruction of the image, oldest first.
        numbers: Index in the history of each layer, lowest layer first.
        layers: The facts of each layer, lowest first.
        sizes: Bytes of the regular files of each layer, likewise.
        merged: The file system that they give.
        tree: The same, by path.
    """

    config: Mapping[str, Any]
    history: tuple[Origin, ...]
    numbers: tuple[int, ...]
    layers: tuple[LayerFacts, ...]
    sizes: tuple[int, ...]
    merged: Merged
    tree: Tree

    @property
    def settings(self) -> Mapping[str, Any]:
        """The part of the configuration that containers are started with."""
        return self.config.get("config") or {}

    @property
    def env(self) -> dict[str, str]:
        """Environment variables."""
        return dict(str(item).partition("=")[::2] for item in self.settings.get("Env") or [])

    def place(self, path: str) -> Place | None:
        """Tell which layer wrote what a container sees at this very path; None if nothing."""
        number = self.merged.wrote.get(path)
        return None if number is None else self.place_of(number)

    def place_of(self, number: int) -> Place:
        """Tell the same of a layer by its number among the layers."""
        index = self.numbers[number]
        return Place(index, self.history[index].instruction)

    def visible(
        self, facts: Callable[[LayerFacts], Mapping[str, _Value]]
    ) -> Iterator[tuple[str, _Value]]:
        """Give what is known by path of the files that a container sees, as last written.

        What a layer knows of a file with several names (hard links) stands under the first; if
        that is removed or replaced later, it is given under another one that is still there.

        Args:
            facts: Gives what is known of the files of one layer, by path.
        """
        wrote = self.merged.wrote
        for number, layer in enumerate(self.layers):
            known = facts(layer)
            hidden = {path for path in known if wrote.get(path) != number}
            for path, value in known.items():
                if path not in hidden:
                    yield path, value
            for entry in layer.entries if hidden else ():
                twin = entry.kind == "file" and entry.link in hidden and entry.inode >= 0
                if twin and wrote.get(entry.path) == number:
                    hidden.discard(entry.link)
                    yield entry.path, known[entry.link]

    def content(self, path: str) -> bytes | None:
        """Give a kept file as a container sees it, links followed; None if it is not there."""
        entry = self.tree.resolve(path)
        number = self.merged.wrote.get(entry.path) if entry else None
        if entry is None or number is None:
            return None
        return self.layers[number].contents.get(entry.path)


def stack(
    config: Mapping[str, Any], known: Mapping[str, LayerFacts], merged: Merged | None = None
) -> Stack:
    """Stack the layers that a configuration names.

    Args:
        config: The image configuration.
        known: The facts of every layer that it names, by diff ID.
        merged: The file system that they give; None to find it out.
    """
    history = origins(config)
    numbers = tuple(number for number, origin in enumerate(history) if origin.diff_id)
    layers = tuple(known[origin.diff_id] for origin in history if origin.diff_id)
    merged = merged or merge(layers)
    sizes = tuple(layer.size_bytes for layer in layers)
    return Stack(config, history, numbers, layers, sizes, merged, Tree(merged.entries))
