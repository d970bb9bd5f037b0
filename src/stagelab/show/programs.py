"""How a program that Go built looks, and the prediction whether a container starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.image.gobinaries import GoBinary
from stagelab.image.start import Start
from stagelab.show.layers import paragraph
from stagelab.show.style import (
    Html,
    badge,
    card,
    clip,
    code,
    count,
    escape,
    prose,
    table,
    text_badge,
    text_table,
)
from stagelab.show.untrusted import register_untrusted

if TYPE_CHECKING:
    from stagelab.show.style import BadgeKind

_HEADER = ("What", "Found")
_SETTINGS = (
    *("CGO_ENABLED", "GOOS", "GOARCH", "-ldflags", "-trimpath", "-buildmode"),
    *("vcs.revision", "vcs.modified"),
)
_WORDS = 90
_VERDICTS: dict[str, tuple[str, BadgeKind]] = {
    "starts": ("starts", "ok"),
    "fails": ("cannot start", "bad"),
    "unknown": ("not known", "info"),
}
_NO_COMMAND: tuple[str, BadgeKind] = ("no command", "info")


def start_html(start: Start) -> Html:
    """Show whether a container starts, why, and what the engine will say."""
    parts = [Html(f"{badge(*verdict(start))} {code(command(start))}"), prose(start.why)]
    if start.expected_error:
        parts.append(Html(f"The engine will say: {code(start.expected_error)}"))
    return Html("".join(f'<div style="margin:.2em 0">{part}</div>' for part in parts))


def start_text(start: Start) -> str:
    """Show the same as plain text."""
    lines = [
        f"{text_badge(*verdict(start))} {command(start)}",
        paragraph(start.why, "  "),
    ]
    if start.expected_error:
        lines.append(f"  The engine will say: {start.expected_error}")
    return "\n".join(lines)


def verdict(start: Start) -> tuple[str, BadgeKind]:
    """Give the prediction in a word, and its mark."""
    return _VERDICTS[start.verdict] if start.argv else _NO_COMMAND


def command(start: Start) -> str:
    """Say what is started."""
    return clip(" ".join(start.argv), _WORDS) or "nothing"


def linking(binary: GoBinary) -> tuple[str, BadgeKind]:
    """Say in a word how a program is linked, and whether it can start."""
    if binary.loader is None:
        return "static", "ok"
    return ("dynamic", "info") if binary.loader_present else ("cannot start", "bad")


def binary_line(binary: GoBinary) -> str:
    """Say where a program is, what it is, and what it needs."""
    told = f"{binary.path} ({binary.module}, {binary.go_version})"
    if binary.loader is None:
        return told
    if binary.loader_present:
        return f"{told}, loaded by {binary.loader}"
    return f"{told}: its loader {binary.loader} is not here"


def binary_html(binary: GoBinary) -> Html:
    """Show what a Go program says of itself."""
    rows = [(title, badge(value, kind) if kind else value) for title, value, kind in _facts(binary)]
    return card(binary.path, table(_HEADER, rows), *map(escape, _dependencies(binary)))


def binary_text(binary: GoBinary) -> str:
    """Show the same as plain text."""
    rows = [
        (title, text_badge(value, kind) if kind else value) for title, value, kind in _facts(binary)
    ]
    return "\n\n".join(
        (binary.path, text_table(_HEADER, rows), *map(paragraph, _dependencies(binary)))
    )


def _facts(binary: GoBinary) -> list[tuple[str, str, BadgeKind | None]]:
    word, kind = linking(binary)
    needs = "" if binary.loader is None else f", needs {binary.loader}"
    absent = "" if binary.loader_present else ", which is not here"
    return [
        ("Module", f"{binary.module} {binary.module_version}".rstrip(), None),
        ("Toolchain", binary.go_version, None),
        ("Machine", binary.machine or "not known", None),
        ("Linked", f"{word}{needs}{absent}", kind),
        ("Written by layer", str(binary.layer), None),
        *(
            (name, clip(binary.settings[name], _WORDS), None)
            for name in _SETTINGS
            if name in binary.settings
        ),
    ]


def _dependencies(binary: GoBinary) -> list[str]:
    if not binary.modules:
        return ["It depends on no other module."]
    told = ", ".join(
        f"{(module.replaced_by or module).path} {(module.replaced_by or module).version}".rstrip()
        for module in binary.modules
    )
    return [f"{count(len(binary.modules), 'module')} in it: {told}"]


register_untrusted(Start, html=start_html, text=start_text)
register_untrusted(GoBinary, html=binary_html, text=binary_text)
