"""How a folder of an image looks: a treemap, the layers that wrote it, and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stagelab._render import register
from stagelab.image.usage import LayerShare, Share, Usage
from stagelab.show.layers import instruction
from stagelab.show.style import (
    MUTED,
    Html,
    bar,
    card,
    code,
    count,
    escape,
    humane_bytes,
    humane_count,
    muted,
    table,
    text_bar,
    text_table,
)
from stagelab.show.tiles import (
    GAP,
    HEIGHT,
    OTHERS,
    WIDTH,
    colours,
    legend,
    percent,
    tiles,
    tint,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.show.tiles import Tile

COUNTED = "A file with several names (hard links) counts at the first of them."
DRAWN = (
    "Areas are in proportion to sizes, but for the room that a folder's name takes; a pointer "
    "that rests on one shows more."
)
_MOST = 16
_INNER = 3
_LARGE = 0.05  # of the whole, from which a folder's own largest entries are told
_HEADER = ("Name", "Size", "", "Share", "Files", "Layer")
_ALIGN = "lrlrrr"
_LAYERS_HEADER = ("Layer", "Wrote", "Instruction")
_LAYERS_ALIGN = "rrl"


class Line(NamedTuple):
    """A row of the table: an entry of the folder (depth 0), or of an entry (depth 1)."""

    depth: int
    share: Share


def usage_html(found: Usage) -> Html:
    """Show a folder as a treemap and tables."""
    own = colours(found)
    rows = [
        (
            Html(f'<span style="padding-left:{1.4 * line.depth}em">{_named(line.share)}</span>'),
            humane_bytes(line.share.size_bytes),
            _bar(line.share, found, own),
            *_numbers(line.share, found),
        )
        for line in _lines(found)
    ]
    layers = [_layer(wrote, 100) for wrote in found.by_layer]
    parts: list[Html] = []
    if found.size_bytes:
        parts += [treemap_html(found), _legend(found)]
    if layers and found.layer is None:
        parts.append(table(_LAYERS_HEADER, layers, align=_LAYERS_ALIGN, caption="Written by"))
    if rows:
        parts.append(table(_HEADER, rows, align=_ALIGN, caption="Largest first"))
    notes = Html("<br>".join(map(escape, filter(None, (_rest(found), COUNTED, DRAWN)))))
    return card(printable(title(found)), *parts, muted(notes))


def usage_text(found: Usage) -> str:
    """Show the same as plain text; of the treemap the bars remain."""
    rows = [
        (
            "  " * line.depth + printable(_label(line.share)),
            humane_bytes(line.share.size_bytes),
            text_bar(_part(line.share.size_bytes, found)),
            *_numbers(line.share, found),
        )
        for line in _lines(found)
    ]
    layers = [_layer(wrote, 60) for wrote in found.by_layer]
    parts = [printable(title(found))]
    if layers and found.layer is None:
        parts.append(text_table(_LAYERS_HEADER, layers, align=_LAYERS_ALIGN))
    if rows:
        parts.append(text_table(_HEADER, rows, align=_ALIGN))
    parts.append("\n".join(filter(None, (_rest(found), COUNTED))))
    return "\n\n".join(parts)


def title(found: Usage) -> str:
    """Say what the folder holds, in a line."""
    where = found.image if found.layer is None else f"layer {found.layer} of {found.image}"
    holds = f"{humane_bytes(found.size_bytes)} in {count(found.files, 'file')}"
    return f"{found.path} in {where}: {holds}"


def printable(text: str) -> str:
    """Write characters that move a terminal's cursor, or are not seen, as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def treemap_html(found: Usage) -> Html:
    """Draw the treemap of elements with inline styles; it is as wide as there is room."""
    drawn = "".join(_tile(tile, found.size_bytes) for tile in tiles(found))
    largest = ", ".join(
        f"{child.name} {humane_bytes(child.size_bytes)}" for child in found.children[:_INNER]
    )
    alt = printable(f"Treemap of {title(found)}; largest: {largest}. The table says the same.")
    return Html(
        f'<div role="img" aria-label="{escape(alt)}" style="position:relative;'
        f"width:100%;max-width:{1.25 * WIDTH:.0f}px;height:{HEIGHT:.0f}px;overflow:hidden;"
        f'font-size:12px;line-height:16px">{drawn}</div>'
    )


