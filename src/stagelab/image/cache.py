"""Facts about layers and images that were read before, kept by content digest.

An entry is a digest and a compressed JSON text. It is written beside its place and moved there, so
that a crash or a second kernel never leaves half of one; one that cannot be read, or whose digest
is wrong, is as good as none. The folder is bounded: the entries longest unused go first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import zlib
from dataclasses import astuple
from pathlib import Path
from typing import Any

from stagelab import _home
from stagelab.image.elf import ProgramFacts
from stagelab.image.entry import Entry
from stagelab.image.gobuild import GoFacts
from stagelab.image.layer import RULES, LayerFacts
from stagelab.image.package import Package
from stagelab.image.spans import Hit

MOST_BYTES = 256_000_000
"""Size that the folder is kept below."""

_DIGEST = 32


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
        "packages": {path: [*map(astuple, some)] for path, some in facts.packages.items()},
        "programs": facts.programs,
        "go": facts.go,
        "capabilities": facts.capabilities,
        "hits": facts.hits,
    }
    _store("layer", facts.diff_id, kept)


def load_config(image_id: str) -> tuple[dict[str, Any], dict[str, int]] | None:
    """Give an image's configuration and its layers' compressed sizes, None if not known."""
    kept = _load("image", image_id)
    try:
        return None if kept is None else (dict(kept["config"]), dict(kept["stored"]))
    except (KeyError, TypeError, ValueError):
        return None


def store_config(image_id: str, config: dict[str, Any], stored: dict[str, int]) -> None:
    """Keep the same, and the folder within its bound."""
    _store("image", image_id, {"config": config, "stored": stored})
    _bound()


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
        hits=tuple(Hit(*hit) for hit in kept["hits"]),
    )


def _folder() -> Path:
    return _home.cache_dir() / "layers"


def _place(kind: str, digest: str) -> Path:
    name = hashlib.sha256(digest.encode()).hexdigest()  # whatever a digest is, a safe file name
    return _folder() / str(RULES) / f"{kind}-{name}"


def _load(kind: str, digest: str) -> Any:  # noqa: ANN401 - any JSON
    place = _place(kind, digest)
    try:
        raw = place.read_bytes()
        packed = raw[_DIGEST:]
        if hashlib.sha256(packed).digest() != raw[:_DIGEST]:
            return None
        kept = json.loads(zlib.decompress(packed))
        with contextlib.suppress(OSError):
            os.utime(place)  # used just now
    except (OSError, ValueError, zlib.error, RecursionError):
        return None
    return kept


def _store(kind: str, digest: str, kept: object) -> None:
    packed = zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), 1)
    place = _place(kind, digest)
    # A full or read-only disk only means that the facts are found again next time.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=place.parent, prefix="new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(packed).digest() + packed)
            Path(beside).replace(place)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise


def _bound() -> None:
    known = []
    for path in _folder().rglob("*"):
        with contextlib.suppress(OSError):  # another kernel may remove entries as well
            if path.is_file():
                state = path.stat()
                known.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in known)
    for _, size, path in sorted(known):
        if total <= MOST_BYTES:
            return
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
