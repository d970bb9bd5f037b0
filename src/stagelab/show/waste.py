"""How the waste of an image looks: the worst hidden files, and the numbers of dive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.image.waste import Waste
from stagelab.show.layers import breakable, paragraph
from stagelab.show.style import card, code, count, humane_bytes, muted, table, text_table
from stagelab.show.untrusted import register_untrusted

if TYPE_CHECKING:
    from stagelab.show.style import Html

_WORST = 10
_HEADER = ("Hidden file", "Size", "Written by layer", "Hidden by layer", "How")
_ALIGN = "lrrrl"


def waste_html(waste: Waste) -> Html:
    """Show the largest hidden files."""
    rows = [(code(breakable(path)), *rest) for path, *rest in _rows(waste)]
    parts = [table(_HEADER, rows, align=_ALIGN)] if rows else []
    return card(_title(waste), *parts, *map(muted, filter(None, (_rest(waste), as_dive(waste)))))


def waste_text(waste: Waste) -> str:
    """Show the same as plain text."""
    rows = _rows(waste)
    parts = [text_table(_HEADER, rows, align=_ALIGN)] if rows else []
    return "\n\n".join(
        filter(None, (_title(waste), *parts, _rest(waste), paragraph(as_dive(waste))))
    )


def as_dive(waste: Waste) -> str:
    """Tell dive's numbers, and how they differ from reclaimable bytes."""
    share = (
        f" ({100 * waste.wasted_share:.1f} % of the {humane_bytes(waste.user_bytes)} above the "
        "first layer)"
        if waste.user_bytes
        else ""
    )
    return (
        f"By dive's definitions: efficiency {100 * waste.efficiency:.1f} %, "
        f"{humane_bytes(waste.wasted_bytes)} wasted{share}. They count every copy of a file that "
        "several layers have, the one in use too, and nothing of a removed folder; reclaimable is "
        "just what a container does not see."
    )


def _title(waste: Waste) -> str:
    if not waste.reclaimable_bytes:
        return "Nothing is reclaimable: no layer hides bytes of another"
    hidden = humane_bytes(waste.reclaimable_bytes)
    return f"{hidden} reclaimable: in the image, but hidden from every container"


def _rows(waste: Waste) -> list[tuple[str, str, int, int, str]]:
    return [
        (item.path, humane_bytes(item.size_bytes), item.wrote, item.hidden_by, item.how)
        for item in waste.worst[:_WORST]
    ]


def _rest(waste: Waste) -> str:
    rest = waste.worst[_WORST:]
    if not rest:
        return ""
    size = humane_bytes(sum(item.size_bytes for item in rest))
    return f"and {count(len(rest), 'more file')} with {size}"


register_untrusted(Waste, html=waste_html, text=waste_text)
