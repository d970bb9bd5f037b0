"""Image archives in the layout of `docker save`, written without an engine.

Equal content gives equal bytes: entries carry no user names and no date after the recipe's epoch,
and the JSON is sorted. Layout and fields: Docker Image Specification v1.2 (`manifest.json`, one
JSON configuration an image, one tar a layer).
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

Entry = tuple[tarfile.TarInfo, IO[bytes] | None]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's tar on disk.

    Args:
        path: The uncompressed tar.
        diff_id: Its digest, `sha256:` and 64 hex digits.
        created_by: What made it, one line for the image's history.
    """

    path: Path
    diff_id: str
    created_by: str


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """What an image's configuration says beside its layers; names as in a Dockerfile."""

    architecture: str
    labels: Mapping[str, str]
    env: tuple[str, ...] = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
    cmd: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""


def directory(name: str, mode: int = 0o755, uid: int = 0) -> Entry:
    """Give the entry of a directory, `name` without a leading slash."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, mode, uid, uid
    return info, None


def file(name: str, content: str | bytes, mode: int = 0o644) -> Entry:
    """Give the entry of a regular file of root's."""
    data = content.encode() if isinstance(content, str) else content
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    return info, io.BytesIO(data)


def symlink(name: str, target: str) -> Entry:
    """Give the entry of a symbolic link."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    return info, None


def write_layer(path: Path, entries: Iterable[Entry], *, epoch: int, created_by: str) -> Layer:
    """Write entries, in their order, as an uncompressed layer tar.

    Names lose a leading `./`, owners keep their number and lose their name, dates after `epoch`
    and missing dates (0) become `epoch` (POSIX seconds).
    """
    with path.open("wb") as out:
        hashing = _Hashing(out)
        with tarfile.open(
            fileobj=hashing,
            mode="w",
            format=tarfile.PAX_FORMAT,  # long names and file capabilities, only where needed
        ) as tar:
            for info, content in entries:
                info.name = info.name.removeprefix("./")
                if info.islnk():
                    info.linkname = info.linkname.removeprefix("./")
                info.uname = info.gname = ""
                info.mtime = min(int(info.mtime) or epoch, epoch)
                tar.addfile(info, content)
    return Layer(path, f"sha256:{hashing.digest.hexdigest()}", created_by)


def write_archive(
    out: IO[bytes], reference: str, layers: Iterable[Layer], settings: ImageSettings, *, epoch: int
) -> str:
    """Write a complete image archive, and give the image's ID (`sha256:` and 64 hex digits).

    Args:
        out: Where to; written from its start to its end.
        reference: The tag that the image gets when it is loaded.
        layers: From the lowest up.
        settings: The rest of its configuration.
        epoch: Date of the image and of the archive's entries, POSIX seconds.
    """
    layers = tuple(layers)
    config = _json(_config(layers, settings, epoch))
    digest = hashlib.sha256(config).hexdigest()
    names = [f"{layer.diff_id.removeprefix('sha256:')}/layer.tar" for layer in layers]
    manifest = [{"Config": f"{digest}.json", "Layers": names, "RepoTags": [reference]}]
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in (("manifest.json", _json(manifest)), (f"{digest}.json", config)):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), epoch
            tar.addfile(info, io.BytesIO(data))
        for name, layer in dict(zip(names, layers, strict=True)).items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = layer.path.stat().st_size, epoch
            with layer.path.open("rb") as content:
                tar.addfile(info, content)
    return f"sha256:{digest}"


def _config(layers: tuple[Layer, ...], settings: ImageSettings, epoch: int) -> dict[str, Any]:
    created = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    run: dict[str, Any] = {"Env": list(settings.env), "Labels": dict(settings.labels)}
    said = [f"ENV {variable}" for variable in settings.env]
    said += [f"LABEL {key}={value}" for key, value in sorted(settings.labels.items())]
    if settings.workdir:
        # Not in the history: a builder's WORKDIR makes a layer, and this one made none.
        run["WorkingDir"] = settings.workdir
    if settings.user:
        run["User"] = settings.user
        said.append(f"USER {settings.user}")
    if settings.cmd:
        run["Cmd"] = list(settings.cmd)
        said.append(f"CMD {json.dumps(run['Cmd'])}")
    history: list[dict[str, Any]] = [
        {"created": created, "created_by": layer.created_by} for layer in layers
    ]
    history += [{"created": created, "created_by": line, "empty_layer": True} for line in said]
    variant = {"variant": "v8"} if settings.architecture == "arm64" else {}
    return {
        "architecture": settings.architecture,
        **variant,
        "os": "linux",
        "created": created,
        "config": run,
        "history": history,
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
    }


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class _Hashing(io.RawIOBase):
    """A file to write to that hashes what passes."""

    def __init__(self, out: IO[bytes]) -> None:
        super().__init__()
        self._out = out
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:  # noqa: ANN401  # as io.RawIOBase: any buffer
        self.digest.update(data)
        return self._out.write(data)

    def tell(self) -> int:
        return self._out.tell()
