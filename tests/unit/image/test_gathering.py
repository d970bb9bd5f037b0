"""Which image of an archive is meant, and what of it is remembered."""

from __future__ import annotations

import gc
import gzip
import json
from typing import TYPE_CHECKING

import pytest

from stagelab.errors import ArchiveDamaged, ImageError
from stagelab.image import cache, fixes, gathering, xray
from stagelab.image.fixes import Fixes

from .archives import config, digest, docker_archive, file, oci_archive, tar
from .test_cache import Api, Image

if TYPE_CHECKING:
    from pathlib import Path

ONE = [tar([file("one", b"1" * 999)])]
TWO = [tar([file("two", b"2")])]
ARM = config(TWO).replace(b"amd64", b"arm64")


def blob(raw: bytes) -> tuple[object, bytes]:
    return file("blobs/" + digest(raw).replace(":", "/"), raw)


def index(*raws: bytes, note: str = "") -> bytes:
    manifests = [{"digest": digest(raw)} for raw in raws]
    return json.dumps({"manifests": manifests, "note": note}).encode()


def manifest(described: bytes, note: str = "") -> bytes:
    return json.dumps({"config": {"digest": digest(described)}, "note": note}).encode()


def archive(top: bytes, *blobs: bytes) -> bytes:
    return tar([file("index.json", top), *map(blob, blobs)])  # type: ignore[list-item]


def image(api: Api, called: bytes, layers: list[bytes], architecture: str = "amd64") -> Image:
    made = Image(api, layers)
    made.id = digest(called)
    made.attrs |= {"Architecture": architecture, "Os": "linux"}
    return made


AMD_MANIFEST, ARM_MANIFEST = manifest(config(ONE)), manifest(ARM)
BOTH = index(AMD_MANIFEST, ARM_MANIFEST)


def test_an_index_gets_another_platform_later() -> None:
    """A containerd image store calls an image by its index, of which it may have any part."""
    api = Api(archive(index(BOTH), BOTH, AMD_MANIFEST, config(ONE), *ONE))
    assert xray(image(api, BOTH, ONE)).architecture == "amd64"
    api.raw = archive(index(BOTH), BOTH, ARM_MANIFEST, ARM, *TWO)
    seen = xray(image(api, BOTH, TWO, "arm64"))
    assert (seen.architecture, seen.size_bytes) == ("arm64", 1)
    xray(image(api, BOTH, TWO, "arm64"))
    assert api.saves == 2


def test_of_an_index_the_platform_that_the_engine_tells_of() -> None:
    api = Api(archive(index(BOTH), BOTH, AMD_MANIFEST, ARM_MANIFEST, config(ONE), ARM, *ONE, *TWO))
    assert xray(image(api, BOTH, TWO, "arm64")).architecture == "arm64"
    assert xray(image(api, BOTH, ONE)).architecture == "amd64"
    with pytest.raises(ImageError, match="2 images") as caught:
        xray(image(api, BOTH, [b"a layer that was never given out"]))
    assert "docker save" not in caught.value.fix


def test_a_platform_of_the_same_layers() -> None:
    amd, arm = config(TWO), ARM
    both = index(manifest(amd), manifest(arm))
    api = Api(archive(index(both), both, manifest(amd), manifest(arm), amd, arm, *TWO))
    for architecture in ("amd64", "arm64"):
        assert xray(image(api, both, TWO, architecture)).architecture == architecture


def test_several_digests_lead_to_one_configuration() -> None:
    described = config(ONE)
    inner = manifest(described)
    old, new = index(inner, note="old"), index(inner, note="new")
    again = manifest(described, note="again")
    raw = archive(index(old, new, again), old, new, again, inner, described, *ONE)
    names = [old, new, inner, again, described]
    api = Api(raw)
    seen = xray(*(image(api, name, ONE) for name in names))
    assert [each.image_id for each in seen] == [digest(name) for name in names]
    assert api.saves == 1


