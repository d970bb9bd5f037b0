"""How an explained error looks: a box, and its plain text twin."""

from __future__ import annotations

import re
import textwrap

from stagelab.show.style import (
    GROUND,
    LINE,
    MUTED,
    PALETTE,
    Html,
    badge,
    count,
    escape,
    muted,
    prose,
)
from stagelab.show.trouble.facts import Section, Trouble
from stagelab.show.untrusted import printable

_HTML_LINES = 200
_TEXT_LINES = 24
_LINE_WIDTH = 1000
# Colours and other commands to a terminal, among them the links that some programs print.
_COMMANDS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
_PRE = (
    f"margin:.2em 0 0;padding:.4em .7em;max-height:18em;overflow:auto;background:{GROUND};"
    "color:inherit;border:0;border-radius:.3em;font-size:.93em;line-height:1.4;"
    "font-family:var(--jp-code-font-family,monospace);white-space:pre-wrap;overflow-wrap:anywhere"
)


def html(trouble: Trouble) -> Html:
    """Show an error as a box; a symbol and words say what the colour says."""
    edge = PALETTE["sky" if trouble.mild else "vermillion"]
    head = badge(_clean(trouble.title), "info" if trouble.mild else "bad")
    parts = [
        f'<div>{head} <span style="{MUTED}">{escape(_clean(trouble.name))}</span></div>',
        _paragraph(prose(_clean(trouble.cause))),
        _paragraph(Html(f"<b>Fix:</b> {prose(_clean(trouble.fix))}")),
        *(_paragraph(muted(_clean(place))) for place in trouble.where),
        *map(_section, trouble.sections),
    ]
    return Html(
        f'<div class="stagelab-trouble" role="alert" style="border:1px solid {LINE};border-left:'
        f"4px solid {edge};border-radius:.4em;padding:.6em .9em;margin:.3em 0;color:inherit;"
        f'max-width:72em;line-height:1.5">{"".join(parts)}</div>'
    )


def text(trouble: Trouble) -> str:
    """Tell the same as the box, as lines."""
    lines = [
        f"{trouble.title}: {trouble.name}",
        *trouble.cause.splitlines(),
        f"Fix: {trouble.fix}",
    ]
    for section in trouble.sections:
        lines += [f"{section.label}:", *_indented(section.short or section.text)]
    lines += trouble.where
    return "\n".join(_clean(line).rstrip() for line in lines)


def _paragraph(shown: Html) -> str:
    return f'<div style="margin-top:.4em;white-space:pre-line">{shown}</div>'


def _section(section: Section) -> str:
    said = escape("\n".join(_cut(section.text, _HTML_LINES)))
    label = escape(_clean(section.label))
    pre = f'<pre tabindex="0" aria-label="{label}" style="{_PRE}">{said}</pre>'
    if not section.folded:
        return f'<div style="margin-top:.5em">{muted(Html(f"{label}:"))}{pre}</div>'
    return (
        '<details style="margin-top:.5em"><summary style="cursor:pointer">'
        f"{muted(label)}</summary>{pre}</details>"
    )


def _indented(said: str) -> list[str]:
    return textwrap.indent("\n".join(_cut(said, _TEXT_LINES)), "    ").splitlines()


def _cut(said: str, most: int) -> list[str]:
    """Give the lines of a text, without its middle if there are too many."""
    lines = [_narrow(_clean(line)) for line in said.strip("\r\n").splitlines()]
    if len(lines) <= most:
        return lines
    first = most // 3
    last = most - first - 1
    left_out = f"… ({count(len(lines) - first - last, 'line')} left out)"
    return [*lines[:first], left_out, *lines[-last:]]


def _narrow(line: str) -> str:
    if len(line) <= _LINE_WIDTH:
        return line.rstrip()
    half = _LINE_WIDTH // 2
    return f"{line[:half]} … {line[-half:]}"


def _clean(said: str) -> str:
    """Take out what commands a terminal or turns the direction of writing."""
    return printable(_COMMANDS.sub("", said).expandtabs(4))
