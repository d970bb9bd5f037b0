"""The facts of an x-ray, frozen; sizes in bytes of uncompressed file contents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from stagelab._render import Shown
from stagelab.errors import ImageError
from stagelab.image.holdings import Lower
from stagelab.image.package import Package
from stagelab.image.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stagelab.image.entry import Entry
    from stagelab.image.fixes import Fixes
    from stagelab.image.gobinaries import GoBinary
    from stagelab.image.layer import LayerFacts
    from stagelab.image.secrets import Secrets
    from stagelab.image.stack import Stack
    from stagelab.image.start import Start
    from stagelab.image.surface import Surface
    from stagelab.image.tree import Tree
    from stagelab.image.waste import Waste


class BaseUseLike(Protocol):
    """A base that a stage of a build rests on, such as `stagelab.builds.BaseUse`."""

    @property
    def stage(self) -> str:
        """Name of the stage."""

    @property
    def reference(self) -> str:
        """What its FROM names."""

    @property
    def kind(self) -> str:
        """One of official, stand-in, scratch, other."""


@dataclass(frozen=True, slots=True)
class Layer(Shown):
    """One instruction of the image's history, and the layer that it made, if it made one.

    Attributes:
        index: Its place in the history, from 0; instructions without a layer count as well.
        diff_id: Digest of the layer's uncompressed tar; None if the instruction made no layer.
        instruction: The instruction as one writes it.
        created_by: The same as the history has it.
        size_bytes: Bytes of the regular files in the layer, those with several names counted once.
        added: Names of regular files that were not there before.
        changed: Names of regular files that were there and are in this layer again, be it only
            because their mode changed.
        removed: Names of regular files that were there and are not any more.
    """

    index: int
    diff_id: str | None
    instruction: str
    created_by: str = field(repr=False)
    size_bytes: int
    added: int
    changed: int
    removed: int

    @property
    def empty(self) -> bool:
        """Whether the instruction made no layer."""
        return self.diff_id is None


class Layers(tuple[Layer, ...], Shown):
    """The history of an image, oldest first; a tuple that shows itself as a table."""

    __slots__ = ()


class Packages(tuple[Package, ...], Shown):
    """Installed packages, by name; a tuple that shows itself as a table."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Change(Shown):
    """What one layer did to one path; `size_bytes` is 0 for what it removed."""

    layer: int
    what: Literal["added", "changed", "removed"]
    instruction: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class XRay(Shown):
    """What is really in an image.

    Attributes:
        name: The reference, tag or file that was asked for.
        image_id: The image's ID on its engine; the digest of the configuration in an archive.
        size_bytes: Sum over the layers of the bytes of their regular files, a file with several
            names (hard links) counted once a layer. This is what the course calls size.
        merged_bytes: Bytes of the regular files that a container sees.
        transfer_bytes: Sum of the layers as they are compressed for a registry; None unless this
            very image was read from compressed layers, as those of an OCI archive and of an
            engine with the containerd image store may be. It says nothing of the sizes that
            another engine or archive has the same layers in.
        layers: The history, oldest first, instructions without a layer included.
        files: Regular files that a container sees, each name counted.
        waste: What is in the layers but of no use to a container.
        packages: Packages by the records of dpkg, apk, rpm, pip and npm.
        unread: Records of packages, and lists of users and the like, that are there and cannot be
            read, in words: packages may be missing above.
        binaries: Programs that Go built (1.18 or newer).
        surface: What an intruder would find, and who they would be.
        start: Whether a container of the image can start at all.
        secrets: What looks like a secret, in any layer or in the configuration.
        fixes: Newer versions that the image's distribution has published; asked for only with
            `fixes=True`.
        entrypoint: As in the configuration; empty if there is none.
        cmd: As in the configuration; empty if there is none.
        env: Environment variables.
        labels: Labels, those of the base included.
        os: Name of the operating system from os-release; None if there is none.
        os_release: All of os-release(5); empty if there is none.
        architecture: As in the configuration, "amd64".
        stand_in: Recipe of the stand-in that the image rests on, by its label; None if on none.
        bases: The bases of the build, if a build was x-rayed; else empty.
        tree: The merged file system.
    """

    name: str
    image_id: str
    size_bytes: int
    merged_bytes: int
    transfer_bytes: int | None
    layers: Layers
    files: int
    waste: Waste
    packages: Packages
    unread: tuple[str, ...]
    binaries: tuple[GoBinary, ...]
    surface: Surface
    start: Start
    secrets: Secrets
    fixes: Fixes
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    env: Mapping[str, str]
    labels: Mapping[str, str]
    os: str | None
    os_release: Mapping[str, str]
    architecture: str
    stand_in: str | None
    bases: tuple[BaseUseLike, ...]
    tree: Tree = field(compare=False)
    _stack: Stack = field(repr=False, compare=False)
    _fetch: Callable[[str, str], bytes | None] = field(repr=False, compare=False)

    @property
    def layer_count(self) -> int:
        """How many layers the image has, instructions without a layer not counted."""
        return sum(not layer.empty for layer in self.layers)

    def __hash__(self) -> int:
        return hash((self.name, self.image_id))

    def __repr__(self) -> str:
        return (
            f"<XRay of {self.name}: {self.size_bytes} bytes, {self.layer_count} layers, "
            f"{self.files} files>"
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the facts as JSON knows them (without the tree); bytes and names as above."""
        told = plain(self)
        assert isinstance(told, dict)  # noqa: S101 - so is every dataclass
        return told

    def file(self, path: str) -> Entry | None:
        """Give what a container sees at this path, symbolic links followed; None if nothing."""
        return self.tree.resolve(path)

    def find(self, pattern: str) -> tuple[Entry, ...]:
        """Give the entries whose whole path matches a shell pattern; `*` also matches "/"."""
        return self.tree.find(pattern)

    def history_of(self, path: str) -> tuple[Change, ...]:
        """Give what each layer did to this very path, oldest first; empty if it never was."""
        wanted = "/" + path.strip("/")
        changes: list[Change] = []
        for layer, facts in self._written():
            exists = bool(changes) and changes[-1].what != "removed"
            entry = next((entry for entry in facts.entries if entry.path == wanted), None)
            if entry is not None:
                what: Literal["added", "changed"] = "changed" if exists else "added"
                changes.append(Change(layer.index, what, layer.instruction, entry.size))
            elif exists and _hides(facts, wanted):
                changes.append(Change(layer.index, "removed", layer.instruction, 0))
        return tuple(changes)

    def layer_of(self, path: str) -> int | None:
        """Tell which layer wrote what a container sees at this very path, by its index; or None."""
        place = self._stack.place("/" + path.strip("/"))
        return place.layer if place else None

    def read(self, path: str, *, layer: int | None = None) -> bytes:
        """Give a file's bytes as a layer wrote them, even if a later layer hides them.

        The image is read again from its engine or archive, up to the layer in question.

        Args:
            path: The file; up to 16 MB.
            layer: Index of the layer; None for what a container sees.

        Raises:
            ImageNotFound: If the engine does not have the image any more.
            ArchiveDamaged: If the archive is cut off, inconsistent, unsafe or beyond measure.
            ImageError: If that layer has no such regular file, or it is too large; or if the image
                cannot be read for another reason.
        """
        seen = self.tree.resolve(path) if layer is None else None
        wanted = seen.path if seen else "/" + path.strip("/")
        if layer is None:
            wrote = [change.layer for change in self.history_of(wanted) if change.what != "removed"]
            layer = wrote[-1] if seen and wrote else -1
        layers = self._stack.layers
        indexes = [made.index for made in self.layers if not made.empty]
        number = indexes.index(layer) if layer in indexes else -1
        entries = layers[number].entries if number >= 0 else ()
        entry = next((entry for entry in entries if entry.path == wanted), None)
        if entry is not None and entry.inode < 0:  # a hard link to a file of a layer below
            behind = Lower(layers).find(entry, number)
            number, entry = behind or (number, None)
        if entry is not None and entry.kind == "file":
            if not entry.size:
                return b""
            names = layers[number].entries
            first = next(name for name in names if name.inode == entry.inode)
            found = self._fetch(layers[number].diff_id, first.path)
            if found is not None:
                return found
        raise ImageError(
            f"No file {wanted} can be read from "
            + (f"layer {layer}." if layer >= 0 else "the file system."),
            fix="See `history_of(path)` for the layers that wrote it; it may be too large, too.",
        )

    def _written(self) -> Iterator[tuple[Layer, LayerFacts]]:
        """Give each layer with what is known of it."""
        made = (layer for layer in self.layers if not layer.empty)
        return zip(made, self._stack.layers, strict=True)


def _hides(facts: LayerFacts, path: str) -> bool:
    """Tell whether a layer removes a path that it does not write."""
    above = {path[:at] for at, letter in enumerate(path) if letter == "/" and at}
    if "/" in facts.opaques or not above.isdisjoint(facts.opaques):
        return True
    if not (above | {path}).isdisjoint(facts.whiteouts):
        return True
    return any(
        (entry.kind != "dir" and entry.path in above) or entry.path.startswith(path + "/")
        for entry in facts.entries
    )
