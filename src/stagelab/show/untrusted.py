"""Views of what strangers wrote: names and texts from an image reach neither terminal nor page raw.

A file's name may hold whatever its author likes: sequences that a terminal obeys, or marks that
turn the direction of writing, so that a name reads as another one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from stagelab._render import register

if TYPE_CHECKING:
    from collections.abc import Callable

_Fact = TypeVar("_Fact")

# Control characters but the line feed, lone surrogates, and the marks that embed, override or
# isolate a direction (Unicode Standard Annex 9).
_COMMANDS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Put "\N{REPLACEMENT CHARACTER}" in place of each character that commands instead of shows."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


def register_untrusted(
    kind: type[_Fact], *, html: Callable[[_Fact], str], text: Callable[[_Fact], str]
) -> None:
    """Register renderers of a fact that holds texts of strangers."""
    register(
        kind,
        html=lambda fact: printable(html(fact)),
        text=lambda fact: printable(text(fact)),
    )
