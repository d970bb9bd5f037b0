"""How secrets look: where each one is, and never what it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stagelab.image.secrets import Secret, Secrets
from stagelab.metrics import GROUPS
from stagelab.show.layers import breakable, brought, paragraph
from stagelab.show.style import (
    PALETTE,
    Html,
    badge,
    card,
    count,
    escape,
    humane_count,
    muted,
    prose,
    text_badge,
)
from stagelab.show.untrusted import register_untrusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.image.secrets import Where

MEANING = GROUPS["Secrets and fixes"].partition(" Fixes:")[0]
_MANY = 50
_NAMED = 10
_PLACES: dict[Where, str] = {
    "layer": "file",
    "env": "variable",
    "label": "label",
    "history": "history",
    "command": "command",
}


def secrets_html(secrets: Secrets) -> Html:
    """Show each secret with its layer and its remedy; known public ones are folded."""
    return card(title(secrets), found_html(secrets, _MANY), muted(MEANING))


def secrets_text(secrets: Secrets) -> str:
    """Show the same as plain text."""
    return "\n\n".join(
        filter(None, (title(secrets), found_text(secrets, _MANY), paragraph(MEANING)))
    )


def title(secrets: Secrets) -> str:
    """Count the secrets."""
    if not secrets.found:
        return "No secrets found"
    return (
        f"{count(len(secrets.found), 'secret')} found: replace each, whoever has the image has it"
    )


def found_html(secrets: Secrets, most: int) -> Html:
    """Show the secrets, `most` at most, and folded those that are known to be public."""
    parts = [
        '<div style="margin:.5em 0;padding-left:.7em;border-left:3px solid '
        f'{PALETTE["vermillion"]}"><div><b>✗ {escape(secret.title)}</b> · '
        f"{breakable(place(secret))}</div>"
        f"<div>{prose(secret.why)} <b>Remedy:</b> {prose(secret.remedy)}</div></div>"
        for secret in secrets.found[:most]
    ]
    rest = len(secrets.found) - most
    if rest > 0:
        parts.append(f"<div>and {humane_count(rest)} more</div>")
    if secrets.unsearched:
        parts.append(f"<div>{badge('incomplete', 'warn')} {escape(_unsearched(secrets))}</div>")
    if secrets.allowed:
        items = "".join(f"<li>{breakable(line)}</li>" for line in _allowed(secrets))
        parts.append(
            f'<details><summary style="cursor:pointer">{escape(_allowed_title(secrets))}'
            f'</summary><ul style="margin:.2em 0;padding-left:1.6em">{items}</ul></details>'
        )
    return Html("".join(parts))


def found_text(secrets: Secrets, most: int) -> str:
    """Show the same as plain text."""
    lines = []
    for secret in secrets.found[:most]:
        lines.append(paragraph(f"{text_badge(secret.title, 'bad')} · {place(secret)}"))
        lines += [
            paragraph(secret.why.replace("`", ""), "    "),
            paragraph(f"Remedy: {secret.remedy}".replace("`", ""), "    "),
        ]
    rest = len(secrets.found) - most
    if rest > 0:
        lines.append(f"and {humane_count(rest)} more")
    if secrets.unsearched:
        lines.append(paragraph(f"{text_badge('incomplete', 'warn')} {_unsearched(secrets)}"))
    if secrets.allowed:
        lines.append(_allowed_title(secrets))
        lines += [paragraph(f"· {line}", "  ") for line in _allowed(secrets)]
    return "\n".join(lines)


def place(secret: Secret) -> str:
    """Say where a secret is, and whether a container still sees it."""
    where = f"{_PLACES[secret.where]} {secret.path}".strip()
    if secret.offset is not None:
        where += f" at byte {humane_count(secret.offset)}"
    if secret.more:
        where += f" and {count(secret.more, 'more place')} in it"
    where += f", {brought(secret.layer, secret.instruction)}"
    if not secret.visible:
        hider = "a later layer" if secret.hidden_by is None else f"layer {secret.hidden_by}"
        where += f"; {hider} hides it, but it is still in the image"
    return where


def _unsearched(secrets: Secrets) -> str:
    named = ", ".join(secrets.unsearched[:_NAMED])
    rest = len(secrets.unsearched) - _NAMED
    more = f" and {humane_count(rest)} more" if rest > 0 else ""
    return f"Not searched to the end, as there is too much in it: {named}{more}"


def _allowed_title(secrets: Secrets) -> str:
    return f"{count(len(secrets.allowed), 'look-alike')}, known to be public and not counted"


def _allowed(secrets: Secrets) -> Sequence[str]:
    """Say why what was found is no secret, reason by reason."""
    reasons = Counter(secret.allowed for secret in secrets.allowed)
    lines = []
    for reason, number in reasons.most_common():
        paths = [secret.path for secret in secrets.allowed if secret.allowed == reason]
        more = f" and {number - 3} more" if number > 3 else ""  # noqa: PLR2004 - as shown
        lines.append(f"{', '.join(paths[:3])}{more}: {reason}")
    return lines


register_untrusted(Secrets, html=secrets_html, text=secrets_text)
register_untrusted(
    Secret,
    html=lambda secret: found_html(Secrets((secret,), ()), 1),
    text=lambda secret: found_text(Secrets((secret,), ()), 1),
)
