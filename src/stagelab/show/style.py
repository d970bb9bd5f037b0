"""How every fact looks: humane units, tables, badges, bars, in HTML and as plain text.

Inline styles only, because a notebook's output may not bring a style sheet that touches the page.
Text takes the colour of its surroundings, lines and grounds are translucent grey: right in the
light and the dark theme, in exports and on web pages without asking which of them it is.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BadgeKind = Literal["ok", "bad", "warn", "info"]

# Okabe and Ito's palette: told apart by people with any of the usual colour vision deficiencies,
# and each at least 3:1 against white and against near-black.
PALETTE = {
    "blue": "#0072B2",
    "sky": "#3A96C8",
    "green": "#009E73",
    "orange": "#C77F00",
    "vermillion": "#D55E00",
    "purple": "#B8659A",
    "grey": "#808080",
}

MUTED = "opacity:.72"
LINE = "rgba(128,128,128,.4)"
GROUND = "rgba(128,128,128,.1)"

_BADGES: dict[BadgeKind, tuple[str, str, str]] = {
    "ok": ("✓", PALETTE["green"], "rgba(0,158,115,.16)"),
    "bad": ("✗", PALETTE["vermillion"], "rgba(213,94,0,.16)"),
    "warn": ("!", PALETTE["orange"], "rgba(199,127,0,.16)"),
    "info": ("i", PALETTE["sky"], "rgba(58,150,200,.16)"),
}
# Numbers stay on one line.
_TURNS = {"l": "left", "r": "right;white-space:nowrap", "c": "center"}
_EIGHTHS = " ▏▎▍▌▋▊▉"
_KILO = 1000.0
_MINUTE = 60
_HOUR = 3600


class Html(str):
    """Text that is HTML already; anything else is escaped before it is shown."""

    __slots__ = ()


def escape(text: object) -> Html:
    """Make any text safe inside HTML elements and quoted attributes; `Html` passes unchanged."""
    return text if isinstance(text, Html) else Html(html.escape(str(text), quote=True))


def humane_bytes(count: float) -> str:
    """Give bytes in SI units to three significant digits: "812 MB", "11.4 MB", "1.2 kB", "0 B"."""
    sign, size = ("-", -count) if count < 0 else ("", float(count))
    shown = f"{size:.0f}"
    for unit in ("B", "kB", "MB", "GB"):
        if float(shown) < _KILO:
            return f"{sign}{shown} {unit}"
        size /= _KILO
        shown = _three_digits(size)
    return f"{sign}{shown} TB"


def humane_seconds(seconds: float) -> str:
    """Give a duration as one reads it: "30 ms", "1.2 s", "45 s", "2 min 5 s", "1 h 2 min"."""
    if seconds < 1:
        milliseconds = round(seconds * 1000)
        if milliseconds < _KILO:
            return f"{milliseconds} ms"
    if round(seconds, 1) < 10:  # noqa: PLR2004 - below ten seconds a tenth still says something
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    minutes = round(seconds / _MINUTE)
    return f"{minutes // _MINUTE} h {minutes % _MINUTE} min"


def humane_count(count: int) -> str:
    """Give a whole number with thin groups of three: "27,114"."""
    return f"{count:,}"


def count(number: int, noun: str) -> str:
    """Give a number with its noun: "1 step", "4 steps"."""
    return f"{humane_count(number)} {noun}{'' if number == 1 else 's'}"


def humane_factor(factor: float) -> str:
    """Give a ratio to three significant digits or whole: "1,392x", "71.2x", "1.4x", "1x"."""
    if factor == float("inf"):
        return "∞"
    return f"{humane_count(round(factor))}x" if factor >= _KILO else f"{_three_digits(factor)}x"


def clip(text: str, width: int) -> str:
    """Shorten text to `width` characters; an ellipsis says that there was more."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def badge(text: str, kind: BadgeKind) -> Html:
    """Mark a word as ok, bad, warn or info: by a symbol and the word, colour only helps."""
    symbol, edge, ground = _BADGES[kind]
    return Html(
        f'<span style="display:inline-block;padding:0 .5em;border-radius:.3em;white-space:nowrap;'
        f'border:1px solid {edge};background:{ground}">'
        f"<b>{symbol}</b>&nbsp;{escape(text)}</span>"
    )


