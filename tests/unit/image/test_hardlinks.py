"""Files that are what they are by a name that is not the first one in the layer's tar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stagelab.errors import ImageError
from stagelab.image import layer, small, xray
from stagelab.image.holdings import holdings

from .archives import config, docker_archive, file, folder, hardlink, symlink, tar, whiteout

if TYPE_CHECKING:
    from pathlib import Path

    from stagelab.image import XRay

STORE = "root/.local/share/pnpm/store/v3/files/ab/1"
PACKAGE = "usr/src/app/node_modules/left-pad/package.json"
LEFT_PAD = b'{"name":"left-pad","version":"1.0.0"}'
STATUS = b"Package: a\nStatus: install ok installed\nVersion: 1\n"


def look(tmp_path: Path, *layers: bytes, user: str = "") -> XRay:
    (path := tmp_path / "image.tar").write_bytes(
        docker_archive(layers, config(layers, settings={"User": user, "Cmd": ["/app"]}))
    )
    return xray(path)


def packages(seen: XRay) -> list[tuple[str, str]]:
    return [(package.name, package.path) for package in seen.packages]


def test_packages_that_are_linked_from_a_store(tmp_path: Path) -> None:
    seen = look(tmp_path, tar([file(STORE, LEFT_PAD), hardlink(PACKAGE, STORE)]))
    assert packages(seen) == [("left-pad", "/" + PACKAGE)]
    assert not seen.unread


def test_a_store_of_many_files(tmp_path: Path) -> None:
    """Files that are no JSON do not push out what is."""
    others = [file(f"a/{number}", b"x" * (60 << 10)) for number in range(100)]
    seen = look(tmp_path, tar([file(STORE, LEFT_PAD), *others, hardlink(PACKAGE, STORE)]))
    assert packages(seen) == [("left-pad", "/" + PACKAGE)]


def test_users_under_another_name_first(tmp_path: Path) -> None:
    members = [
        file("etc/aaa", b"root:x:0:0::/:\napp:x:10:10::/:\n"),
        hardlink("etc/passwd", "etc/aaa"),
        file("app", b"\x7fELF", 0o755),
    ]
    seen = look(tmp_path, tar(members), user="app")
    assert seen.surface.user.number == 10
    assert not seen.unread


def test_a_link_to_a_link(tmp_path: Path) -> None:
    links = [hardlink("x", STORE), hardlink(PACKAGE, "x")]
    assert packages(look(tmp_path, tar([file(STORE, LEFT_PAD), *links])))


def test_a_record_with_two_names_counts_once(tmp_path: Path) -> None:
    first = "root/.cache/uv/a-1.dist-info/METADATA"
    second = "usr/lib/python3/site-packages/a-1.dist-info/METADATA"
    base = tar([file(first, b"Name: a\nVersion: 1\n"), hardlink(second, first)])
    assert len(look(tmp_path, base).packages) == 1
    assert len(look(tmp_path, base, tar([whiteout(first)])).packages) == 1


@pytest.mark.parametrize(
    "again", [file(STORE, b'{"name":"other","version":"2.0.0"}'), symlink(STORE, "y")]
)
def test_a_name_that_came_twice(tmp_path: Path, again: tuple[object, bytes]) -> None:
    members = [file(STORE, LEFT_PAD), again, hardlink(PACKAGE, STORE)]
    names = [name for name, _ in packages(look(tmp_path, tar(members)))]  # type: ignore[arg-type]
    assert names == (["other"] if again[1] else [])
    members = [file(STORE, LEFT_PAD), hardlink(PACKAGE, STORE), file(PACKAGE)]
    assert not look(tmp_path, tar(members)).packages  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "members",
    [
        [file("big", STATUS + b"\n" * (70 << 10)), hardlink("var/lib/dpkg/status", "big")],
        [hardlink("var/lib/dpkg/status", "below")],
    ],
)
def test_what_was_not_looked_at_is_told(
    tmp_path: Path, members: list[tuple[object, bytes]]
) -> None:
    base = tar([file("below", STATUS)])
    seen = look(tmp_path, base, tar(members))  # type: ignore[arg-type]
    assert seen.unread == ("hard links to files that were not looked at: /var/lib/dpkg/status",)
    assert seen.unread[0] in str(seen)
    gone = tar([whiteout("var/lib/dpkg/status")])
    assert not look(tmp_path, base, tar(members), gone).unread  # type: ignore[arg-type]
    written = tar([file("var/lib/dpkg/status", STATUS)])
    seen = look(tmp_path, base, tar(members), written)  # type: ignore[arg-type]
    assert (packages(seen), seen.unread) == ([("a", "/var/lib/dpkg/status")], ())


def test_empty_files_and_folders_are_no_riddles(tmp_path: Path) -> None:
    members = [file("e"), folder("f"), hardlink("etc/passwd", "e"), hardlink(PACKAGE, "f")]
    assert not look(tmp_path, tar(members)).unread


def test_names_without_end_are_not_all_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer, "_MOST_FOLLOWED", 2 * len(LEFT_PAD))
    links = [hardlink(f"{n}/node_modules/left-pad/package.json", STORE) for n in range(4)]
    seen = look(tmp_path, tar([file(STORE, LEFT_PAD), *links]))
    assert len(seen.packages) == 2
    (told,) = seen.unread
    assert told.endswith("/2/node_modules/left-pad/package.json and 1 more")


def test_the_oldest_are_forgotten_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "_MOST_JSON", 10)
    files = small.SmallFiles()
    for number in range(4):
        files.keep(f"/{number}", b"{%d}" % number)
    files.keep("/other", b"x" * 100)
    assert [files.get(f"/{number}") for number in range(4)] == [None, b"{1}", b"{2}", b"{3}"]
    files.forget("/2")
    files.keep("/4", b"{4}")
    assert [files.get(f"/{number}") for number in range(1, 5)] == [b"{1}", None, b"{3}", b"{4}"]
    assert files.get("/other") == b"x" * 100


def test_reading_a_link_to_a_file_of_a_layer_below(tmp_path: Path) -> None:
    layers = [
        tar([file("a", b"hello"), hardlink("same", "a"), file("z", b"other")]),
        tar([hardlink("b", "a"), hardlink("c", "z"), hardlink("nowhere", "none")]),
        tar([hardlink("d", "b"), file("a", b"replaced")]),
    ]
    seen = look(tmp_path, *layers)
    read = {path: seen.read(path) for path in ("/a", "/b", "/c", "/d", "/same")}
    assert read == {
        "/a": b"replaced",
        "/b": b"hello",
        "/c": b"other",
        "/d": b"hello",
        "/same": b"hello",
    }
    assert seen.read("/c", layer=1) == b"other"
    held = holdings(seen)
    assert held["/b"].contents == held["/same"].contents == held["/d"].contents
    assert held["/b"].contents != held["/c"].contents
    assert held["/b"].fingerprint == held["/same"].fingerprint != 0
    with pytest.raises(ImageError, match="No file /nowhere"):
        seen.read("/nowhere")
    assert json.dumps(seen.to_dict())
