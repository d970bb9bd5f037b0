"""Facts that were found before."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelab.errors import ImageError
from stagelab.image import cache, layer, xray
from stagelab.image.elf import ProgramFacts
from stagelab.image.entry import Entry
from stagelab.image.gobuild import GoFacts
from stagelab.image.source import EngineSource

from .archives import (
    config,
    digest,
    docker_archive,
    file,
    hardlink,
    opaque,
    opened,
    symlink,
    tar,
    whiteout,
)
from .test_gobuild import LOADER, build_info, program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stagelab.image import XRay

LAYERS = [tar([file("etc/passwd", b"\xff\x00:x"), file("bin/sh", b"x", 0o755)]), tar([file("b")])]


class Answer:
    """What the engine answers: the archive, in pieces."""

    status_code, ok = 200, True

    def __init__(self, raw: bytes) -> None:
        self.raw = io.BytesIO(raw)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


class Api:
    """Stands for the engine: gives the archive and notes what it was asked for."""

    base_url, api_version = "http://engine", "1.41"

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.asked: list[list[str]] = []

    def get(self, url: str, params: dict[str, list[str]], **_: object) -> Answer:
        assert url == "http://engine/v1.41/images/get"
        self.asked.append(params["names"])
        return Answer(self.raw)

    @property
    def saves(self) -> int:
        return len(self.asked)


class Image:
    def __init__(self, api: Api, layers: Sequence[bytes] = LAYERS) -> None:
        self.client = type("Client", (), {"api": api})()
        self.id = "sha256:abc"
        self.short_id = "sha256:a"
        self.attrs: dict[str, Any] = {"Size": 9, "RootFS": {"Layers": [*map(digest, layers)]}}
        self.tags = ["made:up"]

    def history(self) -> list[dict[str, object]]:
        return []  # so that the image must be read to know its configuration


def shells(seen: XRay) -> list[str]:
    return [finding.path for finding in seen.surface.shells]


@pytest.fixture
def api() -> Api:
    return Api(docker_archive(LAYERS))


def test_a_known_image_is_not_saved_again(api: Api) -> None:
    first, second = xray(Image(api)), xray(Image(api))
    assert api.saves == 1
    assert list(first.tree) == list(second.tree)
    assert first.layers == second.layers
    assert first.surface == second.surface
    assert first.waste == second.waste
    assert first.image_id == second.image_id == "sha256:abc"


def test_reading_a_file_saves_again(api: Api) -> None:
    assert xray(Image(api)).read("/etc/passwd") == b"\xff\x00:x"
    assert api.saves == 2


@pytest.mark.parametrize("damage", [b"", b"x" * 10, b"x" * 100])
def test_a_damaged_entry_is_made_again(api: Api, own_cache: Path, damage: bytes) -> None:
    xray(Image(api))
    for path in own_cache.rglob("layer-*"):
        path.write_bytes(damage)
    assert shells(xray(Image(api))) == ["/bin/sh"]
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
    assert len(entries) == 4  # two layers, their stack, the image
    assert not list(own_cache.rglob("new-*"))
    old = next(own_cache.rglob("image-*"))
    os.utime(old, (1, 1))
    monkeypatch.setattr(cache, "MOST_BYTES", sum(path.stat().st_size for path in entries))
    cache.store_config("sha256:other", {"a": 1}, {"sha256:l": 7})
    cache.bound([])
    assert not old.exists()
    assert cache.load_config("sha256:other") == ({"a": 1}, {"sha256:l": 7})


def test_a_folder_that_cannot_be_written_does_no_harm(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "file"))
    assert shells(xray(Image(api))) == ["/bin/sh"]


def test_a_build_is_named_by_its_tag(api: Api) -> None:
    class Build:
        image = Image(api)
        tag = "stagelab/x"
        bases = ("base",)

    seen = xray(Build())  # type: ignore[arg-type]
    assert (seen.name, seen.bases) == ("stagelab/x", ("base",))
    assert EngineSource(Image(api), "n").total_bytes == 9


def test_a_layer_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    members = [
        *(
            file(path, raw)
            for path, raw in (("etc/passwd", b"\xff\0"), ("etc/os-release", b"ID=x"))
        ),
        file("bin/sh", b"#!/bin/busybox sh\n", 0o4755),
        hardlink("bin/ash", "bin/sh"),
        hardlink("etc/group", "below"),
        symlink("x", "bin/sh"),
        file("var/lib/dpkg/status", b"Package: a\nStatus: install ok installed\nVersion: 1\n"),
        file("app", program(data=build_info(), loader=LOADER), 0o755),
        file("key", b"ghp_" + b"a1B2c3D4e5F6" * 3 + b"\n"),
        whiteout("gone"),
        opaque("var"),
    ]
    members[0][0].pax_headers = {
        "SCHILY.xattr.security.capability": "\1\0\0\2\0\x20\0\0" + "\0" * 12
    }
    members[0][0].uid = 70_000
    facts = opened(tmp_path / "image.tar", docker_archive([tar(members)])).layers[0]
    kept = cache.load_layer(facts.diff_id)
    assert kept == facts
    assert kept is not facts
    assert kept.programs
    assert kept.go
    assert kept.packages
    assert kept.contents
    assert kept.unread == ("/etc/group",)
    assert kept.capabilities == {"/etc/passwd": ("cap_net_raw",)}
    assert type(kept.entries[0]) is Entry
    assert type(kept.go["/app"]) is GoFacts
    assert type(kept.programs["/app"]) is ProgramFacts


def test_images_of_one_engine_are_saved_at_once_and_only_if_unknown() -> None:
    both = [config([LAYERS[0]]), config(LAYERS)]
    parts = [file(f"{number}.json", raw) for number, raw in enumerate(both)]
    manifest = json.dumps([{"Config": "0.json"}, {"Config": "1.json"}]).encode()
    layers = [file(f"{number}.tar", raw) for number, raw in enumerate(LAYERS)]
    api = Api(tar([*layers, *parts, file("manifest.json", manifest)]))
    images = [Image(api, LAYERS[:1]), Image(api)]
    for image, raw in zip(images, both, strict=True):
        image.id = digest(raw)
    one, other, again = xray(*images, images[0])
    assert api.asked == [[digest(both[0]), digest(both[1])]]
    assert [seen.layer_count for seen in (one, other, again)] == [1, 2, 1]
    assert (one.image_id, other.image_id) == (digest(both[0]), digest(both[1]))
    xray(*images)
    assert api.saves == 1


def test_an_image_that_the_engine_did_not_give_out() -> None:
    api = Api(docker_archive(LAYERS))
    images = [Image(api), Image(api)]
    images[1].id = "sha256:other"
    with pytest.raises(ImageError, match="did not give out"):
        xray(*images)


def write_again_and_again(home: str, number: int) -> None:
    """Keep and look up one layer as another kernel would, many times."""
    os.environ["STAGELAB_HOME"] = home
    entry = Entry("/a" * 1000, "file", number, 0o644, 0, 0, "", 0)
    facts = layer.LayerFacts("sha256:one", (entry,) * 50)
    for _ in range(100):
        cache.store_layer(facts)
        cache.store_config(f"sha256:{number}", {"n": number}, {})
        seen = cache.load_layer("sha256:one")
        assert seen is not None
        assert len({kept.size for kept in seen.entries}) == 1  # one's or another's, never both's
        assert cache.load_config(f"sha256:{number}") == ({"n": number}, {})


def test_several_kernels_write_at_once(tmp_path: Path, own_cache: Path) -> None:
    context = multiprocessing.get_context("spawn")
    home = str(tmp_path / "home")
    kernels = [
        context.Process(target=write_again_and_again, args=(home, number)) for number in range(3)
    ]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join()
    assert [kernel.exitcode for kernel in kernels] == [0, 0, 0]
    assert not list(own_cache.rglob("new-*"))


CRASH = """
import os, pathlib
from stagelab.image import cache, layer
def crash(*_):
    os._exit(9)