def text_badge(text: str, kind: BadgeKind) -> str:
    """Give the plain text twin of `badge`: "✓ text"."""
    return f"{_BADGES[kind][0]} {text}"


def code(text: str) -> Html:
    """Show a path, a command or an instruction in the fixed-width face."""
    return Html(
        '<code style="font-family:var(--jp-code-font-family,monospace);background:none;padding:0;'
        f'color:inherit;white-space:pre-wrap;overflow-wrap:anywhere">{escape(text)}</code>'
    )


def prose(text: str) -> Html:
    """Show a sentence in which `backticks` mark what one types."""
    parts = [code(part) if n % 2 else escape(part) for n, part in enumerate(text.split("`"))]
    return Html("".join(parts))


def muted(text: object) -> Html:
    """Show text that matters less."""
    return Html(f'<span style="{MUTED}">{escape(text)}</span>')


def bar(share: float, *, colour: str = PALETTE["sky"], width: str = "7em") -> Html:
    """Draw a share of 0 to 1 as a bar; the number itself must stand beside it."""
    percent = 100 * min(max(share, 0.0), 1.0)
    return Html(
        f'<span aria-hidden="true" style="display:inline-block;width:{width};height:.7em;'
        f'background:{GROUND};border-radius:.15em;overflow:hidden;text-align:left">'
        f'<span style="display:block;min-width:2px;width:{percent:.1f}%;height:100%;'
        f'background:{colour}">'
        "</span></span>"
    )


def text_bar(share: float, width: int = 12) -> str:
    """Draw a share of 0 to 1 as a bar of block characters, padded to `width`."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def table(
    header: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    align: str = "",
    caption: str = "",
) -> Html:
    """Lay out rows as an HTML table.

    Args:
        header: One cell a column.
        rows: Cells; strings are escaped, `Html` is taken as it is.
        align: One letter a column, of l, r and c; missing letters mean l.
        caption: A line above the table that says what it shows.
    """
    turns = [_TURNS[letter] for letter in align.ljust(len(header), "l")]
    base = f"padding:.25em .7em;vertical-align:top;border-bottom:1px solid {LINE};"
    head = "".join(
        f'<th scope="col" style="{base}text-align:{turn};font-weight:600">{escape(cell)}</th>'
        for cell, turn in zip(header, turns, strict=True)
    )
    body = "".join(
        "<tr style='background:none'>"
        + "".join(
            f'<td style="{base}text-align:{turn};font-variant-numeric:tabular-nums">'
            f"{escape(cell)}</td>"
            for cell, turn in zip(row, turns, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    title = (
        '<caption style="caption-side:top;text-align:left;padding:.3em .7em;color:inherit;'
        f'{MUTED}">{escape(caption)}</caption>'
        if caption
        else ""
    )
    return Html(
        '<table style="border-collapse:collapse;color:inherit;font-size:inherit;margin:.3em 0">'
        f"{title}<thead><tr style='background:none'>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def text_table(
    header: Sequence[object], rows: Iterable[Sequence[object]], *, align: str = ""
) -> str:
    """Lay out rows as plain text: columns two spaces apart, a rule below the header."""
    cells = [[str(cell) for cell in row] for row in rows]
    titles = [str(cell) for cell in header]
    widths = [max(len(row[n]) for row in [titles, *cells]) for n in range(len(titles))]
    letters = align.ljust(len(titles), "l")
    place = {"l": str.ljust, "r": str.rjust, "c": str.center}

    def line(row: Sequence[str]) -> str:
        laid = (place[a](cell, w) for cell, w, a in zip(row, widths, letters, strict=True))
        return "  ".join(laid).rstrip()

    rule = "  ".join("─" * width for width in widths)
    return "\n".join([line(titles), rule, *map(line, cells)])


def card(title: object, *parts: object) -> Html:
    """Frame parts below a title: the outermost element of a fact's HTML."""
    body = "".join(f'<div style="margin-top:.4em">{escape(part)}</div>' for part in parts)
    return Html(
        f'<div style="border:1px solid {LINE};border-radius:.4em;padding:.6em .9em;margin:.3em 0;'
        'color:inherit;max-width:72em;overflow-x:auto">'
        f'<div style="font-weight:600">{escape(title)}</div>{body}</div>'
    )


def _three_digits(value: float) -> str:
    decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2  # noqa: PLR2004 - rounding edges
    shown = f"{value:.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if decimals else shown
