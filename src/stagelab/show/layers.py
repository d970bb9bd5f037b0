"""How the layers of an image look, and what a layer did to a file."""

from __future__ import annotations

import re
import textwrap
from itertools import accumulate
from typing import TYPE_CHECKING

from stagelab.image.facts import Change, Layer, Layers
from stagelab.show.style import (
    Html,
    bar,
    card,
    clip,
    code,
    count,
    escape,
    humane_bytes,
    humane_count,
    table,
    text_bar,
    text_table,
)
from stagelab.show.untrusted import register_untrusted

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADER = ("#", "Instruction", "Size", "", "Added", "Changed", "Removed", "Sum so far")
_ALIGN = "rlrlrrrr"
_WIDTH = 100
_MARKS = re.compile(r"((?:[/:=]|,(?!\d))(?=\w))")
_UNTOLD = "(no instruction recorded)"


def layers_html(layers: Sequence[Layer]) -> Html:
    """Show layers as a table, with the sum so far."""
    whole = max((layer.size_bytes for layer in layers), default=0) or 1
    rows = [
        (
            layer.index,
            code(breakable(instruction(layer.instruction, 110))),
            *_numbers(layer, bar(layer.size_bytes / whole, width="4em")),
            humane_bytes(total),
        )
        for layer, total in _running(layers)
    ]
    return table(_HEADER, rows, align=_ALIGN, caption="Layers, oldest first")


def layers_text(layers: Sequence[Layer]) -> str:
    """Show the same as plain text."""
    whole = max((layer.size_bytes for layer in layers), default=0) or 1
    rows = [
        (
            layer.index,
            instruction(layer.instruction, 60),
            *_numbers(layer, text_bar(layer.size_bytes / whole, 8)),
            humane_bytes(total),
        )
        for layer, total in _running(layers)
    ]
    return text_table(_HEADER, rows, align=_ALIGN)


def _card(layers: Layers) -> Html:
    return card(count(sum(not layer.empty for layer in layers), "layer"), layers_html(layers))


def instruction(text: str, width: int) -> str:
    """Shorten an instruction to `width` letters."""
    return clip(text, width) or _UNTOLD


def brought(layer: int | None, text: str, width: int = 80) -> str:
    """Say which layer something comes from: "layer 2, RUN apt-get install gcc"."""
    return "no known instruction" if layer is None else f"layer {layer}, {instruction(text, width)}"


def breakable(text: str) -> Html:
    """Let a long path, reference or list break into lines at its marks.

    `overflow-wrap:anywhere` does not survive the sanitizer of stored outputs; `<wbr>` does.
    """
    return Html(_MARKS.sub(r"\1<wbr/>", escape(text)))


def paragraph(text: str, indent: str = "") -> str:
    """Break a sentence into lines as a terminal shows them; words stay whole."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def change_text(change: Change) -> str:
    """Say in a line what a layer did to a path."""
    size = "" if change.what == "removed" else f" ({humane_bytes(change.size_bytes)})"
    return f"layer {change.layer} {change.what} it{size}: {instruction(change.instruction, 80)}"


def layer_text(layer: Layer) -> str:
    """Say in a line what an instruction added."""
    told = f"{layer.index}: {instruction(layer.instruction, 80)}"
    if layer.empty:
        return f"{told} · no layer"
    counts = f"{layer.added} added, {layer.changed} changed, {layer.removed} removed"
    return f"{told} · {humane_bytes(layer.size_bytes)} · files: {counts}"


def _numbers(layer: Layer, drawn: str) -> Sequence[str]:
    if layer.empty:
        return ("no layer", "", "", "", "")
    counts = (layer.added, layer.changed, layer.removed)
    return (humane_bytes(layer.size_bytes), drawn, *(humane_count(n) if n else "" for n in counts))


def _running(layers: Sequence[Layer]) -> list[tuple[Layer, int]]:
    sums = accumulate(layer.size_bytes for layer in layers)
    return list(zip(layers, sums, strict=True))


register_untrusted(Layers, html=_card, text=layers_text)
register_untrusted(Layer, html=lambda layer: code(layer_text(layer)), text=layer_text)
register_untrusted(Change, html=lambda change: code(change_text(change)), text=change_text)
