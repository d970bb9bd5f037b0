"""Folders and differences as they look, and the explorer in a real kernel."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from stagelab import diff, explore, usage
from stagelab.image.xraying import xray
from stagelab.show.diff import change_text, diff_html, diff_text
from stagelab.show.explorer import WHOLE
from stagelab.show.tiles import HEIGHT, OTHERS, WIDTH, percent, tiles, words
from stagelab.show.usage import usage_html, usage_text
from tests.unit.image.archives import config, docker_archive, file, folder, hardlink, symlink, tar

if TYPE_CHECKING:
    import tarfile
    from pathlib import Path

    from stagelab.image.diff import TreeDiff
    from stagelab.image.facts import XRay

WIDGET = "application/vnd.jupyter.widget-view+json"
HOSTILE = '<script>alert(1)"\x1b[2J&'
LAYERS = [
    tar(
        [
            folder("usr"),
            file("usr/lib/large", b"l" * 60_000),
            file("usr/lib/second", b"s" * 9_000),
            hardlink("usr/lib/third", "usr/lib/large"),
            file("usr/bin/tool", b"t" * 20_000),
            file(f"usr/{HOSTILE}", b"h" * 10_000),
            symlink("bin", "usr/bin"),
            folder("empty"),
        ]
    ),
    tar([file("app", b"a" * 50_000), *(file(f"many/{n}", b"m" * 10) for n in range(300))]),
]
HISTORY = [
    {"created_by": "COPY <all> /"},
    {"created_by": "ENV A=1", "empty_layer": True},
    {"created_by": "COPY app /"},
]


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> XRay:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    path = tmp_path / "image.tar"
    path.write_bytes(docker_archive(LAYERS, config(LAYERS, HISTORY)))
    return xray(path)


def words_of(html: str) -> list[str]:
    """The texts of a piece of HTML, read as XML so that nothing is left open."""
    root = ET.fromstring(re.sub("<br>", "<br/>", html).replace("&nbsp;", " "))  # noqa: S314 - our own
    return [text.strip() for text in root.itertext() if text.strip()]


def test_tiles_lie_within_their_folders(seen: XRay) -> None:
    whole = tiles(usage(seen))
    assert [(tile.name, tile.depth) for tile in whole] == [
        ("usr", 0), ("lib", 1), ("large", 2), ("second", 2),
        ("bin", 1), ("tool", 2), (HOSTILE, 1), ("app", 0), ("many", 0),
    ]  # fmt: skip
    outer = [tile.place for tile in whole if not tile.depth]
    assert sum(place.area for place in outer) == pytest.approx(WIDTH * HEIGHT)
    usr, lib = whole[0].place, whole[1].place
    assert usr.x < lib.x < lib.x + lib.width < usr.x + usr.width
    assert usr.y < lib.y < lib.y + lib.height <= usr.y + usr.height
    assert whole[0].opened
    assert not whole[2].opened


def test_what_is_small_is_put_together(tmp_path: Path, seen: XRay) -> None:
    path = tmp_path / "many.tar"
    path.write_bytes(docker_archive([tar([file(str(n), b"x" * 100) for n in range(500)])]))
    many = tiles(usage(xray(path)))
    assert len(many) == 49
    assert (many[-1].name, many[-1].size_bytes, many[-1].colour) == ("452 smaller", 45_200, OTHERS)
    assert words(many[-1], 50_000) == "452 smaller · 45.2 kB, 90 % · 452 files"
    assert tiles(usage(seen, "empty")) == []


def test_a_layer_has_one_colour_in_every_folder(seen: XRay) -> None:
    def colour_of(path: str, name: str) -> str:
        return next(tile.colour for tile in tiles(usage(seen, path)) if tile.name == name)

    assert colour_of("/", "app") != colour_of("/", "usr") == colour_of("/usr/lib", "second")
    alone = {tile.name: tile.colour for tile in tiles(usage(seen, layer=2))}
    assert alone["app"] != alone["many"]  # of one layer the kinds have colours


@pytest.mark.parametrize(
    ("part", "told"), [(0, "0 %"), (1, "< 0.1 %"), (74, "7.4 %"), (99, "9.9 %"), (1000, "100 %")]
)
def test_percent(part: int, told: str) -> None:
    assert percent(part, 1000 if part != 1 else 100_000) == told
    assert percent(0, 0) == "0 %"


def test_a_folder_as_text(seen: XRay) -> None:
    lines = usage_text(usage(seen)).splitlines()
    assert lines[0] == "/ in image.tar: 152 kB in 306 files"
    assert lines[4:6] == ["    0  99 kB  COPY <all> /", "    2  53 kB  COPY app /"]
    assert lines[9].split() == ["usr/", "99", "kB", "███████▉", "65", "%", "5", "0"]
    assert lines[10].split() == ["lib/", "69", "kB", "█████▌", "45", "%", "3", "0"]
    assert lines[10].startswith("  lib/")
    assert "And 2 more entries with 0 B." in lines
    assert "third = /usr/lib/large" not in "\n".join(lines)
    assert "The folder is empty." in usage_text(usage(seen, "empty"))


def test_a_folder_as_html_tells_the_same(seen: XRay) -> None:
    for path in ("/", "usr", "usr/lib", "empty", "many"):
        found = usage(seen, path)
        shown = " ".join(words_of(usage_html(found)))
        for line in usage_text(found).splitlines():
            for word in re.findall(r"[\w/.]{2,}", line):
                assert word in shown


def test_nothing_in_a_name_gets_out(seen: XRay) -> None:
    found = usage(seen, "usr")
    for html in (usage_html(found), diff_html(diff(seen, seen))):
        assert "<script" not in html
        assert "<svg" not in html
        assert "\x1b" not in html
    assert "\x1b" not in usage_text(found)
    assert r"\x1b[2J" in usage_text(found)
    for tile in explore(seen).view["tiles"]:
        assert tile["name"].isprintable()
        assert tile["about"].isprintable()


def test_differences_fold(tmp_path: Path, seen: XRay) -> None:
    path = tmp_path / "second.tar"
    path.write_bytes(
        docker_archive(
            [
                tar([folder("usr"), file("usr/lib/large", b"L" * 60_000, 0o755)]),
                tar([folder("new"), *(file(f"new/{n}", b"n" * 1000) for n in range(40))]),
                tar([file(f"a/{n}", b"n" * 900) for n in range(40)]),
            ]
        )
    )
    found = diff(seen, xray(path))
    lines = diff_text(found).splitlines()
    assert lines[0] == "/: from image.tar to second.tar, 152 kB → 136 kB"
    told = [re.sub(r"\s*[█▉▊▋▌▍▎▏]+", "", line).split(maxsplit=5) for line in lines[11:]]
    rows = {row[1]: row for row in told if len(row) > 5}
    assert rows["/new/"][2:] == ["41", "+40", "kB", "the folder and 40 below"]
    assert rows["/a/…"][2:] == ["40", "+36", "kB", "40 entries of this folder"]
    assert rows["/usr/lib/large"][0] == "~"
    assert "contents, 60 kB → 60 kB; mode 0644 → 0755" in diff_text(found)
    (change,) = (each for each in found.changed if each.path == "/usr/lib/large")
    assert change_text(change).startswith("~ /usr/lib/large: contents")
    shown = " ".join(words_of(diff_html(found)))
    for line in lines:
        for word in re.findall(r"[\w/.…]{2,}", line):
            assert word in shown
    assert "no difference between image.tar and image.tar" in diff_text(diff(seen, seen))


def test_rows_of_a_difference_leave_nothing_out(seen: XRay, tmp_path: Path) -> None:
    path = tmp_path / "none.tar"
    path.write_bytes(docker_archive([tar([])]))
    gone = diff(seen, xray(path))
    assert paths_in_rows(gone) == len(gone.removed) == len(seen.tree)


def test_folders_that_changed_beside_what_is_in_them(seen: XRay, tmp_path: Path) -> None:
    del seen  # wanted for its cache alone
    archives = []
    for mode in (0o755, 0o700):
        folders = [directory("etc", mode), directory("etc/x", mode)]
        files = [file(f"etc/x/{n}", b"1", mode) for n in range(9)]
        archives.append(tmp_path / f"{mode}.tar")
        archives[-1].write_bytes(docker_archive([tar([*folders, *files])]))
    before, after = archives
    found = diff(xray(before), xray(after))
    assert paths_in_rows(found) == len(found.changed) == 11


def directory(name: str, mode: int) -> tuple[tarfile.TarInfo, bytes]:
    info, data = folder(name)
    info.mode = mode
    return info, data


def paths_in_rows(found: TreeDiff) -> int:
    lines = diff_text(found).splitlines()
    start = next(n for n, line in enumerate(lines) if "What differs" in line) + 2
    rows = [line.split() for line in lines[start:] if line[:1] in {"+", "−", "~"}]  # noqa: RUF001 - a minus
    return sum(int(row[2]) for row in rows)


def test_the_explorer_goes_where_it_is_sent(seen: XRay) -> None:
    explorer = explore(seen)
    assert [tile["path"] for tile in explorer.view["tiles"] if not tile["depth"]] == [
        "/usr", "/app", "/many",
    ]  # fmt: skip
    explorer.path = "/usr"
    assert explorer.view["crumbs"] == [
        {"name": "image.tar", "path": "/"},
        {"name": "usr", "path": "/usr"},
    ]
    assert explorer.shown == usage(seen, "usr")
    explorer.layer = 0
    assert (explorer.shown.layer, explorer.path) == (0, "/usr")
    explorer.layer = 2  # has no such folder
    assert (explorer.shown.layer, explorer.path) == (2, "/")
    explorer.layer = WHOLE
    explorer.path = "bin"
    assert (explorer.path, explorer.shown.layer) == ("/usr/bin", None)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("path", "/nowhere", "There is no /nowhere in image.tar."),
        ("path", "/app", "/app in image.tar is no folder."),
        ("path", "../../\x1b", r"There is no /\x1b in image.tar."),
        ("layer", 1, "image.tar has no layer 1."),
        ("layer", -7, "image.tar has no layer -7."),
    ],
)
def test_the_explorer_stays_where_it_is_if_there_is_no_way(
    seen: XRay, name: str, value: object, problem: str
) -> None:
    explorer = explore(seen)
    explorer.path = "/usr"
    explorer.set_trait(name, value)
    assert explorer.view["problem"] == problem
    assert (explorer.path, explorer.layer) == ("/usr", WHOLE)
    explorer.path = "/many"
    assert explorer.view["problem"] == ""


def test_few_bytes_are_sent_of_many_entries(tmp_path: Path, seen: XRay) -> None:
    path = tmp_path / "deep.tar"
    names = [f"{a}/{b}/{c}" for a in range(30) for b in range(30) for c in range(10)]
    path.write_bytes(docker_archive([tar([file(name, b"x" * 50) for name in names])]))
    explorer = explore(xray(path))
    assert len(explorer.view["tiles"]) < 500
    assert len(json.dumps(explorer.view)) < 200_000
    assert len(json.dumps(explore(seen).get_state()["layers"])) < 1000


def test_without_widgets_it_is_a_picture(seen: XRay, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = explore(seen)
    bundle, _ = explorer._repr_mimebundle_()
    assert bundle[WIDGET]["model_id"] == explorer.model_id
    monkeypatch.setenv("STAGELAB_WIDGETS", "0")
    bundle, _ = explorer._repr_mimebundle_()
    assert WIDGET not in bundle
    assert bundle["text/plain"] == usage_text(usage(seen))
    assert bundle["text/html"] == usage_html(usage(seen))
