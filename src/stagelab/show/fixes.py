"""How published fixes look that an image lacks, and what other scanners say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.image.fixes import Fix, Fixes
from stagelab.image.scanners import ScannerFindings
from stagelab.metrics import GROUPS
from stagelab.show.layers import paragraph
from stagelab.show.style import (
    card,
    clip,
    code,
    count,
    escape,
    humane_count,
    muted,
    table,
    text_table,
)
from stagelab.show.untrusted import register_untrusted

if TYPE_CHECKING:
    from stagelab.show.style import Html

MEANING = "Fixes:" + GROUPS["Secrets and fixes"].partition(" Fixes:")[2]
_HEADER = ("Source package", "Installed", "Published", "Suite", "CVE", "Packages")
_MANY = 40
_FEW = 6


def fixes_html(fixes: Fixes) -> Html:
    """Show a row for each source package that has a newer version."""
    parts = [table(_HEADER, _rows(fixes))] if fixes.fixes else []
    return card(title(fixes), *parts, *map(muted, [*_notes(fixes), MEANING]))


def fixes_text(fixes: Fixes) -> str:
    """Show the same as plain text."""
    parts = [text_table(_HEADER, _rows(fixes))] if fixes.fixes else []
    return "\n\n".join((title(fixes), *parts, "\n".join(map(paragraph, [*_notes(fixes), MEANING]))))


def title(fixes: Fixes) -> str:
    """Say how many there are, or why that is not known."""
    if fixes.count is None:
        return f"Published fixes: {fixes.status}"
    if not fixes.count:
        return "No published fix is missing"
    return f"{count(fixes.count, 'source package')} with published fixes that are not installed"


def fix_text(fix: Fix) -> str:
    """Say in a line what is installed and what is published."""
    again = ", the same source built again" if fix.rebuilt else ""
    return (
        f"{fix.source}: {fix.installed} installed, {fix.candidate} in {fix.suite}{again} "
        f"· {_cves(fix)} · {', '.join(fix.packages)}"
    )


def scanner_line(told: ScannerFindings) -> str:
    """Say in a line what a scanner found: "trivy 0.58.1: 12 findings (2 critical, 10 low)"."""
    tool = f"{told.tool} {told.version}".rstrip()
    if told.findings is None:
        reason = f": {clip(told.reason, 160)}" if told.reason else ""
        return f"{tool}: {told.status}{reason}"
    severities = ", ".join(f"{humane_count(number)} {name}" for name, number in told.by_severity)
    fixable = f", {humane_count(told.fixable)} with a fix" if told.fixable is not None else ""
    return f"{tool}: {count(told.findings, 'finding')}" + (
        f" ({severities}){fixable}" if severities else ""
    )


def _rows(fixes: Fixes) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            fix.source,
            fix.installed,
            fix.candidate + (" (built again)" if fix.rebuilt else ""),
            fix.suite,
            _cves(fix),
            _few(fix.packages),
        )
        for fix in fixes.fixes[:_MANY]
    ]
    rest = len(fixes.fixes) - _MANY
    return [*rows, (f"and {humane_count(rest)} more", "", "", "", "", "")] if rest > 0 else rows


def _cves(fix: Fix) -> str:
    if fix.cves is None:
        return "changelog not read"
    return _few(fix.cves) if fix.cves else "none named"


def _few(names: tuple[str, ...]) -> str:
    rest = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {humane_count(rest)} more" if rest > 0 else "")


def _notes(fixes: Fixes) -> list[str]:
    """Say what was compared with what, as of when, and what was not."""
    notes = []
    if fixes.status == "known":
        notes.append(
            f"{count(fixes.compared, 'package')} compared with {', '.join(fixes.suites)}"
            + (f" as of {fixes.as_of}." if fixes.as_of else ".")
        )
    if fixes.assumed:
        notes.append(f"The image does not name {', '.join(fixes.assumed)}; os-release implies it.")
    if fixes.others:
        notes.append(f"Not compared: {', '.join(fixes.others)}.")
    if fixes.elsewhere:
        notes.append(f"In none of the suites, so nothing is known of: {_few(fixes.elsewhere)}.")
    return [*notes, fixes.reason] if fixes.reason else notes


register_untrusted(Fixes, html=fixes_html, text=fixes_text)
register_untrusted(Fix, html=lambda fix: code(fix_text(fix)), text=fix_text)
register_untrusted(
    ScannerFindings, html=lambda told: f"<div>{escape(scanner_line(told))}</div>", text=scanner_line
)
