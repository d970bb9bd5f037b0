"""How an x-ray and its parts look."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from stagelab._render import register
from stagelab.image.facts import Change, Layer, Packages, Waste, XRay
from stagelab.show.style import (
    badge,
    bar,
    card,
    clip,
    code,
    count,
    humane_bytes,
    humane_count,
    muted,
    table,
    text_badge,
    text_bar,
    text_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagelab.image.facts import GoBinary
    from stagelab.show.style import BadgeKind, Html

SIZE = "Size is the sum of the bytes of the files in all layers."
_FEW = 4
_WORST = 10
_LAYERS_HEADER = ("#", "Instruction", "Size", "", "Added", "Changed", "Removed", "Sum so far")
_LAYERS_ALIGN = "rlrlrrrr"
_WASTE_HEADER = ("Hidden file", "Size", "Written by layer", "Hidden by layer", "How")
_WASTE_ALIGN = "lrrrl"
_PACKAGES_HEADER = ("Package", "Version", "Known to")

Line = tuple[str, str, str, "BadgeKind | None"]
"""A fact's title, its value, what more there is to say, and whether it is a mark of safety."""


def xray_html(seen: XRay) -> Html:
    """Show an x-ray as one card: the facts, then the layers."""
    facts = [
        (title, badge(value, kind) if kind else value, muted(more) if more else "")
        for title, value, more, kind in lines(seen)
    ]
    whole = max((layer.size_bytes for layer in seen.layers), default=0) or 1
    layers = [
        (
            layer.index,
            code(clip(layer.instruction, 110) or "(no instruction recorded)"),
            *_numbers(layer, bar(layer.size_bytes / whole)),
            humane_bytes(total),
        )
        for layer, total in _running(seen)
    ]
    return card(
        f"X-ray of {seen.name}",
        table(("What", "Found", ""), facts),
        table(_LAYERS_HEADER, layers, align=_LAYERS_ALIGN, caption="Layers, oldest first"),
        muted(SIZE),
    )


def xray_text(seen: XRay) -> str:
    """Show the same as plain text."""
    facts = [
        (title, text_badge(value, kind) if kind else value, more)
        for title, value, more, kind in lines(seen)
    ]
    whole = max((layer.size_bytes for layer in seen.layers), default=0) or 1
    layers = [
        (
            layer.index,
            clip(layer.instruction, 60) or "(no instruction recorded)",
            *_numbers(layer, text_bar(layer.size_bytes / whole, 8)),
            humane_bytes(total),
        )
        for layer, total in _running(seen)
    ]
    return "\n\n".join(
        (
            f"X-ray of {seen.name}",
            text_table(("What", "Found", ""), facts),
            text_table(_LAYERS_HEADER, layers, align=_LAYERS_ALIGN),
            SIZE,
        )
    )


def lines(seen: XRay) -> list[Line]:
    """Give the facts of an x-ray as both renderings tell them."""
    reclaimable = seen.waste.reclaimable_bytes
    return [
        ("Size", humane_bytes(seen.size_bytes), f"in {count(seen.layer_count, 'layer')}", None),
        ("Files", humane_count(seen.files), f"{humane_bytes(seen.merged_bytes)} visible", None),
        (
            "Reclaimable",
            humane_bytes(reclaimable),
            "in layers but hidden by later ones",
            "warn" if reclaimable else "ok",
        ),
        ("System", seen.os or "none", seen.architecture, None),
        ("Packages", humane_count(len(seen.packages)), "", None),
        _found("Shells", seen.shells),
        _found("Compilers", seen.compilers),
        _found("Package managers", seen.package_managers),
        _found("Setuid programs", seen.setuid),
        ("User", seen.user, "", "warn" if seen.runs_as_root else "ok"),
        ("Starts", _start(seen), _ports(seen), None),
        *(_go(binary) for binary in seen.go_binaries[:_FEW]),
        *_more_go(seen),
        ("Base", _base(seen), "", None),
    ]


def waste_html(waste: Waste) -> Html:
    """Show the largest hidden files."""
    rows = [(code(path), *rest) for path, *rest in _waste_rows(waste)]
    parts = [table(_WASTE_HEADER, rows, align=_WASTE_ALIGN)] if rows else []
    return card(_waste_title(waste), *parts, muted(_waste_rest(waste)))


def waste_text(waste: Waste) -> str:
    """Show the same as plain text."""
    rows = _waste_rows(waste)
    parts = [text_table(_WASTE_HEADER, rows, align=_WASTE_ALIGN)] if rows else []
    return "\n\n".join(filter(None, (_waste_title(waste), *parts, _waste_rest(waste))))


