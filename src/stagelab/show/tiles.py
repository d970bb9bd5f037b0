"""A folder as a treemap of two levels: the folder's entries, and within them theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stagelab.show.style import PALETTE, count, humane_bytes
from stagelab.show.treemap import Rect, squarify

if TYPE_CHECKING:
    from stagelab.image.entry import Kind
    from stagelab.image.usage import Usage

WIDTH, HEIGHT = 860.0, 400.0
"""Size of a treemap in pixels, as it is laid out; it may be drawn wider or narrower."""

OTHERS = PALETTE["grey"]
"""Colour of what is too small, or of too many layers, to have one of its own."""

_COLOURS = [PALETTE[name] for name in ("blue", "orange", "green", "purple", "sky", "vermillion")]
_MOST = (48, 16)  # tiles, on each level
_LEAST = (420.0, 300.0)  # square pixels of a tile, on each level
_HEAD = 21.0  # pixels, the line with a folder's name above what is in it
_EDGE = 3.0
_LEAST_INSIDE = (84.0, 64.0)  # width and height of a folder that shows what is in it


class Tile(NamedTuple):
    """One rectangle.

    Attributes:
        place: Where it is, in pixels of a treemap of `WIDTH` and `HEIGHT`.
        depth: 0 of the folder's own entries, 1 of theirs.
        path: The entry; "" for several that are too small.
        name: The entry's name, or how many small ones there are.
        kind: Of the entry, None for several.
        size_bytes: What it holds.
        files: Names of regular files in it.
        colour: Of its layer, or of its kind where there is one layer.
        layer: The layer that wrote most of it, None for several entries.
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


def words(tile: Tile, whole: int) -> str:
    """Say what a tile stands for, in one line.

    Args:
        tile: The tile.
        whole: Bytes of the folder.
    """
    parts = [tile.path or tile.name, f"{humane_bytes(tile.size_bytes)}, {share(tile, whole)}"]
    if tile.kind != "file":
        parts.append(count(tile.files, "file"))
    if tile.layer is not None:
        parts.append(f"layer {tile.layer}")
    return " · ".join(parts)


def share(tile: Tile, whole: int) -> str:
    """Give a tile's share of the folder in percent."""
    return percent(tile.size_bytes, whole)


def percent(part: int, whole: int) -> str:
    """Give a share in percent: "0 %", "< 0.1 %", "7.4 %", "31 %"."""
    value = 100 * part / whole if whole else 0.0
    if 0 < value < 0.1:  # noqa: PLR2004 - the last digit that is shown
        return "< 0.1 %"
    return f"{value:.0f} %" if value >= 9.95 or not value else f"{value:.1f} %"  # noqa: PLR2004


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
            )
        )
        roomy = place.width >= _LEAST_INSIDE[0] and place.height >= _LEAST_INSIDE[1]
        if roomy and child.kind == "dir" and not depth:
            made += _tiles(found.folder(child.path), _inside(place), own, depth + 1)
    if small:
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
