"""A folder as a treemap of three levels: its entries, within them theirs, and theirs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stagelab.show.style import PALETTE, count, humane_bytes
from stagelab.show.treemap import Rect, squarify

if TYPE_CHECKING:
    from stagelab.image.entry import Kind
    from stagelab.image.usage import Usage

WIDTH, HEIGHT = 860.0, 400.0
"""Size of a treemap in pixels, as it is laid out; it may be drawn wider or narrower."""

GAP = 1.0
"""Pixels that are left free between a tile and the next."""

OTHERS = PALETTE["grey"]
"""Colour of what is too small, or of too many layers, to have one of its own."""

_COLOURS = [PALETTE[name] for name in ("blue", "orange", "green", "purple", "sky", "vermillion")]
_MOST = (48, 24, 12)  # tiles, on each level
_LEAST = (420.0, 400.0, 600.0)  # square pixels of a tile, on each level
_HEAD = 21.0  # pixels, the line with a folder's name above what is in it
_EDGE = 3.0
_LEAST_LABEL, _LEAST_TALL = (30.0, 18.0), 40.0
_LEAST_SIDE = 3.0  # pixels of what is drawn at all
_THIN, _THICK = 0.14, 0.26  # how much of the colour an opened folder has, and all else
_LEAST_INSIDE = (84.0, 64.0)  # width and height of a folder that shows what is in it


class Tile(NamedTuple):
    """One rectangle.

    Attributes:
        place: Where it is, in pixels of a treemap of `WIDTH` and `HEIGHT`.
        depth: 0 of the folder's own entries, 1 of theirs, 2 of theirs again.
        path: The entry; "" for several that are too small.
        name: The entry's name, or how many small ones there are.
        kind: Of the entry, None for several.
        size_bytes: What it holds.
        files: Names of regular files in it.
        colour: Of its layer, or of its kind where there is one layer.
        layer: The layer that wrote most of it, None for several entries.
        opened: Whether it is a folder whose own tiles follow.
    """

    place: Rect
    depth: int
    path: str
    name: str
    kind: Kind | None
    size_bytes: int
    files: int
    colour: str
    layer: int | None
    opened: bool = False

    @property
    def is_labelled(self) -> bool:
        """Whether there is room for some letters."""
        return self.place.width >= _LEAST_LABEL[0] and self.place.height >= _LEAST_LABEL[1]

    @property
    def is_tall(self) -> bool:
        """Whether there is room for a second line."""
        return self.place.height >= _LEAST_TALL and not self.opened


def tiles(found: Usage) -> list[Tile]:
    """Lay out what a folder holds; what holds nothing is left out. Each is before its parts."""
    return _tiles(found, Rect(0, 0, WIDTH, HEIGHT), colours(found), 0)


def colours(found: Usage) -> dict[int, str]:
    """Give the layers that have a colour of their own, the same in every folder of an image."""
    if found.layer is not None:
        return {}
    wrote = [share for share in found.folder("/").by_layer if share.size_bytes]
    largest = sorted(wrote, key=lambda share: -share.size_bytes)[: len(_COLOURS)]
    return {
        share.layer: colour
        for share, colour in zip(
            sorted(largest, key=lambda share: share.layer), _COLOURS, strict=False
        )
    }


def legend(found: Usage) -> list[tuple[str, str]]:
    """Give each colour of the treemap, and what it stands for."""
    if found.layer is not None:
        named = [(_of_kind("dir"), "folder"), (_of_kind("file"), "file")]
        return [*named, (OTHERS, "several small ones")]
    own = colours(found)
    rest = {wrote.layer for wrote in found.folder("/").by_layer if wrote.size_bytes} - own.keys()
    others = "other layers, or several small ones" if rest else "several small ones"
    return [*((colour, f"layer {layer}") for layer, colour in own.items()), (OTHERS, others)]


def words(tile: Tile, whole: int) -> str:
    """Say what a tile stands for, in one line.

    Args:
        tile: The tile.
        whole: Bytes of the folder.
    """
    part = percent(tile.size_bytes, whole)
    parts = [tile.path or tile.name, f"{humane_bytes(tile.size_bytes)}, {part}"]
    if tile.kind != "file":
        parts.append(count(tile.files, "file"))
    if tile.layer is not None:
        parts.append(f"layer {tile.layer}")
    return " · ".join(parts)


def percent(part: int, whole: int) -> str:
    """Give a share in percent: "0 %", "< 0.1 %", "7.4 %", "31 %"."""
    value = 100 * part / whole if whole else 0.0
    if 0 < value < 0.1:  # noqa: PLR2004 - the last digit that is shown
        return "< 0.1 %"
    return f"{value:.0f} %" if value >= 9.95 or not value else f"{value:.1f} %"  # noqa: PLR2004


def tint(tile: Tile) -> str:
    """Give the ground of a tile: its colour, so thin that text is read on it in every theme."""
    red, green, blue = (int(tile.colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{_THIN if tile.opened else _THICK})"


def _tiles(found: Usage, area: Rect, own: dict[int, str], depth: int) -> list[Tile]:
    shares = [child for child in found.children if child.size_bytes]
    scale = area.area / found.size_bytes if found.size_bytes else 0.0
    large = [child for child in shares if child.size_bytes * scale >= _LEAST[depth]]
    large = large[: _MOST[depth]]
    small = shares[len(large) :]
    if len(small) == 1:
        large, small = shares, []
    sizes = [child.size_bytes for child in large]
    rest = sum(child.size_bytes for child in small)
    made: list[Tile] = []
    *places, last = squarify([*sizes, rest], area)
    for child, place in zip(large, places, strict=True):
        colour = own.get(child.layer, OTHERS) if own else _of_kind(child.kind)
        roomy = place.width >= _LEAST_INSIDE[0] and place.height >= _LEAST_INSIDE[1]
        opened = roomy and child.kind == "dir" and depth + 1 < len(_MOST)
        made.append(
            Tile(
                place,
                depth,
                child.path,
                child.name,
                child.kind,
                child.size_bytes,
                child.files,
                colour,
                child.layer,
                opened,
            )
        )
        if opened:
            made += _tiles(found.folder(child.path), _inside(place), own, depth + 1)
    if small and min(last.width, last.height) >= _LEAST_SIDE:
        files = sum(child.files for child in small)
        name = f"{len(small)} smaller"
        made.append(Tile(last, depth, "", name, None, rest, files, OTHERS, None))
    return made


def _inside(place: Rect) -> Rect:
    return Rect(
        place.x + _EDGE, place.y + _HEAD, place.width - 2 * _EDGE, place.height - _HEAD - _EDGE
    )


def _of_kind(kind: Kind) -> str:
    return PALETTE["blue"] if kind == "dir" else PALETTE["green"]