def packages_html(packages: Packages) -> Html:
    """Show every package; a long list scrolls."""
    rows = [(item.name, item.version, item.manager) for item in packages]
    listed = table(_PACKAGES_HEADER, rows) if rows else muted("no package database found")
    framed = type(listed)(f'<div style="max-height:24em;overflow-y:auto">{listed}</div>')
    return card(count(len(packages), "package"), framed)


def packages_text(packages: Packages) -> str:
    """Show the same as plain text."""
    rows = [(item.name, item.version, item.manager) for item in packages]
    listed = text_table(_PACKAGES_HEADER, rows) if rows else "no package database found"
    return f"{count(len(packages), 'package')}\n\n{listed}"


def change_text(change: Change) -> str:
    """Say in a line what a layer did to a path."""
    size = "" if change.what == "removed" else f" ({humane_bytes(change.size_bytes)})"
    return f"layer {change.layer} {change.what} it{size}: {clip(change.instruction, 80)}"


def layer_text(layer: Layer) -> str:
    """Say in a line what an instruction added."""
    told = f"{layer.index}: {clip(layer.instruction, 80) or '(no instruction recorded)'}"
    if layer.empty:
        return f"{told} · no layer"
    counts = f"{layer.added} added, {layer.changed} changed, {layer.removed} removed"
    return f"{told} · {humane_bytes(layer.size_bytes)} · files: {counts}"


def _numbers(layer: Layer, drawn: str) -> Sequence[str]:
    if layer.empty:
        return ("no layer", "", "", "", "")
    counts = (layer.added, layer.changed, layer.removed)
    return (humane_bytes(layer.size_bytes), drawn, *(humane_count(n) if n else "" for n in counts))


def _running(seen: XRay) -> list[tuple[Layer, int]]:
    sums = accumulate(layer.size_bytes for layer in seen.layers)
    return list(zip(seen.layers, sums, strict=True))


def _found(title: str, paths: Sequence[str]) -> Line:
    if not paths:
        return (title, "none", "", "ok")
    rest = len(paths) - _FEW
    more = f" and {rest} more" if rest > 0 else ""
    return (title, humane_count(len(paths)), ", ".join(paths[:_FEW]) + more, "warn")


def _go(binary: GoBinary) -> Line:
    title, what = "Go program", f"{binary.path} ({binary.module}, {binary.go_version})"
    if binary.loader is None:
        return (title, "static", what, "ok")
    if binary.loader_present:
        return (title, "dynamic", f"{what}, loaded by {binary.loader}", "info")
    return (title, "cannot start", f"{what}: its loader {binary.loader} is not here", "bad")


def _more_go(seen: XRay) -> list[Line]:
    rest = len(seen.go_binaries) - _FEW
    return [("", f"{rest} more Go programs", "", None)] if rest > 0 else []


def _start(seen: XRay) -> str:
    words = (*seen.entrypoint, *seen.cmd)
    return " ".join(words) if words else "nothing by itself"


def _ports(seen: XRay) -> str:
    return "exposes " + ", ".join(seen.exposed_ports) if seen.exposed_ports else ""


def _base(seen: XRay) -> str:
    if seen.stand_in:
        return f"a stand-in for {seen.stand_in}, made from distribution packages"
    return "not a stand-in"


def _waste_title(waste: Waste) -> str:
    if not waste.reclaimable_bytes:
        return "Nothing is reclaimable: no layer hides bytes of another"
    hidden = humane_bytes(waste.reclaimable_bytes)
    return f"{hidden} reclaimable: in the image, but hidden from every container"


def _waste_rows(waste: Waste) -> list[tuple[str, str, int, int, str]]:
    return [
        (item.path, humane_bytes(item.size_bytes), item.wrote, item.hidden_by, item.how)
        for item in waste.worst[:_WORST]
    ]


def _waste_rest(waste: Waste) -> str:
    rest = waste.worst[_WORST:]
    if not rest:
        return ""
    size = humane_bytes(sum(item.size_bytes for item in rest))
    return f"and {count(len(rest), 'more file')} with {size}"


register(XRay, html=xray_html, text=xray_text)
register(Waste, html=waste_html, text=waste_text)
register(Packages, html=packages_html, text=packages_text)
register(Layer, html=lambda layer: code(layer_text(layer)), text=layer_text)
register(Change, html=lambda change: code(change_text(change)), text=change_text)
