"""Image archives: the layout of `docker save` and the OCI image layout, read in one pass.

A layer is known by the digest of its uncompressed tar (its diff ID), which is computed while it
is read. So neither the names inside an archive nor the order of its parts matter, and no archive
can pass one layer off as another.

Source: OCI image specification, "Image Layout" and "Image Manifest"; Docker image specification
v1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from typing import TYPE_CHECKING, Any

from stagelab.errors import ArchiveDamaged, ImageError
from stagelab.image.layer import is_kept, scan
from stagelab.image.stream import PIECE, ByteStream, decompressed, truncated
from stagelab.image.tar import BLOCK, headers, looks_like_tar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stagelab.image.layer import LayerFacts

_MOST_DOCUMENT = 8 << 20
_MOST_NESTED = 4
_ATTESTATION = "vnd.docker.reference.type"


class Parts:
    """The documents (JSON) of an archive, gathered while `layers` is iterated to its end."""

    def __init__(self) -> None:
        self._documents: dict[str, bytes] = {}

    def layers(
        self, pieces: Iterable[bytes], keep: Callable[[str], bool] = is_kept
    ) -> Iterator[LayerFacts]:
        """Give each layer of the archive as it comes.

        Raises:
            ArchiveDamaged: If the archive is cut off, no archive at all, or unsafe.
        """
        stream = decompressed(ByteStream(pieces))
        for header in headers(stream):
            if header.kind != "file" or not header.stored:
                continue
            start = stream.peek(min(BLOCK, header.stored))
            if looks_like_tar(start) or _is_compressed(start):
                yield from _layer(stream, header.stored, keep)
            elif header.stored <= _MOST_DOCUMENT and start.lstrip()[:1] in (b"{", b"["):
                document = stream.read(header.stored)
                if len(document) < header.stored:
                    raise truncated(f"the contents of {header.name} are cut off")
                self._documents[posixpath.normpath(header.name)] = document
        stream.drain()

    def config(self) -> tuple[str, dict[str, Any]]:
        """Give the digest and the contents of the archive's image configuration.

        Raises:
            ArchiveDamaged: If there is none or it cannot be read.
            ImageError: If the archive holds several images.
        """
        names = self._configs_of_docker() or self._configs_of_oci()
        if not names:
            raise _without("neither manifest.json nor index.json names an image")
        if len(set(names)) > 1:
            raise ImageError(
                f"The archive holds {len(set(names))} images.",
                fix="Write one image to an archive of its own with `docker save -o FILE IMAGE`.",
                detail=", ".join(names),
            )
        raw = self._raw(names[0])
        config = self._document(names[0])
        rootfs = config.get("rootfs") if isinstance(config, dict) else None
        if not isinstance(rootfs, dict) or not isinstance(rootfs.get("diff_ids", []), list | None):
            raise _without(f"{names[0]} is no image configuration")
        return "sha256:" + hashlib.sha256(raw).hexdigest(), config

    def _configs_of_docker(self) -> list[str]:
        if "manifest.json" not in self._documents:
            return []
        try:
            return [str(image["Config"]) for image in self._document("manifest.json")]
        except (KeyError, TypeError) as error:
            raise _without("manifest.json is not as it should be") from error

    def _configs_of_oci(self) -> list[str]:
        if "index.json" not in self._documents:
            return []
        try:
            return list(self._walk(self._document("index.json"), _MOST_NESTED))
        except (KeyError, TypeError, AttributeError) as error:
            raise _without("index.json is not as it should be") from error

    def _walk(self, document: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - any JSON
        if "config" in document:
            yield _blob(document["config"]["digest"])
        for descriptor in document.get("manifests", []) if depth else []:
            name = _blob(descriptor["digest"])
            # An index may name platforms that the archive leaves out, and proofs of origin.
            attests = (descriptor.get("annotations") or {}).get(_ATTESTATION)
            if name in self._documents and not attests:
                yield from self._walk(self._document(name), depth - 1)

    def _raw(self, name: str) -> bytes:
        raw = self._documents.get(posixpath.normpath(name))
        if raw is None:
            raise _without(f"{name} is missing")
        return raw

    def _document(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        try:
            return json.loads(self._raw(name))
        except (ValueError, RecursionError) as error:
            raise _without(f"{name}: {error}") from error


def _layer(stream: ByteStream, stored: int, keep: Callable[[str], bool]) -> Iterator[LayerFacts]:
    end = stream.position + stored
    content = decompressed(ByteStream(stream.pieces(stored)))
    if looks_like_tar(content.peek(BLOCK)):
        sha256 = hashlib.sha256()

        def hashed() -> Iterator[bytes]:
            while piece := content.read_some(PIECE):
                sha256.update(piece)
                yield piece

        yield scan(ByteStream(hashed()), lambda: "sha256:" + sha256.hexdigest(), keep)
    stream.skip(end - stream.position)


def _is_compressed(start: bytes) -> bool:
    return start.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _without(detail: str) -> ArchiveDamaged:
    return ArchiveDamaged(
        "This is no complete image archive: the description of its image is missing or damaged.",
        fix="Write it with `docker save -o FILE IMAGE` (`docker export` writes something else).",
        detail=detail,
    )
