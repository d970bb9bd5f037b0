"""Facts that were found before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stagelab.image import cache, layer, xray
from stagelab.image.source import EngineSource

from .archives import docker_archive, file, tar

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = [tar([file("etc/passwd", b"\xff\x00:x"), file("bin/sh", b"x", 0o755)]), tar([file("b")])]


class Api:
    """Stands for the engine: gives the archive and counts how often."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.saves = 0

    def get_image(self, _image: str, chunk_size: int) -> list[bytes]:
        self.saves += 1
        return [self.raw[at : at + chunk_size] for at in range(0, len(self.raw), chunk_size)]


class Image:
    def __init__(self, api: Api) -> None:
        self.client = type("Client", (), {"api": api})()
        self.id = "sha256:abc"
        self.short_id = "sha256:a"
        self.attrs = {"Size": 9}
        self.tags = ["made:up"]

    def history(self) -> list[dict[str, object]]:
        return []


@pytest.fixture
def api() -> Api:
    return Api(docker_archive(LAYERS))


def test_a_known_image_is_not_saved_again(api: Api) -> None:
    first, second = xray(Image(api)), xray(Image(api))
    assert api.saves == 1
    assert first == second or list(first.tree) == list(second.tree)
    assert (first.layers, first.shells, first.image_id) == (
        second.layers,
        second.shells,
        "sha256:abc",
    )


def test_reading_a_file_saves_again(api: Api) -> None:
    assert xray(Image(api)).read("/etc/passwd") == b"\xff\x00:x"
    assert api.saves == 2


@pytest.mark.parametrize("damage", [b"", b"x" * 10, b"x" * 100])
def test_a_damaged_entry_is_made_again(api: Api, own_cache: Path, damage: bytes) -> None:
    xray(Image(api))
    for path in own_cache.rglob("layer-*"):
        path.write_bytes(damage)
    assert xray(Image(api)).shells == ("/bin/sh",)
    assert api.saves == 2
    xray(Image(api))
    assert api.saves == 2


def test_an_entry_of_another_form_is_not_believed(api: Api) -> None:
    seen = xray(Image(api))
    cache._store("layer", str(seen.layers[0].diff_id), {"entries": 3})
    xray(Image(api))
    assert api.saves == 2


def test_other_rules_do_not_use_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    xray(Image(api))
    monkeypatch.setattr(cache, "RULES", layer.RULES + 1)
    xray(Image(api))
    assert api.saves == 2


def test_no_half_entries_and_a_bound(
    api: Api, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    xray(Image(api))
    entries = sorted(own_cache.rglob("*-*"))
    assert len(entries) == 3
    assert not list(own_cache.rglob("new-*"))
    old = next(own_cache.rglob("image-*"))
    os.utime(old, (1, 1))
    monkeypatch.setattr(cache, "MOST_BYTES", sum(path.stat().st_size for path in entries))
    cache.store_config("sha256:other", {"a": 1})
    assert not old.exists()
    assert cache.load_config("sha256:other") == {"a": 1}


def test_a_folder_that_cannot_be_written_does_no_harm(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "file"))
    assert xray(Image(api)).shells == ("/bin/sh",)


def test_a_build_is_named_by_its_tag(api: Api) -> None:
    class Build:
        image = Image(api)
        tag = "stagelab/x"
        bases = ("base",)

    seen = xray(Build())  # type: ignore[arg-type]
    assert (seen.name, seen.bases) == ("stagelab/x", ("base",))
    assert EngineSource(Image(api), "n").total_bytes == 9
