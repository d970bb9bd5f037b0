"""`usage`: what the folders of an image hold, and which layers wrote it."""

from __future__ import annotations

import posixpath
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from stagelab._render import Shown
from stagelab.errors import ImageError
from stagelab.image.entry import Entry
from stagelab.image.holdings import holdings
from stagelab.image.tree import Tree

if TYPE_CHECKING:
    from stagelab.image.entry import Kind
    from stagelab.image.facts import XRay


@dataclass(frozen=True, slots=True)
class Share:
    """What one entry of a folder holds.

    Attributes:
        name: Its name in the folder.
        path: From the root.
        kind: As in `Entry`; a folder that only its contents tell of is a dir, too.
        size_bytes: Bytes of the regular files in it, or of itself.
        files: Names of regular files in it; 1 for a regular file.
        layer: Index in the history of the layer that wrote most of the bytes, or most of the
            names if there are no bytes.
        counted_at: For a further name (hard link) of a file: the name that has its bytes; else "".
    """

    name: str
    path: str
    kind: Kind
    size_bytes: int
    files: int
    layer: int
    counted_at: str = ""


@dataclass(frozen=True, slots=True)
class LayerShare:
    """What one layer wrote of a folder.

    Attributes:
        layer: Index of the layer in the history.
        instruction: The instruction that made the layer.
        size_bytes: Bytes that it wrote.
        names: Names of any kind that it wrote.
    """

    layer: int
    instruction: str
    size_bytes: int
    names: int


@dataclass(frozen=True, slots=True)
class Usage(Shown):
    """What a folder holds.

    A file with several names (hard links) counts at the first of them, in the order of the paths of
    the whole file system. So the children add up to their folder, and the root to the image
    (`XRay.merged_bytes`) or to the layer (`Layer.size_bytes`).

    Attributes:
        image: What the image is called.
        layer: Index in the history of the one layer that is looked at; None for the merged file
            system.
        path: The folder, links followed.
        size_bytes: Bytes of the regular files in it and in all folders below.
        files: Names of regular files, likewise.
        children: What lies directly in it, largest first.
        by_layer: The layers that wrote something of it, oldest first.
    """

    image: str
    layer: int | None
    path: str
    size_bytes: int
    files: int
    children: tuple[Share, ...]
    by_layer: tuple[LayerShare, ...]
    _sums: _Sums = field(repr=False, compare=False)

    def folder(self, path: str) -> Usage:
        """Give the same of another folder, without counting again.

        Args:
            path: From this folder, "bin" or ".."; or from the root, "/usr/bin".

        Raises:
            ImageError: If there is no such folder.
        """
        return self._sums.usage(posixpath.join(self.path, path))

    def to_records(self) -> list[dict[str, Any]]:
        """Give the children as `pandas.DataFrame` takes them: a dict each."""
        return [asdict(child) for child in self.children]


def usage(seen: XRay, path: str = "/", *, layer: int | None = None) -> Usage:
    """Tell what a folder of an image holds.

    Args:
        seen: The image.
        path: The folder, from the root; symbolic links are followed.
        layer: Index in the history of one layer, to look at what it wrote alone; None for the
            merged file system.

    Returns:
        The folder's sizes. Use its `folder` for others: it does not count again.

    Raises:
        ImageError: If there is no such folder or no such layer.
    """
    if layer is not None:
        made = [each.index for each in seen.layers if not each.empty]
        if layer not in made:
            raise ImageError(
                f"{seen.name} has no layer {layer}.",
                fix="These instructions made layers: " + (", ".join(map(str, made)) or "none."),
            )
    return _Sums(seen, layer).usage(path)


class _Sums:
    """The sums of all folders, keyed by their path, "" for the root."""

    def __init__(self, seen: XRay, layer: int | None) -> None:
        self._image = seen.name
        self._layer = layer
        self._instructions = [each.instruction for each in seen.layers]
        self._held = holdings(seen, layer)
        self._inside: dict[str, list[str]] = {"": []}
        self._bytes: dict[str, int] = {}
        self._files: dict[str, int] = {}
        self._wrote: dict[str, dict[int, tuple[int, int]]] = {"": {}}  # layer: bytes, names
        self._counted_at: dict[str, str] = {}
        self._place()
        self._add_up()
        self._tree = Tree({path: self._entry(path) for path in self._wrote if path})

    def _place(self) -> None:
        """Put each name into its folder, and folders that only names tell of into theirs."""
        first: dict[tuple[int, int], str] = {}
        for path, (entry, layer, contents, _) in self._held.items():
            if path == "/":
                continue
            counted_at = first.setdefault(contents, path) if contents else path
            if counted_at != path:
                self._counted_at[path] = counted_at
            size = entry.size if counted_at == path else 0
            self._bytes[path] = size
            self._files[path] = int(entry.kind == "file")
            self._wrote[path] = {layer: (size, 1)}
            self._put_into_folder(path)

    def _put_into_folder(self, path: str) -> None:
        while True:
            folder = path.rpartition("/")[0]
            if folder in self._inside:
                self._inside[folder].append(path)
                return
            self._inside[folder] = [path]
            if folder in self._held:
                return
            self._bytes[folder] = self._files[folder] = 0
            self._wrote[folder] = {}
            path = folder

    def _add_up(self) -> None:
        self._bytes[""] = self._files[""] = 0
        # what lies in a folder is behind it in this order
        for path in sorted(self._wrote, reverse=True):
            if not path:
                break
            folder = path.rpartition("/")[0]
            self._bytes[folder] += self._bytes[path]
            self._files[folder] += self._files[path]
            wrote = self._wrote[folder]
            for layer, (size, names) in self._wrote[path].items():
                known = wrote.get(layer, (0, 0))
                wrote[layer] = known[0] + size, known[1] + names

    def _entry(self, path: str) -> Entry:
        held = self._held.get(path)
        return held.entry if held else Entry(path, "dir", 0, 0o755, 0, 0, "", -1)

    def usage(self, path: str) -> Usage:
        folder = self._real(path)
        children = sorted(
            map(self._share, self._inside.get(folder, ())),
            key=lambda share: (-share.size_bytes, -share.files, share.name),
        )
        wrote = sorted(self._wrote[folder].items())
        return Usage(
            self._image,
            self._layer,
            folder or "/",
            self._bytes[folder],
            self._files[folder],
            tuple(children),
            tuple(LayerShare(n, self._instructions[n], *sums) for n, sums in wrote),
            self,
        )

    def _real(self, path: str) -> str:
        wanted = posixpath.normpath("/" + path.strip("/"))
        if wanted == "/":
            return ""
        real = self._tree.folders((wanted,))
        if real:
            return real[0].rstrip("/")
        where = self._image if self._layer is None else f"layer {self._layer} of {self._image}"
        entry = self._tree.resolve(wanted)
        if entry is None:
            raise ImageError(
                f"There is no {wanted} in {where}.",
                fix=f"Search by name: seen.find('*/{posixpath.basename(wanted)}').",
            )
        raise ImageError(
            f"{wanted} in {where} is no folder.",
            fix=f"Ask for the folder that it is in, {posixpath.dirname(entry.path)}.",
        )

    def _share(self, path: str) -> Share:
        held = self._held.get(path)
        wrote = self._wrote[path]
        return Share(
            path.rpartition("/")[2],
            path,
            held.entry.kind if held else "dir",
            self._bytes[path],
            self._files[path],
            max(wrote, key=lambda layer: (*wrote[layer], layer)),
            self._counted_at.get(path, ""),
        )
