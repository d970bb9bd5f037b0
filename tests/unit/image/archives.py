"""Image archives made by the tests, with the standard library's tarfile."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

from stagelab.image.gathering import gather
from stagelab.image.source import FileSource
from stagelab.image.stack import stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from stagelab.image.stack import Stack


def file(path: str, data: bytes = b"", mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(path)
    info.size = len(data)
    info.mode = mode
    return info, data


def folder(path: str) -> tuple[tarfile.TarInfo, bytes]:
    return _special(path, tarfile.DIRTYPE, mode=0o755)


def symlink(path: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return _special(path, tarfile.SYMTYPE, target, mode=0o777)


def hardlink(path: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return _special(path, tarfile.LNKTYPE, target)


def whiteout(path: str) -> tuple[tarfile.TarInfo, bytes]:
    above, _, name = path.rpartition("/")
    return file(f"{above}/.wh.{name}" if above else f".wh.{name}")


def opaque(path: str) -> tuple[tarfile.TarInfo, bytes]:
    return file(f"{path}/.wh..wh..opq")


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return raw.getvalue()


def digest(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def config(
    layers: Sequence[bytes],
    history: Sequence[dict[str, Any]] | None = None,
    settings: dict[str, Any] | None = None,
) -> bytes:
    if history is None:
        history = [{"created_by": f"COPY {number}"} for number in range(len(layers))]
    return json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": settings or {},
            "history": list(history),
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
        }
    ).encode()


def docker_archive(layers: Sequence[bytes], described: bytes | None = None) -> bytes:
    described = described or config(layers)
    name = digest(described).removeprefix("sha256:") + ".json"
    paths = [f"{number:064x}/layer.tar" for number in range(len(layers))]
    manifest = [{"Config": name, "RepoTags": ["made:up"], "Layers": paths}]
    parts = [file(path, layer) for path, layer in zip(paths, layers, strict=True)]
    parts += [file(name, described), file("manifest.json", json.dumps(manifest).encode())]
    return tar(parts)


def oci_archive(layers: Sequence[bytes], compress: Callable[[bytes], bytes] | None = None) -> bytes:
    blobs = [compress(layer) if compress else layer for layer in layers]
    described = config(layers)
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "config": {"digest": digest(described)},
            "layers": [{"digest": digest(blob)} for blob in blobs],
        }
    ).encode()
    proof = json.dumps({"config": {"digest": "sha256:0"}, "layers": []}).encode()
    inner = {
        "manifests": [
            {"digest": digest(manifest), "platform": {"architecture": "amd64"}},
            {
                "digest": digest(proof),
                "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
            },
            {"digest": "sha256:" + "0" * 64, "platform": {"architecture": "arm64"}},
        ]
    }
    index = json.dumps(inner).encode()
    outer = json.dumps({"manifests": [{"digest": digest(index)}]}).encode()
    parts = [
        file("blobs/" + digest(blob).replace(":", "/"), blob)
        for blob in (index, manifest, proof, described, *blobs)
    ]
    return tar(
        [file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), file("index.json", outer), *parts]
    )


def _special(
    path: str, kind: bytes, target: str = "", mode: int = 0o644
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(path)
    info.type = kind
    info.linkname = target
    info.mode = mode
    return info, b""


def opened(path: Path, raw: bytes | None = None) -> Stack:
    """Read an archive's image, of these bytes if there are some, as `xray` does."""
    if raw is not None:
        path.write_bytes(raw)
    (read,) = gather([FileSource(path)], None)
    return stack(read.config, read.layers, read.merged)
