"""What the rows of x-rays and comparisons mean, told beneath them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.metrics import GROUPS
from stagelab.show.layers import paragraph
from stagelab.show.style import Html, escape, muted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stagelab.metrics import Group


def meanings_html(groups: Iterable[Group]) -> Html:
    """Tell what the rows of these groups say, folded."""
    told = "".join(
        f"<div><b>{escape(group)}.</b> {escape(GROUPS[group])}</div>" for group in groups
    )
    folded = Html(
        '<details><summary style="cursor:pointer">What the rows say, exactly</summary>'
        f'<div style="font-size:.9em">{told}</div></details>'
    )
    return muted(folded)


def meanings_text(groups: Iterable[Group]) -> str:
    """Tell the same as plain text."""
    return "\n".join(paragraph(f"{group}. {GROUPS[group]}") for group in groups)
