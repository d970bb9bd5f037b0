"""How a linter's findings look: each one at its line of the Dockerfile."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from stagelab._render import register
from stagelab.builds.lint import Finding, Level, Lint
from stagelab.show.style import (
    GROUND,
    PALETTE,
    BadgeKind,
    Html,
    badge,
    card,
    code,
    count,
    escape,
    muted,
    prose,
    text_badge,
)

_WHOLE = 12  # lines: a Dockerfile up to this long is shown whole
_AROUND = 2  # lines: of a longer one, so many before and after each finding
_KINDS: dict[Level, tuple[BadgeKind, str]] = {
    "error": ("bad", PALETTE["vermillion"]),
    "warning": ("warn", PALETTE["orange"]),
    "info": ("info", PALETTE["sky"]),
    "style": ("info", PALETTE["sky"]),
}
_PLURALS: dict[Level, bool] = {"error": True, "warning": True, "info": False, "style": False}
_ROW = "display:flex;gap:.8em;padding:.05em .4em;border-left:3px solid "
_APART = "margin-top:2px;"  # tells two neighbouring lines with findings from each other
_NUMBER = (
    "flex:0 0 2.2em;text-align:right;font-variant-numeric:tabular-nums;user-select:none;"
    "font-family:var(--jp-code-font-family,monospace)"
)
_REST = "flex:1 1 auto;min-width:0"


def _html(lint: Lint) -> Html:
    if not lint.linted:
        return card(Html(f"{badge('not linted', 'info')} {escape(_title(lint))}"), *_excuse(lint))
    if lint.clean:
        return Html(f"<div>{muted(f'✓ {_nothing(lint)}')}</div>")
    rows = "".join(
        _gap_html(row) if isinstance(row, range) else _line_html(lint, row) for row in _rows(lint)
    )
    return card(
        Html(f"{escape(_title(lint))} {muted(_counts(lint))}"),
        Html(f'<div style="font-size:.95em">{rows}</div>'),
    )


def _text(lint: Lint) -> str:
    if not lint.linted:
        parts = [lint.cause, lint.fix, *(f"    {line}" for line in lint.detail.splitlines())]
        return "\n".join(
            [f"{text_badge('not linted', 'info')} {_title(lint)}", *filter(None, parts)]
        )
    if lint.clean:
        return f"✓ {_nothing(lint)}"
    shown = [f"{_title(lint)} {_counts(lint)}"]
    for row in _rows(lint):
        if isinstance(row, range):
            shown.append(f"{'⋯':>5}   {count(len(row), 'line')}")
            continue
        shown.append(f"{row:>5} │ {_lines(lint)[row - 1]}".rstrip())
        shown += [part for finding in _at(lint, row) for part in _said(finding)]
    return "\n".join(shown)


def _title(lint: Lint) -> str:
    return f"{lint.tool} {lint.version}".rstrip()


def _nothing(lint: Lint) -> str:
    return f"{_title(lint)} finds nothing in this Dockerfile."


def _counts(lint: Lint) -> str:
    """Count the findings: "· 1 error, 2 warnings, 1 info"."""
    said = []
    for level, plural in _PLURALS.items():
        number = sum(finding.level == level for finding in lint.findings)
        if number:
            said.append(count(number, level) if plural else f"{number} {level}")
    return f"· {', '.join(said)}"


def _excuse(lint: Lint) -> Iterator[Html]:
    yield prose(lint.cause)
    yield prose(lint.fix)
    if lint.detail:
        yield code(lint.detail)


def _lines(lint: Lint) -> list[str]:
    return [line.rstrip("\r") for line in lint.dockerfile.removesuffix("\n").split("\n")]


def _at(lint: Lint, line: int) -> list[Finding]:
    return [finding for finding in lint.findings if finding.line == line]


def _rows(lint: Lint) -> Iterator[int | range]:
    """Give the numbers of the lines to show, and the ranges of those that are left out."""
    total = len(_lines(lint))
    places = [finding.line for finding in lint.findings]
    near = {place + step for place in places for step in range(-_AROUND, _AROUND + 1)}
    for shown, group in groupby(range(1, total + 1), lambda n: total <= _WHOLE or n in near):
        numbers = list(group)
        if shown or len(numbers) == 1:  # a gap of one line takes a line itself
            yield from numbers
        else:
            yield range(numbers[0], numbers[-1] + 1)


def _line_html(lint: Lint, number: int) -> str:
    findings = _at(lint, number)
    edge = _KINDS[findings[0].level][1] if findings else "transparent"
    ground = f";background:{GROUND}" if findings else ""
    weight = ";font-weight:700" if findings else ";opacity:.72"
    text = _lines(lint)[number - 1] or "\u00a0"
    row = (
        f'<div style="{_APART}{_ROW}{edge}{ground}"><span style="{_NUMBER}{weight}">{number}</span>'
        f'<span style="{_REST}">{code(text)}</span></div>'
    )
    return row + "".join(_finding_html(finding, edge) for finding in findings)


def _finding_html(finding: Finding, edge: str) -> str:
    rule = escape(finding.rule)
    if finding.url:
        rule = Html(
            f'<a href="{escape(finding.url)}" target="_blank" rel="noopener noreferrer" '
            f'title="What rule {rule} is about">{rule}</a>'
        )
    return (
        f'<div style="{_ROW}{edge};background:{GROUND}"><span style="{_NUMBER}"></span>'
        f'<span style="{_REST};padding:.1em 0 .3em">'
        f"{badge(finding.level, _KINDS[finding.level][0])} {rule} {prose(finding.message)}"
        "</span></div>"
    )


def _gap_html(gap: range) -> str:
    return (
        f'<div style="{_ROW}transparent"><span aria-hidden="true" style="{_NUMBER};opacity:.72">⋯'
        f"</span>{muted(count(len(gap), 'line'))}</div>"
    )


def _said(finding: Finding) -> Iterator[str]:
    word = text_badge(finding.level, _KINDS[finding.level][0])
    yield f"      ╰ {word} {finding.rule}: {finding.message}"
    if finding.url:
        yield f"          {finding.url}"


register(Lint, html=_html, text=_text)
