"""From an image's configuration and its layers' facts to its x-ray; reads nothing more."""

from __future__ import annotations

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
    from collections.abc import Callable, Mapping

    from stagelab.image.facts import BaseUseLike
    from stagelab.image.fixes import Fixes
    from stagelab.image.gathering import Read
    from stagelab.image.package import Package
    from stagelab.image.stack import Stack


def analyse(
    name: str,
    read: Read,
    *,
    bases: tuple[BaseUseLike, ...] = (),
    fixes: bool = False,
    fetch: Callable[[str, str], bytes | None],
) -> XRay:
    """Put an x-ray together.

    Args:
        name: What the x-ray is called.
        read: What was read of the image.
        bases: What is known of the bases.
        fixes: Whether to ask the image's distribution what it has published.
        fetch: Gives a file's bytes from the layer of a diff ID and the path.

    Raises:
        ArchiveDamaged: If a layer that the configuration names is not known.
    """
    full = stack(read.config, read.layers, read.merged)
    stacked = concealed(full)  # nothing below shows a secret that the configuration holds
    settings = stacked.settings
    labels = settings.get("Labels") or {}
    release = os_release(
        stacked.content("/etc/os-release") or stacked.content("/usr/lib/os-release")
    )
    packages = Packages(_packages(stacked))
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
        packages=packages,
        unread=tuple(sorted(title for path, title in UNREADABLE.items() if path in stacked.tree)),
        binaries=go_binaries(stacked),
        surface=surface(stacked),
        start=start(stacked),
        secrets=secrets(full),
        fixes=_fixes(stacked, packages, release) if fixes else NOT_ASKED,
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


def _fixes(stacked: Stack, packages: Packages, release: Mapping[str, str]) -> Fixes:
    from stagelab.image.fixes import published_fixes  # noqa: PLC0415 - rarely asked for, and large

    contents = stacked.visible(lambda layer: layer.contents)
    sources = {path: raw for path, raw in contents if path.startswith(APT)}
    architecture = str(stacked.config.get("architecture") or "")
    return published_fixes(packages, release, sources, architecture=architecture, changelogs=True)


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
