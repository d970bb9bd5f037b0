"""Pictures as SVG, shown as an image: graphs and timelines where nothing draws them better.

JupyterLab shows the stored output of a notebook that was not run here sanitized, without SVG
elements; an `<img>` that carries its SVG with it stays, and it has an alternative text. A picture
cannot know the page's theme, so it brings a light ground of its own.
"""

from __future__ import annotations

import base64
import html

from stagelab.show.style import Html

GROUND = "#fbfbfa"
INK = "#1f2328"
FAINT = "#6a7078"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_CODE = "ui-monospace, 'DejaVu Sans Mono', Consolas, monospace"


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
        tip = f"<title>{html.escape(title)}</title>" if title else ""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'rx="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="{thick}"{dash}>'
            f"{tip}</rect>"
        )

    def line(self, points: list[tuple[float, float]], *, stroke: str = FAINT, arrow: bool = False,
             dashed: bool = False, thick: float = 1.5) -> None:  # fmt: skip
        """Draw a line through points, with an arrow's head at its end if wanted."""
        path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._path(path, stroke=stroke, arrow=arrow, dashed=dashed, thick=thick)

    def curve(self, start: tuple[float, float], end: tuple[float, float], *, stroke: str = FAINT,
              arrow: bool = False, dashed: bool = False, thick: float = 1.5) -> None:  # fmt: skip
        """Draw a curve that leaves and arrives horizontally."""
        (x1, y1), (x2, y2) = start, end
        bend = max(24.0, abs(x2 - x1) / 2)
        path = f"M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} "
        self._path(
            f"{path}{x2:.1f},{y2:.1f}", stroke=stroke, arrow=arrow, dashed=dashed, thick=thick
        )

    def text(self, x: float, y: float, words: str, *, size: float = 13, fill: str = INK,
             anchor: str = "start", bold: bool = False, code: bool = False) -> None:  # fmt: skip
        """Write words on the base line `y`; `anchor` is start, middle or end."""
        weight = ' font-weight="600"' if bold else ""
        face = f' font-family="{_CODE}"' if code else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
            f'text-anchor="{anchor}"{weight}{face}>{html.escape(words)}</text>'
        )

    def source(self) -> str:
        """Give the picture as an SVG document."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:.0f}" '
            f'height="{self.height:.0f}" viewBox="0 0 {self.width:.0f} {self.height:.0f}" '
            f'font-family="{_FONT}">'
            f'<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{FAINT}"/></marker>'
            f'</defs><rect width="100%" height="100%" rx="6" fill="{GROUND}"/>'
            f"{''.join(self._parts)}</svg>"
        )

    def html(self, alt: str) -> Html:
        """Give the picture as an image element; `alt` says in words what it shows."""
        data = base64.b64encode(self.source().encode()).decode()
        return Html(
            f'<img alt="{html.escape(alt, quote=True)}" style="max-width:100%;height:auto" '
            f'src="data:image/svg+xml;base64,{data}">'
        )

    def _path(self, path: str, *, stroke: str, arrow: bool, dashed: bool, thick: float) -> None:
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        head = ' marker-end="url(#head)"' if arrow else ""
        self._parts.append(
            f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{thick}"{dash}{head}/>'
        )
