"""Image archives that somebody handed out: which images they hold, read without an engine.

An instructor saves the bases once (`docker save golang:1.27 alpine:3.22 -o bases.tar`) and gives
the file away on a stick or a share; learners name its folder in STAGELAB_BUNDLE, or put it beside
the course's own archives.
"""

from __future__ import annotations

import json
import lzma
import os
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stagelab.bases import cache
from stagelab.bases.base import familiar
from stagelab.engine.labels import STAND_IN_LABEL
from stagelab.errors import ArchiveDamaged

VARIABLE = "STAGELAB_BUNDLE"
"""Environment variable that names a folder of image archives."""

_PATTERNS = ("*.tar", "*.tar.gz", "*.tgz", "*.tar.xz")
_SMALL = 1 << 20
"""Bytes; a manifest or an image's configuration is smaller, a layer need not be read."""

_MOST_SMALL = 64 << 20
"""Bytes of all of them, far more than real ones have."""

_FREE = 1 << 29
_MOST_EXPANSION = 200
"""What a compressed archive holds at most: so many bytes, and so many times its size."""


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """A file in the layout of `docker save`.

    Args:
        path: The file.
        references: What its images are tagged with, in the short form.
        architectures: Of its images (GOARCH).
        stand_ins: Whether one of them is a stand-in of ours.
    """

    path: Path
    references: tuple[str, ...]
    architectures: frozenset[str]
    stand_ins: bool


def bundled() -> tuple[tuple[ImageArchive, ...], tuple[str, ...]]:
    """Find the archives that were handed out, and say which files could not be used and why.

    They lie in the folder that STAGELAB_BUNDLE names and in the course's own folder of archives;
    the stand-ins that the course itself keeps there do not count.
    """
    own = set(cache.cached_archives())
    folders = [cache.folder()]
    notes = []
    if named := os.environ.get(VARIABLE):
        folders.insert(0, Path(named).expanduser())
        if not folders[0].is_dir():
            notes.append(f"{VARIABLE} names {named}, which is no folder.")
    archives = []
    for folder in folders:
        for path in sorted({path for pattern in _PATTERNS for path in folder.glob(pattern)} - own):
            try:
                archives.append(read_archive(path))
            except ArchiveDamaged as error:
                notes.append(f"{error.cause} {error.detail}")
    return tuple(archives), tuple(notes)


def read_archive(path: Path) -> ImageArchive:
    """Read what an archive says of its images, in one pass.

    Raises:
        ArchiveDamaged: It cannot be read, or is not of `docker save`.
    """
    try:
        small = _small_files(path)
        manifest = json.loads(small["manifest.json"])
        configs = [json.loads(small[image["Config"]]) for image in manifest]
        tags = [tag for image in manifest for tag in image.get("RepoTags") or ()]
        return ImageArchive(
            path,
            tuple(familiar(tag) for tag in tags),
            frozenset(config["architecture"] for config in configs),
            any(STAND_IN_LABEL in _labels(config) for config in configs),
        )
    except (
        *(tarfile.TarError, OSError, EOFError, lzma.LZMAError, zlib.error),
        # JSON of another shape, or nested without end, as headers can be as well
        *(ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError),
    ) as error:
        raise ArchiveDamaged(
            f"{path} is no readable archive of docker save.",
            fix="Copy it again, or make it again with docker save.",
            detail=f"{type(error).__name__}: {error}",
        ) from error


def _small_files(path: Path) -> dict[str, bytes]:
    small: dict[str, bytes] = {}
    left, most = _MOST_SMALL, _FREE + _MOST_EXPANSION * path.stat().st_size
    with tarfile.open(path) as tar:
        for info in tar:
            # before anything is read: `tarfile` would go back for ever, or unpack to that place
            if info.size < 0 or info.offset_data + info.size > most:
                raise tarfile.TarError(f"{info.name} has an impossible size")
            if info.isreg() and info.size <= _SMALL and (content := tar.extractfile(info)):
                small[info.name] = content.read()
                left -= info.size + tarfile.BLOCKSIZE
                if left < 0:
                    raise tarfile.TarError("its descriptions are beyond measure")
    return small


def _labels(config: dict[str, Any]) -> dict[str, str]:
    return (config.get("config") or {}).get("Labels") or {}