def test_more_ways_than_any_archive_has(tmp_path: Path) -> None:
    """40 indexes name one of 40 others, and so on: 40**4 ways."""
    layers = [[index(note=f"{n}") for n in range(40)]]
    for _ in range(3):
        layers.append([index(*layers[-1], note=f"{n}") for n in range(40)])
    raw = archive(index(*layers[-1]), *(each for some in layers for each in some))
    (path := tmp_path / "image.tar").write_bytes(raw)
    with pytest.raises(ArchiveDamaged) as caught:
        xray(path)
    assert "more than 10000" in caught.value.detail


def test_the_compressed_sizes_are_those_of_the_image_itself(tmp_path: Path) -> None:
    described = config(ONE)
    plain, packed = docker_archive(ONE), oci_archive(ONE, gzip.compress)
    engine = image(Api(plain), described, ONE)
    store = image(Api(packed), b"an index", ONE)
    size = len(gzip.compress(ONE[0]))
    (path := tmp_path / "image.tar").write_bytes(packed)
    for _ in range(2):  # whatever was read before
        assert xray(path).transfer_bytes == size
        assert xray(engine).transfer_bytes is None
    path.write_bytes(plain)
    assert xray(path).transfer_bytes is None
    for facts in cache._folder().folder.rglob("layer-*"):
        facts.unlink()
    for _ in range(2):
        assert xray(store).transfer_bytes == size


def restacked(api: Api) -> Image:
    """Give an image of known layers in another order, whose configuration the engine tells."""

    class Told(Image):
        def history(self) -> list[dict[str, object]]:
            return [{"CreatedBy": "COPY a b", "Size": 1}] * 2

    made = Told(api, [*TWO, *ONE])
    made.id = "sha256:restacked"
    return made


def test_a_new_stack_of_known_layers_keeps_the_bound(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(docker_archive([*ONE, *TWO]))
    xray(image(api, b"", [*ONE, *TWO]))
    monkeypatch.setattr(cache, "MOST_BYTES", 1)
    xray(restacked(api))
    assert api.saves == 1
    (left,) = (path for path in own_cache.rglob("*") if path.is_file())
    assert left.name.startswith("stack-")


def test_a_new_stack_of_known_layers_has_no_more_names_than_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = Api(docker_archive([*ONE, *TWO]))
    xray(image(api, b"", [*ONE, *TWO]))
    monkeypatch.setattr(gathering, "MOST_NAMES", 1)
    with pytest.raises(ArchiveDamaged, match="again and again"):
        xray(restacked(api))


@pytest.mark.parametrize("lost", ["half", "description", "layer"])
def test_an_engine_that_stops_in_the_middle(lost: str, tmp_path: Path) -> None:
    whole = docker_archive(ONE)
    raw = {
        "half": whole[: len(whole) // 2],
        "description": tar([file("l", ONE[0])]),
        "layer": docker_archive([], config(ONE)),
    }[lost]
    with pytest.raises(ImageError, match=r"stopped in the middle.* made:up") as caught:
        xray(image(Api(raw), config(ONE), ONE))
    assert "docker save" not in caught.value.fix
    assert caught.value.detail
    (path := tmp_path / "image.tar").write_bytes(raw)
    with pytest.raises(ArchiveDamaged) as damaged:  # a file can be written again
        xray(path)
    assert "docker save" in damaged.value.fix


def test_an_engine_that_stops_while_a_file_is_read() -> None:
    api = Api(docker_archive(ONE))
    seen = xray(image(api, config(ONE), ONE))
    api.raw = docker_archive(ONE)[:900]
    with pytest.raises(ImageError, match="stopped in the middle"):
        seen.read("/one")


def test_the_collector_runs_while_the_network_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = []

    def published(*_: object, **__: object) -> Fixes:
        running.append(gc.isenabled())
        return Fixes("not applicable")

    monkeypatch.setattr(fixes, "published_fixes", published)
    (path := tmp_path / "image.tar").write_bytes(docker_archive(ONE))
    seen = xray(path, path, fixes=True)
    assert running == [True, True]
    assert [each.fixes for each in seen] == [Fixes("not applicable")] * 2
    assert xray(path).fixes == fixes.NOT_ASKED
