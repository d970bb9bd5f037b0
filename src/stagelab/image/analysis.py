"""From an image's configuration and its layers' facts to its x-ray."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stagelab.engine.labels import STAND_IN_LABEL
from stagelab.image.facts import Layer, Layers, Packages, XRay
from stagelab.image.fixes import NOT_ASKED
from stagelab.image.gobinaries import go_binaries
from stagelab.image.layer import APT
from stagelab.image.osrelease import os_release
from stagelab.image.records import UNREADABLE
from stagelab.image.secrets import concealed, secrets
from stagelab.image.stack import stack
from stagelab.image.start import start
from stagelab.image.surface import surface
from stagelab.image.waste import waste

if TYPE_CHECKING:
    from collections.abc import Callable

    from stagelab.image.facts import BaseUseLike
    from stagelab.image.gathering import Read
    from stagelab.image.package import Package
    from stagelab.image.stack import Stack


def analyse(
    name: str,
    read: Read,
    *,
    bases: tuple[BaseUseLike, ...] = (),
    fetch: Callable[[str, str], bytes | None],
) -> XRay:
    """Put an x-ray together.

    Args:
        name: What the x-ray is called.
        read: What was read of the image.
        bases: What is known of the bases.
        fetch: Gives a file's bytes from the layer of a diff ID and the path.
    """
    full = stack(read.config, read.layers, read.merged)
    stacked = concealed(full)  # nothing below shows a secret that the configuration holds
    settings = stacked.settings
    labels = settings.get("Labels") or {}
    release = os_release(
        stacked.content("/etc/os-release") or stacked.content("/usr/lib/os-release")
    )
    transfer = [read.stored.get(layer.diff_id) for layer in stacked.layers]
    return XRay(
        name=name,
        image_id=read.image_id,
        size_bytes=sum(stacked.sizes),
        merged_bytes=stacked.merged.merged_bytes,
        transfer_bytes=_sum(transfer),
        layers=_layers(stacked),
        files=sum(entry.kind == "file" for entry in stacked.tree),
        waste=waste(stacked),
        packages=Packages(_packages(stacked)),
        unread=_unread(stacked),
        binaries=go_binaries(stacked),
        surface=surface(stacked),
        start=start(stacked),
        secrets=secrets(full),
        fixes=NOT_ASKED,
        entrypoint=tuple(settings.get("Entrypoint") or ()),
        cmd=tuple(settings.get("Cmd") or ()),
        env=stacked.env,
        labels=labels,
        os=release.get("PRETTY_NAME") or release.get("NAME"),
        os_release=release,
        architecture=str(read.config.get("architecture") or ""),
        stand_in=labels.get(STAND_IN_LABEL),
        bases=bases,
        tree=stacked.tree,
        _stack=stacked,
        _fetch=fetch,
    )


def _sum(sizes: list[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if sizes and len(known) == len(sizes) else None


def _packages(stacked: Stack) -> list[Package]:
    return sorted(
        package for _, listed in stacked.visible(lambda layer: layer.packages) for package in listed
    )


def _unread(stacked: Stack) -> tuple[str, ...]:
    found = sorted({title for path, title in UNREADABLE.items() if path in stacked.tree})
    links = [
        path
        for number, layer in enumerate(stacked.layers)
        for path in layer.unread
        if stacked.merged.wrote.get(path) == number
    ]
    if links:
        one = "".join(letter if letter.isprintable() else "\ufffd" for letter in min(links))
        more = f" and {len(links) - 1} more" if links[1:] else ""
        found.append(f"hard links to files that were not looked at: {one}{more}")
    return tuple(found)


def with_fixes(seen: XRay) -> XRay:
    """Ask the image's distribution over the network what it has published, and add that."""
    from stagelab.image.fixes import published_fixes  # noqa: PLC0415 - rarely asked for, and large

    contents = seen._stack.visible(lambda layer: layer.contents)  # noqa: SLF001 - this package's own
    sources = {path: raw for path, raw in contents if path.startswith(APT)}
    fixes = published_fixes(
        seen.packages,
        seen.os_release,
        sources,
        architecture=seen.architecture,
        changelogs=True,
    )
    return replace(seen, fixes=fixes)


def _layers(stacked: Stack) -> Layers:
    made = dict(
        zip(stacked.numbers, zip(stacked.sizes, stacked.merged.effects, strict=True), strict=True)
    )
    layers = []
    for number, origin in enumerate(stacked.history):
        size, effect = made.get(number, (0, None))
        layers.append(
            Layer(
                number,
                origin.diff_id,
                origin.instruction,
                origin.created_by,
                size,
                effect.added if effect else 0,
                effect.changed if effect else 0,
                effect.removed if effect else 0,
            )
        )
    return Layers(layers)