pathlib.Path.replace = crash  # the power goes just before the entry is in its place
cache.store_layer(layer.LayerFacts("sha256:one", ()))
"""


def test_a_crash_in_the_middle_of_a_write_leaves_no_entry(own_cache: Path) -> None:
    assert subprocess.run([sys.executable, "-c", CRASH], check=False).returncode == 9
    assert list(own_cache.rglob("new-*"))
    assert cache.load_layer("sha256:one") is None
    cache.store_layer(layer.LayerFacts("sha256:one", ()))
    assert cache.load_layer("sha256:one") == layer.LayerFacts("sha256:one", ())


TABLES = ("contents", "packages", "programs", "go", "capabilities")
LISTS = ("entries", "whiteouts", "opaques", "unread", "hits")


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), st.lists))
def test_whatever_an_entry_holds_it_is_used_or_not(kept: object) -> None:
    for name in (*LISTS, "searched", *TABLES):
        whole: dict[str, object] = {key: {} for key in TABLES}
        whole |= {key: [] for key in LISTS} | {"searched": True, name: kept}
        cache._store("layer", "sha256:one", whole)
        found = cache.load_layer("sha256:one")
        assert found is None or isinstance(found, layer.LayerFacts)
        cache._store("image", "sha256:one", {"config": kept, "stored": kept})
        cache.load_config("sha256:one")
        cache._store("stack", "sha256:one", {"layer": kept, "index": kept, "sizes": kept})
        assert cache.load_merged([layer.LayerFacts("sha256:one", ())]) is None
