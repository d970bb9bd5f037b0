"""From an image's configuration and its layers' facts to its x-ray; reads nothing more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stagelab.engine.labels import STAND_IN_LABEL
from stagelab.errors import ArchiveDamaged
from stagelab.image.contents import is_root, operating_system, packages
from stagelab.image.facts import GoBinary, Layer, Packages, Waste, XRay
from stagelab.image.history import origins
from stagelab.image.merge import merge
from stagelab.image.programs import programs
from stagelab.image.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stagelab.image.facts import BaseUseLike
    from stagelab.image.layer import LayerFacts
    from stagelab.image.merge import Merged


def analyse(
    name: str,
    image_id: str,
    config: Mapping[str, Any],
    known: Mapping[str, LayerFacts],
    *,
    bases: tuple[BaseUseLike, ...] = (),
    fetch: Callable[[str, str], bytes | None],
) -> XRay:
    """Put an x-ray together.

    Args:
        name: What the x-ray is called.
        image_id: The image's ID.
        config: The image configuration, as in the OCI image specification.
        known: The facts of every layer, by diff ID.
        bases: What is known of the bases.
        fetch: Gives a file's bytes from the layer of a diff ID and the path.

    Raises:
        ArchiveDamaged: If a layer that the configuration names is not known.
    """
    history = origins(config)
    numbers = [number for number, origin in enumerate(history) if origin.diff_id]
    stack = [_known(known, origin.diff_id) for origin in history if origin.diff_id]
    merged = merge(stack)
    effects = dict(zip(numbers, zip(stack, merged.effects, strict=True), strict=True))
    layers = []
    for number, origin in enumerate(history):
        facts, effect = effects.get(number, (None, None))
        layers.append(
            Layer(
                number,
                origin.diff_id,
                origin.instruction,
                origin.created_by,
                facts.size_bytes if facts else 0,
                effect.added if effect else 0,
                effect.changed if effect else 0,
                effect.removed if effect else 0,
            )
        )
    size = sum(layer.size_bytes for layer in layers)
    worst = tuple(
        replace(hidden, wrote=numbers[hidden.wrote], hidden_by=numbers[hidden.hidden_by])
        for hidden in merged.hidden
    )
    tree = Tree(merged.entries)
    settings = config.get("config") or {}
    env = dict(item.partition("=")[::2] for item in settings.get("Env") or [])
    contents = _contents(stack, merged)
    user = settings.get("User") or "root"
    labels = settings.get("Labels") or {}
    tools = programs(tree, env.get("PATH", "").split(":"))
    release = tree.resolve("/etc/os-release") or tree.resolve("/usr/lib/os-release")
    return XRay(
        name=name,
        image_id=image_id,
        size_bytes=size,
        merged_bytes=merged.merged_bytes,
        layers=tuple(layers),
        files=sum(entry.kind == "file" for entry in tree),
        waste=Waste(size - merged.merged_bytes, worst),
        packages=Packages(packages(contents)),
        shells=tools.shells,
        compilers=tools.compilers,
        package_managers=tools.package_managers,
        setuid=tools.setuid,
        go_binaries=_go_binaries(stack, merged, tree),
        user=user,
        runs_as_root=is_root(user, contents.get("/etc/passwd")),
        entrypoint=tuple(settings.get("Entrypoint") or ()),
        cmd=tuple(settings.get("Cmd") or ()),
        exposed_ports=tuple(sorted(settings.get("ExposedPorts") or ())),
        env=env,
        labels=labels,
        os=operating_system(contents.get(release.path) if release else None),
        architecture=str(config.get("architecture") or ""),
        stand_in=labels.get(STAND_IN_LABEL),
        bases=bases,
        tree=tree,
        _facts=dict(known),
        _fetch=fetch,
    )


def _known(known: Mapping[str, LayerFacts], diff_id: str) -> LayerFacts:
    facts = known.get(diff_id)
    if facts is None:
        raise ArchiveDamaged(
            "A layer that the image's configuration names is missing, or its contents are not "
            "what their digest says.",
            fix="Write the archive again with `docker save -o FILE IMAGE`.",
            detail=diff_id,
        )
    return facts


def _contents(stack: Sequence[LayerFacts], merged: Merged) -> dict[str, bytes]:
    """Give the kept files that the merged file system still has, each as last written."""
    return {
        path: raw
        for number, facts in enumerate(stack)
        for path, raw in facts.contents.items()
        if merged.wrote.get(path) == number
    }


def _go_binaries(stack: Sequence[LayerFacts], merged: Merged, tree: Tree) -> tuple[GoBinary, ...]:
    found = []
    for number, facts in enumerate(stack):
        for path, go in facts.go.items():
            if merged.wrote.get(path) == number:
                present = go.loader is None or tree.resolve(go.loader) is not None
                found.append(GoBinary(path, go.go_version, go.module, go.loader, present))
    return tuple(sorted(found, key=lambda binary: binary.path))
