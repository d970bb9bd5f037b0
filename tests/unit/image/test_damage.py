"""Archives that are not as they should be."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import sys
import types
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stagelab.errors import ArchiveDamaged, ImageError, StagelabError
from stagelab.image import xray
from stagelab.image.stream import PIECE, ByteStream, decompressed

from .archives import config, digest, docker_archive, file, tar

if TYPE_CHECKING:
    from pathlib import Path

LAYER = tar([file("a", b"x" * 3000), file("b", b"y" * 5000)])
GOOD = docker_archive([LAYER])


def refused(tmp_path: Path, raw: bytes) -> ArchiveDamaged:
    path = tmp_path / "bad.tar"
    path.write_bytes(raw)
    with pytest.raises(ArchiveDamaged) as caught:
        xray(path)
    assert caught.value.cause
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize("kept", [100, 700, 4000, 8000, len(LAYER) + 900])
def test_cut_off(tmp_path: Path, kept: int) -> None:
    assert refused(tmp_path, GOOD[:kept]).detail


def test_not_an_archive_at_all(tmp_path: Path) -> None:
    assert "wrong checksum" in refused(tmp_path, b"hello " * 200).detail
    assert "manifest.json" in refused(tmp_path, b"").detail


def test_a_plain_tar_such_as_docker_export_writes(tmp_path: Path) -> None:
    assert "docker export" in refused(tmp_path, LAYER).fix


def test_contents_that_are_not_what_the_digest_says(tmp_path: Path) -> None:
    other = tar([file("a", b"z" * 3000)])
    assert refused(tmp_path, docker_archive([other], config([LAYER]))).detail == digest(LAYER)


def test_no_configuration(tmp_path: Path) -> None:
    manifest = json.dumps([{"Config": "none.json", "Layers": []}]).encode()
    assert "none.json" in refused(tmp_path, tar([file("manifest.json", manifest)])).detail


@pytest.mark.parametrize("text", [b"[1]", b"{}", b'{"a":', b'[{"Config": {}}]'])
def test_a_manifest_of_another_form(tmp_path: Path, text: bytes) -> None:
    refused(tmp_path, tar([file("manifest.json", text)]))


@pytest.mark.parametrize("text", [b"[]", b'{"rootfs": 3}', b'{"rootfs": {"diff_ids": 3}}', b"{"])
def test_a_configuration_of_another_form(tmp_path: Path, text: bytes) -> None:
    refused(tmp_path, docker_archive([LAYER], text))


@pytest.mark.parametrize("name", ["../evil", "a/../../evil"])
def test_paths_that_lead_outside(tmp_path: Path, name: str) -> None:
    error = refused(tmp_path, docker_archive([tar([file(name, b"x")])]))
    assert error.detail == name
    assert not (tmp_path.parent / "evil").exists()


def test_several_images(tmp_path: Path) -> None:
    one, two = config([LAYER]), config([LAYER, LAYER])
    manifest = json.dumps([{"Config": "1.json"}, {"Config": "2.json"}]).encode()
    path = tmp_path / "two.tar"
    path.write_bytes(
        tar([file("1.json", one), file("2.json", two), file("manifest.json", manifest)])
    )
    with pytest.raises(ImageError, match="2 images"):
        xray(path)


def test_a_damaged_gzip_layer(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(LAYER))
    packed[40] ^= 0xFF
    refused(tmp_path, tar([file("blobs/sha256/1", bytes(packed))]))
    refused(tmp_path, tar([file("blobs/sha256/1", gzip.compress(LAYER)[:-30])]))


def test_a_gzip_of_many_zeros_is_read_in_pieces() -> None:
    packed = gzip.compress(bytes(50 * PIECE))
    stream = decompressed(ByteStream([packed]))
    largest = total = 0
    while piece := stream.read_some(1 << 40):
        largest, total = max(largest, len(piece)), total + len(piece)
    assert total == 50 * PIECE
    assert largest <= PIECE


def test_zstd_without_a_decompressor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = tmp_path / "zstd.tar"
    path.write_bytes(tar([file("blobs/sha256/1", b"\x28\xb5\x2f\xfd" + bytes(100))]))
    with pytest.raises(ImageError, match="zstd") as caught:
        xray(path)
    assert "pip install zstandard" in caught.value.fix


def test_zstd_with_a_decompressor(monkeypatch: pytest.MonkeyPatch) -> None:
    class Decompressor:
        def decompressobj(self) -> Decompressor:
            return self

        def decompress(self, piece: bytes) -> bytes:
            return piece[4:]

    module = types.ModuleType("zstandard")
    module.ZstdDecompressor = Decompressor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", module)
    assert decompressed(ByteStream([b"\x28\xb5\x2f\xfdhello"])).read(9) == b"hello"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(GOOD) - 1), flip=st.integers(1, 255))
def test_any_changed_byte_gives_facts_or_our_error(tmp_path: Path, at: int, flip: int) -> None:
    raw = bytearray(GOOD)
    raw[at] ^= flip
    path = tmp_path / "bad.tar"
    path.write_bytes(raw)
    with contextlib.suppress(StagelabError):  # any other error fails the test
        # if there is none, the byte was one that says nothing, such as a time
        assert xray(path).size_bytes == 8000


def test_a_stream_peeks_without_moving() -> None:
    stream = ByteStream([b"ab", b"", b"cd", b"e"])
    assert stream.peek(3) == b"abc"
    assert stream.position == 0
    assert stream.read(4) == b"abcd"
    assert stream.skip(5) == 1
    assert stream.read(1) == b""
    assert io.BytesIO(b"".join(ByteStream([b"xyz"]).pieces(3))).read() == b"xyz"
