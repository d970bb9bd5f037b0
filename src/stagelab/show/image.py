"""How an x-ray looks: the facts by groups, what was found with its remedy, then the layers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from stagelab.image.facts import Packages, XRay
from stagelab.metrics import GROUPS, said_user
from stagelab.show.fixes import title as fixes_title
from stagelab.show.layers import breakable, layers_html, layers_text
from stagelab.show.meanings import meanings_html, meanings_text
from stagelab.show.programs import (
    binary_line,
    command,
    linking,
    start_html,
    start_text,
    verdict,
)
from stagelab.show.secrets import found_html, found_text
from stagelab.show.style import (
    GROUND,
    LINE,
    PALETTE,
    Html,
    badge,
    card,
    clip,
    count,
    escape,
    humane_bytes,
    humane_count,
    muted,
    table,
    text_badge,
    text_table,
)
from stagelab.show.surface import FILES, TITLES, findings_html, findings_text, named
from stagelab.show.untrusted import register_untrusted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.surface_words import FindingKind
    from stagelab.metrics import Group
    from stagelab.show.style import BadgeKind

_FEW = 4
_SOME = 8
_WORDS = 90
_HEADER = ("What", "Found", "")
_PACKAGES_HEADER = ("Package", "Version", "Known to")
_ALARM = f'<div style="border-left:3px solid {PALETTE["vermillion"]};padding-left:.7em">{{}}</div>'
_CELL = f"padding:.2em .7em;vertical-align:top;text-align:left;border-bottom:1px solid {LINE};"


class Line(NamedTuple):
    """A fact's title, its value, what more there is to say, and a mark if it is good or bad."""

    title: str
    value: str
    more: str = ""
    kind: BadgeKind | None = None


def xray_html(seen: XRay) -> Html:
    """Show an x-ray as one card."""
    facts = "".join(
        f'<tr style="background:{GROUND}"><th scope="rowgroup" colspan="3" '
        f'title="{escape(GROUPS[group])}" style="{_CELL}font-weight:600">{escape(group)}</th></tr>'
        + "".join(map(_line_html, members))
        for group, members in lines(seen).items()
    )
    findings = (
        f'<details><summary style="cursor:pointer">{escape(_findings_title(seen))}</summary>'
        f"{findings_html(seen.surface, _SOME)}</details>"
    )
    parts = (
        Html(_ALARM.format(start_html(seen.start))) if _fails(seen) else "",
        Html(
            '<table style="border-collapse:collapse;color:inherit;font-size:inherit;'
            f'margin:.3em 0"><thead><tr style="background:none">{_head()}</tr></thead>'
            f"<tbody>{facts}</tbody></table>"
        ),
        found_html(seen.secrets, _SOME),
        Html(findings) if seen.surface.findings else "",
        layers_html(seen.layers),
        meanings_html(GROUPS),
    )
    return card(f"X-ray of {seen.name}", *filter(None, parts))


def xray_text(seen: XRay) -> str:
    """Show the same as plain text."""
    rows: list[tuple[str, str, str]] = []
    for group, members in lines(seen).items():
        rows.append((group, "", ""))
        rows += [
            (f"  {title}", text_badge(value, kind) if kind else value, clip(more, _WORDS))
            for title, value, more, kind in members
        ]
    surface = seen.surface
    parts = (
        f"X-ray of {seen.name}",
        start_text(seen.start) if _fails(seen) else "",
        text_table(_HEADER, rows),
        found_text(seen.secrets, _SOME),
        f"{_findings_title(seen)}\n{findings_text(surface, _SOME)}" if surface.findings else "",
        layers_text(seen.layers),
        meanings_text(GROUPS),
    )
    return "\n\n".join(filter(None, parts))


def lines(seen: XRay) -> dict[Group, list[Line]]:
    """Give the facts of an x-ray as both renderings tell them."""
    return {
        "How large": list(_large(seen)),
        "What is inside": list(_inside(seen)),
        "Attack surface": list(_surface(seen)),
        "Secrets and fixes": list(_secrets(seen)),
        "How it runs": list(_runs(seen)),
    }


def packages_html(packages: Packages) -> Html:
    """Show every package; a long list scrolls."""
    rows = [(item.name, item.version, item.manager) for item in packages]
    listed = table(_PACKAGES_HEADER, rows) if rows else muted("no package database found")
    framed = Html(f'<div style="max-height:24em;overflow-y:auto">{listed}</div>')
    return card(count(len(packages), "package"), framed)


def packages_text(packages: Packages) -> str:
    """Show the same as plain text."""
    rows = [(item.name, item.version, item.manager) for item in packages]
    listed = text_table(_PACKAGES_HEADER, rows) if rows else "no package database found"
    return f"{count(len(packages), 'package')}\n\n{listed}"


