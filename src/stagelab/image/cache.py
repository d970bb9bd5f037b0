"""Facts about layers and images that were read before, kept by content digest.

An entry is a compressed JSON text; see `stagelab._kept` for how it survives crashes and company.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from stagelab._kept import Kept
from stagelab.image.elf import ProgramFacts
from stagelab.image.entry import Entry
from stagelab.image.gobuild import GoFacts
from stagelab.image.layer import RULES, LayerFacts
from stagelab.image.merge import Effect, Hidden, Merged
from stagelab.image.package import Package
from stagelab.image.spans import Hit

MOST_BYTES = 256_000_000
"""Size that the folder is kept below."""

_PACKAGE, _HIDDEN, _EFFECT = (
    attrgetter(*(field.name for field in fields(kind))) for kind in (Package, Hidden, Effect)
)
"""The fields of a fact as a tuple; `dataclasses.astuple` copies each of them deeply."""


def load_layer(diff_id: str) -> LayerFacts | None:
    """Give the facts of a layer, None if they are not known."""
    kept = _load("layer", diff_id)
    try:
        return None if kept is None else _layer(diff_id, kept)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def store_layer(facts: LayerFacts) -> None:
    """Keep the facts of a layer."""
    kept = {
        "entries": [*zip(*facts.entries, strict=True)],  # columns take less room than rows
        "whiteouts": facts.whiteouts,
        "opaques": facts.opaques,
        "contents": {path: raw.decode("latin-1") for path, raw in facts.contents.items()},
        "packages": {path: [*map(_PACKAGE, some)] for path, some in facts.packages.items()},
        "programs": facts.programs,
        "go": facts.go,
        "capabilities": facts.capabilities,
        "unread": facts.unread,
        "hits": facts.hits,
        "searched": facts.searched,
    }
    _store("layer", facts.diff_id, kept)


def load_merged(layers: Sequence[LayerFacts]) -> Merged | None:
    """Give the file system that layers give, lowest first; None if it is not known."""
    kept = _load("stack", _chain(layers))
    try:
        return None if kept is None else _merged(layers, kept)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None


def store_merged(layers: Sequence[LayerFacts], merged: Merged) -> None:
    """Keep the file system that layers give: of each path in which layer it stands, and where."""
    places = [{entry.path: index for index, entry in enumerate(layer.entries)} for layer in layers]
    paths = sorted(merged.entries)
    numbers = [merged.wrote[path] for path in paths]
    indexes = [places[number][path] for number, path in zip(numbers, paths, strict=True)]
    kept = {
        "layer": numbers,
        "index": indexes,
        # a link to a file of a lower layer has its size from there
        "sizes": [
            (at, merged.entries[path].size)
            for at, (number, index, path) in enumerate(zip(numbers, indexes, paths, strict=True))
            if merged.entries[path] is not layers[number].entries[index]
        ],
        "bytes": merged.merged_bytes,
        "hidden": [*map(_HIDDEN, merged.hidden)],
        "effects": [*map(_EFFECT, merged.effects)],
    }
    _store("stack", _chain(layers), kept)


def load_config(image_id: str) -> tuple[dict[str, Any], dict[str, int]] | None:
    """Give an image's configuration and its layers' compressed sizes, None if not known."""
    kept = _load("image", image_id)
    try:
        return None if kept is None else (dict(kept["config"]), dict(kept["stored"]))
    except (KeyError, TypeError, ValueError):
        return None


def store_config(image_id: str, config: dict[str, Any], stored: dict[str, int]) -> None:
    """Keep the same."""
    _store("image", image_id, {"config": config, "stored": stored})


def bound(layers: Sequence[LayerFacts]) -> None:
    """Keep the folder within its bound; the stack of these layers was kept just now and stays."""
    _folder().bound("stack", _chain(layers))


def _layer(diff_id: str, kept: dict[str, Any]) -> LayerFacts:
    return LayerFacts(
        diff_id=diff_id,
        entries=tuple(map(Entry._make, zip(*kept["entries"], strict=True))),
        whiteouts=tuple(kept["whiteouts"]),
        opaques=tuple(kept["opaques"]),
        contents={path: text.encode("latin-1") for path, text in kept["contents"].items()},
        packages={
            path: tuple(Package(*fields) for fields in some)
            for path, some in kept["packages"].items()
        },
        programs={path: ProgramFacts(*facts) for path, facts in kept["programs"].items()},
        go={path: GoFacts(*facts) for path, facts in kept["go"].items()},
        capabilities={path: tuple(names) for path, names in kept["capabilities"].items()},
        unread=tuple(kept["unread"]),
        hits=tuple(Hit(*hit) for hit in kept["hits"]),
        searched=bool(kept["searched"]),
    )


def _merged(layers: Sequence[LayerFacts], kept: dict[str, Any]) -> Merged:
    rows = [layer.entries for layer in layers]
    found = [rows[n][at] for n, at in zip(kept["layer"], kept["index"], strict=True)]
    for at, size in kept["sizes"]:
        found[at] = found[at]._replace(size=size)
    paths = [entry.path for entry in found]
    return Merged(
        entries=dict(zip(paths, found, strict=True)),
        wrote=dict(zip(paths, kept["layer"], strict=True)),
        merged_bytes=kept["bytes"],
        hidden=tuple(Hidden(*item) for item in kept["hidden"]),
        effects=tuple(Effect(*effect) for effect in kept["effects"]),
    )


def _chain(layers: Sequence[LayerFacts]) -> str:
    return ",".join(layer.diff_id for layer in layers)


def _load(kind: str, digest: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        packed = _folder().load(kind, digest)
        return None if packed is None else json.loads(zlib.decompress(packed))
    except (ValueError, zlib.error, RecursionError):
        return None


def _store(kind: str, digest: str, kept: object) -> None:
    text = json.dumps(kept, separators=(",", ":"))
    _folder().store(kind, digest, zlib.compress(text.encode(), 1))


def _folder() -> Kept:
    return Kept("layers", RULES, MOST_BYTES)
