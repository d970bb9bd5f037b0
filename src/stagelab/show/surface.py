"""How an attack surface looks: each kind of finding, where it comes from, and what removes it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from stagelab.image.surface import Surface
from stagelab.metrics import GROUPS, said_user
from stagelab.show.layers import breakable, brought, paragraph
from stagelab.show.style import (
    LINE,
    Html,
    badge,
    card,
    count,
    escape,
    humane_count,
    muted,
    prose,
    table,
    text_badge,
    text_table,
)
from stagelab.show.untrusted import register_untrusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.image.finding import Finding
    from stagelab.image.surface_words import FindingKind
    from stagelab.show.style import BadgeKind

TITLES: dict[FindingKind, str] = {
    "shell": "Shells",
    "package manager": "Package managers",
    "compiler": "Compilers",
    "interpreter": "Interpreters",
    "network tool": "Network tools",
    "setuid": "Setuid programs",
    "setgid": "Setgid programs",
    "world-writable": "World-writable paths",
    "capability": "File capabilities",
    "root user": "Runs as root",
    "unknown user": "Unknown user",
    "port": "Ports",
    "shell form": "Shell form",
}
FILES: tuple[FindingKind, ...] = (
    "shell",
    "package manager",
    "compiler",
    "interpreter",
    "network tool",
    "setuid",
    "setgid",
    "world-writable",
    "capability",
)
"""Kinds that are found in files; an image had better have none."""

MEANING = GROUPS["Attack surface"]
_MANY = 60
_HEADER = ("What", "Found")
_FORMS = {
    "exec": "exec form: the program is started itself",
    "shell": "shell form: a shell starts the program",
    "none": "neither ENTRYPOINT nor CMD",
}


def surface_html(surface: Surface) -> Html:
    """Show the surface: the settings, then each finding with its layer and its remedy."""
    facts = [
        (title, Html(f"{badge(word, kind) if kind else ''} {escape(more)}"))
        for title, word, more, kind in _facts(surface)
    ]
    return card(
        _title(surface), table(_HEADER, facts), findings_html(surface, _MANY), muted(MEANING)
    )


def surface_text(surface: Surface) -> str:
    """Show the same as plain text."""
    facts = [
        (title, f"{text_badge(word, kind) if kind else ''} {more}".strip())
        for title, word, more, kind in _facts(surface)
    ]
    parts = (
        _title(surface),
        text_table(_HEADER, facts),
        findings_text(surface, _MANY),
        paragraph(MEANING),
    )
    return "\n\n".join(filter(None, parts))


def findings_html(surface: Surface, most: int) -> Html:
    """Show findings by kind, of each kind `most` at most, by the layer that brought them."""
    parts = []
    for kind, findings in _by_kind(surface):
        why, remedy = findings[0].why, findings[0].remedy
        places = "".join(
            f"<li>{breakable(names)} {muted(breakable(origin))}</li>"
            for names, origin in _places(findings, most)
        )
        parts.append(
            f'<div style="margin:.5em 0;padding-left:.7em;border-left:3px solid {LINE}">'
            f"<div><b>{escape(_heading(kind, findings))}</b></div>"
            f'<ul style="margin:.1em 0;padding-left:1.2em">{places}</ul>'
            f"<div>{escape(why)} {_remedy_html(remedy)}</div></div>"
        )
    return Html("".join(parts))


def findings_text(surface: Surface, most: int) -> str:
    """Show the same as plain text."""
    lines = []
    for kind, findings in _by_kind(surface):
        lines.append(_heading(kind, findings))
        lines += [
            paragraph(f"· {names} {origin}", "  ") for names, origin in _places(findings, most)
        ]
        lines += [
            paragraph(findings[0].why, "    "),
            paragraph(f"Remedy: {findings[0].remedy}", "    "),
        ]
    return "\n".join(lines)


def named(findings: Sequence[Finding], most: int) -> str:
    """Name the first findings, and count the rest: "/usr/bin/dash, /usr/bin/bash and 2 more"."""
    rest = len(findings) - most
    more = f" and {humane_count(rest)} more" if rest > 0 else ""
    return ", ".join(finding.path for finding in findings[:most]) + more


def _remedy_html(remedy: str) -> Html:
    return Html(f"<b>Remedy:</b> {prose(remedy)}")


def _title(surface: Surface) -> str:
    return f"Attack surface: {count(len(surface.findings), 'finding')}"


def _heading(kind: FindingKind, findings: Sequence[Finding]) -> str:
    return f"{TITLES[kind]}: {humane_count(len(findings))}"


def _facts(surface: Surface) -> list[tuple[str, str, str, BadgeKind | None]]:
    """Give each setting's title, the word that is marked and its mark, and what else there is."""
    user = surface.user
    check = surface.healthcheck
    group = user.group or ("" if user.group_number is None else str(user.group_number))
    mark: BadgeKind = "bad" if user.problem else "warn" if user.root else "ok"
    facts: list[tuple[str, str, str, BadgeKind | None]] = [
        ("User", said_user(user), user.problem or f"in group {group}", mark),
        ("Entry", "", _FORMS[surface.entrypoint_form], None),
        ("Ports", "", ", ".join(surface.ports) or "none", None),
        ("Health check", "", " ".join(check) if check else "none", None),
    ]
    clear = [TITLES[kind].lower() for kind in FILES if not surface.of(kind)]
    return [*facts, ("Not found", "none", ", ".join(clear), "ok")] if clear else facts


def _by_kind(surface: Surface) -> list[tuple[FindingKind, tuple[Finding, ...]]]:
    return [(kind, surface.of(kind)) for kind in TITLES if surface.of(kind)]


def _places(findings: Sequence[Finding], most: int) -> list[tuple[str, str]]:
    """Name what is found, layer by layer, each time with the layer and its instruction."""
    shown = sorted(
        findings[:most], key=lambda finding: -1 if finding.layer is None else finding.layer
    )
    places = [
        (", ".join(filter(None, map(_name, group))), _origin(layer, instruction))
        for (layer, instruction), group in groupby(shown, lambda at: (at.layer, at.instruction))
    ]
    rest = len(findings) - most
    return [*places, (f"and {humane_count(rest)} more", "")] if rest > 0 else places


def _origin(layer: int | None, instruction: str) -> str:
    if layer is None:
        return "(no instruction sets one)"
    return f"from {brought(layer, instruction)}"


def _name(finding: Finding) -> str:
    if finding.path and finding.detail:
        return f"{finding.path} ({finding.detail})"
    return finding.path or finding.detail


register_untrusted(Surface, html=surface_html, text=surface_text)
