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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stagelab.errors import ArchiveDamaged
from stagelab.image.layer import is_kept, scan
from stagelab.image.room import Room
from stagelab.image.shape import unreadable
from stagelab.image.stream import PIECE, ByteStream, CutOff, Growth, decompressed, truncated
from stagelab.image.sweep import Sweep
from stagelab.image.tar import BLOCK, headers, looks_like_tar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stagelab.image.layer import LayerFacts
    from stagelab.image.tar import Header

_MOST_DOCUMENT = 4 << 20
_MOST_DOCUMENTS = 64 << 20
_MOST_NESTED = 4
_MOST_LAYERS = 1000
"""Many times what the engine's drivers can stack."""

_MOST_STEPS = 10_000
"""Descriptions that are looked at on all ways from index.json; a real archive has some tens."""

_BLOBS = "blobs/sha256/"
_ATTESTATION = "vnd.docker.reference.type"


@dataclass(frozen=True, slots=True)
class Described:
    """An image of an archive: `digests` are all that it may be called by, `config` is its own."""

    digests: tuple[str, ...]
    config: dict[str, Any]


class Parts:
    """The parts of an archive but for its layers, gathered while `layers` is iterated to its end.

    Attributes:
        stored: Bytes of each layer as the archive has it, by diff ID, of the compressed ones.
    """

    def __init__(self) -> None:
        self.stored: dict[str, int] = {}
        self._documents: dict[str, bytes] = {}
        self._documents_bytes = 0

    def layers(
        self, pieces: Iterable[bytes], keep: Callable[[str], bool] = is_kept
    ) -> Iterator[LayerFacts]:
        """Give each layer of the archive as it comes.

        Raises:
            ArchiveDamaged: If the archive is cut off, no archive at all, unsafe or beyond measure.
        """
        room, growth = Room(), Growth()
        stream = decompressed(ByteStream(pieces), growth)
        with ThreadPoolExecutor(1, "stagelab-digest") as executor:
            for header in headers(stream):
                if header.kind != "file" or not header.stored:
                    continue
                start = stream.peek(min(BLOCK, header.stored))
                if looks_like_tar(start) or _is_compressed(start):
                    stop = stream.position + header.stored
                    content = decompressed(ByteStream(stream.pieces(header.stored)), growth)
                    facts = _layer(content, keep, Sweep(executor), room)
                    stream.skip(stop - stream.position)
                    if facts:
                        if _is_compressed(start):
                            self.stored[facts.diff_id] = header.stored
                        yield facts
                elif header.stored <= _MOST_DOCUMENT and start.lstrip()[:1] in (b"{", b"["):
                    self._keep(header, stream)
        stream.drain()

    def images(self) -> tuple[Described, ...]:
        """Give the archive's images, each once.

        Raises:
            ArchiveDamaged: If there is none or its configuration cannot be read.
        """
        named: dict[str, dict[str, None]] = {name: {} for name in self._configs_of_docker()}
        for name, way in self._configs_of_oci():
            named[name] = named.get(name, {}) | dict.fromkeys(way)
        if not named:
            raise _without("neither manifest.json nor index.json names an image", CutOff)
        found: dict[str, Described] = {}  # one configuration may have several names
        for name, digests in named.items():
            image = self._described(name, digests)
            known = found.get(image.digests[0])
            more = known.digests if known else ()
            found[image.digests[0]] = replace(
                image, digests=tuple(dict.fromkeys((*image.digests, *more)))
            )
        return tuple(found.values())

    def _keep(self, header: Header, stream: ByteStream) -> None:
        self._documents_bytes += header.stored + len(header.name)
        if self._documents_bytes > _MOST_DOCUMENTS:
            raise _without("its descriptions are beyond measure")
        document = stream.read(header.stored)
        if len(document) < header.stored:
            raise truncated(f"the contents of {header.name} are cut off")
        self._documents[posixpath.normpath(header.name)] = document

    def _described(self, name: str, digests: Iterable[str]) -> Described:
        raw = self._raw(name)
        config = self._document(name)
        rootfs = config.get("rootfs") if isinstance(config, dict) else None
        if not isinstance(rootfs, dict) or not _is_words(rootfs.get("diff_ids")):
            raise _without(f"{name} is no image configuration")
        if len(rootfs.get("diff_ids") or ()) > _MOST_LAYERS:
            raise _without(f"{name} names more than {_MOST_LAYERS} layers")
        problem = unreadable(config)
        if problem:
            raise _without(f"{name}: {problem}")
        digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        return Described((digest, *digests), config)

    def _configs_of_docker(self) -> list[str]:
        """Give the names of the configurations that manifest.json names."""
        if "manifest.json" not in self._documents:
            return []
        try:
            names = [str(image["Config"]) for image in self._document("manifest.json")]
        except (KeyError, TypeError) as error:
            raise _without("manifest.json is not as it should be") from error
        return [posixpath.normpath(name) for name in names]

    def _configs_of_oci(self) -> list[tuple[str, tuple[str, ...]]]:
        """Give the names of the configurations that index.json leads to, and each way's digests."""
        if "index.json" not in self._documents:
            return []
        ways: list[tuple[str, tuple[str, ...]]] = [("index.json", ())]
        known: dict[str, tuple[str | None, tuple[str, ...]]] = {}
        found = []
        try:
            for name, way in ways:  # which become more
                if name not in known:
                    known[name] = self._led_to(name)
                config, further = known[name]
                if config:
                    found.append((_blob(config), way))
                if len(way) < _MOST_NESTED:
                    ways += [(_blob(digest), (*way, digest)) for digest in further]
                if len(ways) > _MOST_STEPS:
                    raise _without(f"its indexes name more than {_MOST_STEPS} images")
        except (KeyError, TypeError, AttributeError) as error:
            raise _without("index.json is not as it should be") from error
        return found

    def _led_to(self, name: str) -> tuple[str | None, tuple[str, ...]]:
        """Give the digests of the configuration and of the manifests that a description names."""
        document = self._document(name)
        config = str(document["config"]["digest"]) if "config" in document else None
        # An index may name platforms that the archive leaves out, and proofs of origin.
        further = {
            str(descriptor["digest"]): None
            for descriptor in document.get("manifests", [])
            if _blob(descriptor["digest"]) in self._documents
            and not (descriptor.get("annotations") or {}).get(_ATTESTATION)
        }
        return config, tuple(further)

    def _raw(self, name: str) -> bytes:
        raw = self._documents.get(posixpath.normpath(name))
        if raw is None:
            raise _without(f"{name} is missing", CutOff)
        if name.startswith(_BLOBS) and name != _BLOBS + hashlib.sha256(raw).hexdigest():
            raise _without(f"{name} is not what its digest says")
        return raw

    def _document(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        try:
            return json.loads(self._raw(name))
        except (ValueError, RecursionError) as error:
            raise _without(f"{name}: {error}") from error


def _layer(
    content: ByteStream, keep: Callable[[str], bool], sweep: Sweep, room: Room
) -> LayerFacts | None:
    """Read a layer; None if it is none."""
    if not looks_like_tar(content.peek(BLOCK)):
        return None
    return scan(ByteStream(sweep.pieces(content, PIECE)), sweep.finish, keep, room)


def _is_words(value: object) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(word, str) for word in value)
    )


def _is_compressed(start: bytes) -> bool:
    return start.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _without(detail: str, kind: type[ArchiveDamaged] = ArchiveDamaged) -> ArchiveDamaged:
    return kind(
        "This is no complete image archive: the description of its image is missing or damaged.",
        fix="Write it with `docker save -o FILE IMAGE` (`docker export` writes something else).",
        detail=detail,
    )