def _tile(tile: Tile, whole: int) -> str:
    place = tile.place
    style = (
        f"position:absolute;left:{100 * place.x / WIDTH:.3f}%;top:{place.y:.1f}px;"
        f"width:{100 * (place.width - GAP) / WIDTH:.3f}%;height:{place.height - GAP:.1f}px;"
        f"box-sizing:border-box;overflow:hidden;border:1px solid {tile.colour};"
        f"background:{tint(tile)};border-radius:2px"
    )
    label = ""
    if tile.is_labelled:
        name = printable(tile.name) + ("/" if tile.kind == "dir" else "")
        size = f'<span style="{MUTED}">{humane_bytes(tile.size_bytes)}</span>'
        label = (
            '<div style="padding:1px 4px;white-space:nowrap;overflow:hidden;'
            f'text-overflow:ellipsis">{escape(name)}{"<br>" if tile.is_tall else " "}{size}</div>'
        )
    tip = escape(printable(words(tile, whole)))
    return f'<div title="{tip}" style="{style}">{label}</div>'


def _lines(found: Usage) -> Iterator[Line]:
    for child in _listed(found):
        yield Line(0, child)
        if child.kind == "dir" and _part(child.size_bytes, found) >= _LARGE:
            inner = found.folder(child.path).children[:_INNER]
            yield from (Line(1, each) for each in inner if each.size_bytes)


def _listed(found: Usage) -> tuple[Share, ...]:
    """Give what the table lists: the largest, and nothing without bytes if anything has some."""
    some = tuple(child for child in found.children if child.size_bytes)
    return (some or found.children)[:_MOST]


def _bar(share: Share, found: Usage, own: dict[int, str]) -> str:
    if not share.size_bytes:
        return ""
    return bar(_part(share.size_bytes, found), colour=own.get(share.layer, OTHERS))


def _part(size_bytes: int, found: Usage) -> float:
    return size_bytes / found.size_bytes if found.size_bytes else 0.0


def _named(share: Share) -> Html:
    return code(printable(_label(share)))


def _label(share: Share) -> str:
    if share.counted_at:
        return f"{share.name} = {share.counted_at}"
    return share.name + {"dir": "/", "file": ""}.get(share.kind, f" ({share.kind})")


def _numbers(share: Share, found: Usage) -> tuple[str, str, str]:
    files = humane_count(share.files) if share.kind == "dir" else ""
    return percent(share.size_bytes, found.size_bytes), files, str(share.layer)


def _layer(wrote: LayerShare, width: int) -> tuple[str, str, str]:
    told = instruction(printable(wrote.instruction), width)
    return str(wrote.layer), humane_bytes(wrote.size_bytes), told


def _legend(found: Usage) -> Html:
    shown = "".join(
        f'<span style="white-space:nowrap;margin-right:1.2em"><span aria-hidden="true" '
        f'style="display:inline-block;width:.8em;height:.8em;margin-right:.4em;border-radius:2px;'
        f'background:{colour}"></span>{escape(name)}</span>'
        for colour, name in legend(found)
    )
    return Html(f'<div style="font-size:.9em">{shown}</div>')


def _rest(found: Usage) -> str:
    if not found.children:
        return "The folder is empty."
    rest = found.children[len(_listed(found)) :]
    if not rest:
        return ""
    entries = "1 more entry" if len(rest) == 1 else f"{humane_count(len(rest))} more entries"
    return f"And {entries} with {humane_bytes(sum(child.size_bytes for child in rest))}."


register(Usage, html=usage_html, text=usage_text)
