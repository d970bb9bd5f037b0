"""How the warnings of a build look, while it runs and when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.show.style import Html, badge, escape, text_badge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stagelab.builds.facts import BuildWarning


def warnings_html(warnings: Iterable[BuildWarning]) -> Html:
    """Show what BuildKit's checks found, a line each, with the page that explains it."""
    return Html(
        "".join(
            f"<div>{badge('warning', 'warn')} {escape(_said(warned))}{_page(warned.url)}</div>"
            for warned in warnings
        )
    )


def warning_lines(warnings: Iterable[BuildWarning]) -> list[str]:
    """Say the same as plain text."""
    return [
        text_badge(_said(warned), "warn") + (f" ({warned.url})" if warned.url else "")
        for warned in warnings
    ]


def _said(warned: BuildWarning) -> str:
    """Give a warning in a line: "line 3: StageNameCasing: Stage names …"."""
    parts = [f"line {warned.line}" if warned.line else "", warned.rule, warned.message]
    return ": ".join(part for part in parts if part)


def _page(url: str) -> Html:
    if not url.startswith("https://"):
        return escape(f" ({url})") if url else Html("")
    return Html(f' <a href="{escape(url)}">{escape(url)}</a>')