def _head() -> str:
    return "".join(
        f'<th scope="col" style="{_CELL}font-weight:600">{escape(name)}</th>' for name in _HEADER
    )


def _line_html(line: Line) -> str:
    value = badge(line.value, line.kind) if line.kind else escape(line.value)
    return (
        f'<tr style=\'background:none\'><th scope="row" style="{_CELL}font-weight:400;'
        f'white-space:nowrap">{escape(line.title)}</th><td style="{_CELL}">{value}</td>'
        f'<td style="{_CELL}">{muted(breakable(line.more))}</td></tr>'
    )


def _large(seen: XRay) -> Iterator[Line]:
    yield Line("Size", humane_bytes(seen.size_bytes), f"in {count(seen.layer_count, 'layer')}")
    if seen.transfer_bytes is not None:
        yield Line("Transfer size", humane_bytes(seen.transfer_bytes))
    reclaimable = seen.waste.reclaimable_bytes
    yield Line(
        "Reclaimable",
        humane_bytes(reclaimable) if reclaimable else "none",
        f"efficiency {100 * seen.waste.efficiency:.1f} %, as dive counts",
        "warn" if reclaimable else "ok",
    )


def _inside(seen: XRay) -> Iterator[Line]:
    yield Line("System", seen.os or "none", seen.architecture)
    yield Line("Files", humane_count(seen.files), f"{humane_bytes(seen.merged_bytes)} visible")
    managers = Counter(package.manager for package in seen.packages)
    known = [f"{humane_count(n)} of {name}" for name, n in managers.most_common()]
    known += [f"not readable: {title}" for title in seen.unread]
    number = humane_count(len(seen.packages)) if seen.packages else "none"
    yield Line(
        "Packages", "not known" if seen.unread and not seen.packages else number, ", ".join(known)
    )
    for binary in seen.binaries[:_FEW]:
        word, kind = linking(binary)
        yield Line("Go program", word, binary_line(binary), kind)
    rest = len(seen.binaries) - _FEW
    if rest > 0:
        yield Line("", f"{humane_count(rest)} more Go programs")
    yield Line("Base", _base(seen))


def _surface(seen: XRay) -> Iterator[Line]:
    clear: list[FindingKind] = []
    for kind in FILES:
        findings = seen.surface.of(kind)
        if findings:
            number = humane_count(len(findings))
            yield Line(TITLES[kind], number, named(findings, _FEW), "warn")
        else:
            clear.append(kind)
    if clear:
        yield Line("Not found", "none", ", ".join(TITLES[kind].lower() for kind in clear), "ok")


def _secrets(seen: XRay) -> Iterator[Line]:
    found, allowed = seen.secrets.found, seen.secrets.allowed
    yield Line(
        "Secrets",
        humane_count(len(found)) if found else "none",
        f"{count(len(allowed), 'look-alike')}, known to be public" if allowed else "",
        "bad" if found else "ok",
    )
    fixes = seen.fixes
    if fixes.count is None:
        yield Line("Fixes not installed", fixes.status, fixes.reason)
    else:
        yield Line(
            "Fixes not installed",
            humane_count(fixes.count) if fixes.count else "none",
            fixes_title(fixes),
            "warn" if fixes.count else "ok",
        )


def _runs(seen: XRay) -> Iterator[Line]:
    user = seen.surface.user
    kind: BadgeKind = "bad" if user.problem else "warn" if user.root else "ok"
    yield Line("User", said_user(user), user.problem, kind)
    word, mark = verdict(seen.start)
    why = "" if _fails(seen) else f": {seen.start.why}"
    yield Line("Starts", word, f"{command(seen.start)}{why}", mark)
    if seen.surface.entrypoint_form == "shell":
        yield Line("Form", "shell form", "a shell starts the program and gets its signals", "warn")
    if seen.surface.ports:
        yield Line("Ports", ", ".join(seen.surface.ports), "by EXPOSE")
    if seen.surface.healthcheck:
        yield Line("Health check", "set", " ".join(seen.surface.healthcheck))


def _fails(seen: XRay) -> bool:
    """Tell whether it is said before all else that a container will not start."""
    return bool(seen.start.argv) and seen.start.verdict == "fails"


def _findings_title(seen: XRay) -> str:
    number = count(len(seen.surface.findings), "finding")
    return f"{number} of the attack surface: where from, why it matters, what removes it"


def _base(seen: XRay) -> str:
    if seen.stand_in:
        return f"a stand-in for {seen.stand_in}, made from distribution packages"
    return "not a stand-in"


register_untrusted(XRay, html=xray_html, text=xray_text)
register_untrusted(Packages, html=packages_html, text=packages_text)
