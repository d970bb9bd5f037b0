"""Make stand-ins' image archives, in the cache, each under its recipe's key."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path

from stagelab.bases import cache
from stagelab.bases.archive import ImageSettings, Layer, write_archive
from stagelab.bases.catalog import CatalogueEntry, Recipe
from stagelab.bases.progress import Progress
from stagelab.bases.standin import alpine, debian, distroless, golang
from stagelab.bases.standin.ca import host_bundle
from stagelab.bases.standin.mmdebstrap import install
from stagelab.bases.standin.platforms import platform
from stagelab.bases.standin.workshop import Workshop
from stagelab.engine import owners
from stagelab.engine.labels import COURSE_LABEL, STAND_IN_LABEL
from stagelab.errors import StandInFailed

KEY_LABEL = "org.stagelab.stand-in.key"
"""On a stand-in: the key of everything that went into it."""

_Making = Callable[[Workshop, Recipe, dict[str, str]], tuple[tuple[Layer, ...], ImageSettings]]
_MAKINGS: Mapping[str, _Making] = {
    "golang": golang.make,
    "alpine": alpine.make,
    "debian": debian.make,
    "distroless": distroless.make,
}


def key_of(recipe: Recipe, architecture: str, certificates: bytes) -> str:
    """Give the key of a stand-in: 12 hex digits over the recipe, the architecture and the CAs."""
    content = asdict(recipe) | {
        "architecture": architecture,
        "certificates": hashlib.sha256(certificates).hexdigest(),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def cached(entry: CatalogueEntry, architecture: str) -> Path | None:
    """Give the archive of an entry's stand-in if it is in the cache and undamaged."""
    path = cache.place(entry.name, key_of(entry.recipe, architecture, host_bundle()))
    return path if cache.intact(path) else None


def make(
    entries: Sequence[CatalogueEntry], architecture: str, progress: Progress
) -> dict[str, Path]:
    """Make stand-ins' archives, and give their paths by the entries' names.

    What is in the cache already is taken from there. Two are made at a time: one waits for the
    network while the other unpacks.

    Args:
        entries: Of the catalogue.
        architecture: The engine's (GOARCH).
        progress: Gets a message at each step; called from several threads, one at a time.

    Raises:
        StandInFailed: One could not be made.
    """
    turn = threading.Lock()

    def say(what: str) -> None:
        with turn:
            progress(what, None, None)

    certificates = host_bundle()
    shop = Workshop(cache.folder(), platform(architecture), certificates, say)
    paths = {
        one.name: cache.place(one.name, key_of(one.recipe, architecture, certificates))
        for one in entries
    }
    missing = [one for one in entries if not cache.intact(paths[one.name])]
    if missing:
        install(shop)
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="stand-in") as pool:
        futures = [pool.submit(_make_one, one, paths[one.name], shop) for one in missing]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            shop.cancelled.set()
            pool.shutdown(cancel_futures=True)
            raise
    return paths


def _make_one(entry: CatalogueEntry, path: Path, shop: Workshop) -> None:
    def say(what: str) -> None:
        shop.say(f"Stand-in for {entry.name}: {what}")

    recipe = entry.recipe
    key = key_of(recipe, shop.platform.docker, shop.certificates)
    labels = {COURSE_LABEL: "1", STAND_IN_LABEL: recipe.name, KEY_LABEL: key}
    try:
        cache.folder().mkdir(parents=True, exist_ok=True)
        cache.delete_abandoned()
        prefix = f"{cache.MAKING}{owners.me()}."
        with tempfile.TemporaryDirectory(dir=cache.folder(), prefix=prefix) as folder:
            own = replace(shop, folder=Path(folder), say=say)
            layers, settings = _MAKINGS[recipe.name](own, recipe, labels)
            say("writing the image archive")
            with cache.writing(path) as out:
                write_archive(out, entry.reference, layers, settings, epoch=recipe.epoch)
    except OSError as error:
        raise _not_written(error, entry.name) from error


def _not_written(error: OSError, name: str) -> StandInFailed:
    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(cache.folder()).free // 1_000_000
        return StandInFailed(
            f"The disk is full: the stand-in for {name} does not fit ({free} MB are free).",
            fix=f"Free about 2 GB on the disk of {cache.folder()}, or name a folder on another "
            "disk in STAGELAB_HOME.",
            detail=str(error),
        )
    return StandInFailed(
        f"The stand-in for {name} could not be written.",
        fix=f"See that you may write in {cache.folder()}, or name another folder in STAGELAB_HOME.",
        detail=str(error),
    )
