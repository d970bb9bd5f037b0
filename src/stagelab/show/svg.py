"""Pictures as SVG: graphs and timelines where nothing draws them better.

A picture cannot know the page's theme, so it brings a light ground of its own. Nothing in it has an
`id`: several pictures in one page must not find each other's parts.
"""

from __future__ import annotations

import html
import re
import textwrap
import unicodedata
from collections.abc import Sequence

GROUND = "#fbfbfa"
INK = "#1f2328"
FAINT = "#6a7078"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_CODE = "ui-monospace, 'DejaVu Sans Mono', Consolas, monospace"
_MARGIN = 16.0
_HEADING, _WORDS = 15.0, 12.5
_LEADING = 1.4
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEAST = 560.0  # below, sentences would be broken into too many lines
# What a character takes of the font's size, in the widest of the faces that may be found.
_WIDE, _WIDE_BOLD = 0.6, 0.7


def columns(text: str) -> int:
    """Count the columns that characters take: those of East Asian scripts take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Svg:
    """A picture under construction; lengths are in pixels, the origin is at the top left.

    Args:
        width: Of the picture.
        height: Of the picture.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self._parts: list[str] = []

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        stroke: str = "none",
        dashed: bool = False,
        thick: float = 1.5,
        radius: float = 4,
        title: str = "",
    ) -> None:
        """Draw a rectangle; `title` is what a pointer resting on it shows."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        tip = f"<title>{_safe(title)}</title>" if title else ""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'rx="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="{thick}"{dash}>'
            f"{tip}</rect>"
        )

    def line(self, points: list[tuple[float, float]], *, stroke: str = FAINT, arrow: bool = False,
             dashed: bool = False, thick: float = 1.5) -> None:  # fmt: skip
        """Draw a line through points, with the head of an arrow to the right at its end."""
        path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._path(path, stroke=stroke, dashed=dashed, thick=thick)
        if arrow:
            self._head(*points[-1], fill=stroke)

    def curve(self, start: tuple[float, float], end: tuple[float, float], *, stroke: str = FAINT,
              arrow: bool = False, dashed: bool = False, thick: float = 1.5) -> None:  # fmt: skip
        """Draw a curve that leaves and arrives horizontally."""
        (x1, y1), (x2, y2) = start, end
        bend = max(24.0, abs(x2 - x1) / 2)
        path = f"M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} "
        self._path(f"{path}{x2:.1f},{y2:.1f}", stroke=stroke, dashed=dashed, thick=thick)
        if arrow:
            self._head(x2, y2, fill=stroke)

    def text(self, x: float, y: float, words: str, *, size: float = 13, fill: str = INK,
             anchor: str = "start", bold: bool = False, code: bool = False) -> None:  # fmt: skip
        """Write words on the base line `y`; `anchor` is start, middle or end."""
        weight = ' font-weight="600"' if bold else ""
        face = f' font-family="{_CODE}"' if code else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
            f'text-anchor="{anchor}"{weight}{face}>{_safe(words)}</text>'
        )

    def document(
        self, heading: str, said: Sequence[str], notes: Sequence[str] = (), *, alt: str
    ) -> str:
        """Give the picture as an SVG document, between its heading and what is said of it.

        Args:
            heading: Stands above.
            said: Sentences that stand below, each on lines of its own.
            notes: More of them that matter less.
            alt: Says in words what the picture shows, for those who do not see it.
        """
        width = max(self.width, _LEAST)
        page = Svg(width, 0)
        top = page.write(_MARGIN, [heading], size=_HEADING, bold=True)
        below = page.write(top + self.height, said, size=_WORDS)
        height = page.write(below, notes, size=_WORDS, fill=FAINT) + _MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{_FONT}" role="img" '
            f'aria-label="{_safe(alt)}">'
            f'<rect width="100%" height="100%" rx="6" fill="{GROUND}"/>'
            f'<g transform="translate(0 {top:.1f})">{"".join(self._parts)}</g>'
            f"{''.join(page._parts)}</svg>"
        )

    def write(self, top: float, sentences: Sequence[str], *, size: float, fill: str = INK,
              bold: bool = False) -> float:  # fmt: skip
        """Write sentences below `top`, broken into lines; gives where the next may begin."""
        share = _WIDE_BOLD if bold else _WIDE
        room = int((self.width - 2 * _MARGIN) / (size * share))
        for sentence in sentences:
            wide = 2 if columns(sentence) > len(sentence) else 1
            for line in textwrap.wrap(sentence, room // wide):
                self.text(_MARGIN, top + size, line, size=size, fill=fill, bold=bold)
                top += size * _LEADING
        return top

    def _path(self, path: str, *, stroke: str, dashed: bool, thick: float) -> None:
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self._parts.append(
            f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{thick}"{dash}/>'
        )

    def _head(self, x: float, y: float, *, fill: str) -> None:
        self._parts.append(f'<path d="M{x:.1f},{y:.1f} l-9,-4.5 v9 z" fill="{fill}"/>')


def _safe(text: str) -> str:
    """Make any text safe in elements and attributes; XML has no way to write some characters."""
    return html.escape(_NOT_XML.sub("\ufffd", text), quote=True)
