"""The x-ray of archives with known contents."""

from __future__ import annotations

import gzip
import json
import tarfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from stagelab.errors import ImageError
from stagelab.image import xray

from .archives import (
    config,
    docker_archive,
    file,
    folder,
    hardlink,
    oci_archive,
    opaque,
    symlink,
    tar,
    whiteout,
)
from .test_gobuild import build_info
from .test_gobuild import program as go_program
from .tokens import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stagelab.image import XRay

BASE = tar(
    [
        folder("etc/"),
        file("etc/kept", b"k" * 10),
        file("etc/deleted", b"d" * 200),
        file("etc/rewritten", b"r" * 3000),
        folder("cache/"),
        file("cache/a", b"a" * 40_000),
        file("twice", b"t" * 500_000),
        hardlink("again", "twice"),
    ]
)
REMOVES = tar([folder("etc/"), whiteout("etc/deleted"), file("etc/rewritten", b"R" * 7)])
OPAQUE = tar([folder("cache/"), opaque("cache"), file("cache/b", b"b"), whiteout("twice")])
STACK = [BASE, REMOVES, OPAQUE]
KINDS = {"compiler", "package manager", "setuid", "shell"}


def look(tmp_path: Path, raw: bytes) -> XRay:
    path = tmp_path / "image.tar"
    path.write_bytes(raw)
    return xray(path)


@pytest.fixture
def stacked(tmp_path: Path) -> XRay:
    return look(tmp_path, docker_archive(STACK))


def test_size_is_the_sum_of_layers_with_hard_links_counted_once(stacked: XRay) -> None:
    assert [layer.size_bytes for layer in stacked.layers] == [543_210, 7, 1]
    assert stacked.size_bytes == 543_218


def test_merged_bytes_keep_a_file_that_one_of_its_names_still_shows(stacked: XRay) -> None:
    assert "/twice" not in stacked.tree
    assert stacked.merged_bytes == 10 + 7 + 1 + 500_000
    assert stacked.files == 4


def test_effects_count_regular_files(stacked: XRay) -> None:
    effects = [(layer.added, layer.changed, layer.removed) for layer in stacked.layers]
    assert effects == [(6, 0, 0), (0, 1, 1), (1, 0, 2)]


def test_waste_names_both_layers_and_adds_up(stacked: XRay) -> None:
    told = [
        (item.path, item.size_bytes, item.wrote, item.hidden_by, item.how)
        for item in stacked.waste.worst
    ]
    assert told == [
        ("/cache/a", 40_000, 0, 2, "removed"),
        ("/etc/rewritten", 3000, 0, 1, "replaced"),
        ("/etc/deleted", 200, 0, 1, "removed"),
    ]
    assert stacked.waste.reclaimable_bytes == 43_200


def test_history_of_a_path(stacked: XRay) -> None:
    def events(path: str) -> list[tuple[int, str, int]]:
        return [(event.layer, event.what, event.size_bytes) for event in stacked.history_of(path)]

    assert events("/etc/rewritten") == [(0, "added", 3000), (1, "changed", 7)]
    assert events("etc/deleted") == [(0, "added", 200), (1, "removed", 0)]
    assert events("/cache/a") == [(0, "added", 40_000), (2, "removed", 0)]
    assert events("/never") == []


def test_a_deleted_file_can_be_read_from_its_layer(stacked: XRay) -> None:
    assert stacked.read("/etc/deleted", layer=0) == b"d" * 200
    assert stacked.read("/etc/rewritten") == b"R" * 7
    assert stacked.read("/again") == b"t" * 500_000
    with pytest.raises(ImageError, match="layer 1"):
        stacked.read("/etc/deleted", layer=1)
    with pytest.raises(ImageError, match="file system"):
        stacked.read("/etc/deleted")


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names(tmp_path: Path, form: int) -> None:
    long = "d/" * 90 + "ünïcode"
    layer = tar([file(long, b"1234"), symlink("s", long), file("./y", b"")], form)
    seen = look(tmp_path, docker_archive([layer]))
    assert seen.file("/s") == seen.tree.get(long)
    assert seen.read(long) == b"1234"
    assert "/y" in seen.tree


@pytest.mark.parametrize("compress", [None, gzip.compress, zstandard.compress])
def test_the_oci_layout_gives_the_same_facts(
    tmp_path: Path, stacked: XRay, compress: Callable[[bytes], bytes] | None
) -> None:
    seen = look(tmp_path, oci_archive(STACK, compress))
    sizes = [len(compress(layer)) for layer in STACK] if compress else None
    assert seen.transfer_bytes == (sum(sizes) if sizes else None)
    assert seen.layers == stacked.layers
    assert seen.waste == stacked.waste
    assert list(seen.tree) == list(stacked.tree)


def test_a_gzipped_archive(tmp_path: Path, stacked: XRay) -> None:
    assert look(tmp_path, gzip.compress(docker_archive(STACK))).layers == stacked.layers


def test_empty_instructions_show_and_the_history_adds_up(tmp_path: Path) -> None:
    history = [
        {"created_by": "/bin/sh -c #(nop) COPY file:abc in / "},
        {"created_by": "/bin/sh -c #(nop)  ENV A=1", "empty_layer": True},
        {"created_by": "RUN /bin/sh -c make # buildkit"},
    ]
    layers = [BASE, REMOVES]
    seen = look(tmp_path, docker_archive(layers, config(layers, history)))
    assert [layer.instruction for layer in seen.layers] == [
        "COPY file:abc in /",
        "ENV A=1",
        "RUN make",
    ]
    assert [layer.empty for layer in seen.layers] == [False, True, False]
    assert seen.layer_count == 2
    assert {item.hidden_by for item in seen.waste.worst} == {2}
    assert seen.read("/etc/rewritten", layer=2) == b"R" * 7


def test_layers_without_history_still_count(tmp_path: Path) -> None:
    seen = look(tmp_path, docker_archive([BASE, REMOVES], config([BASE, REMOVES], [])))
    assert [layer.instruction for layer in seen.layers] == ["", ""]
    assert seen.size_bytes == 543_217


def test_settings(tmp_path: Path) -> None:
    settings = {
        "User": "1000:1000",
        "Entrypoint": ["./myapp"],
        "Cmd": ["-v"],
        "ExposedPorts": {"8080/tcp": {}},
        "Env": ["PATH=/opt/bin", "A=b=c"],
        "Labels": {"org.stagelab.stand-in": "alpine"},
    }
    seen = look(tmp_path, docker_archive([BASE], config([BASE], settings=settings)))
    assert (seen.surface.user.number, seen.surface.user.group_number) == (1000, 1000)
    assert not seen.surface.user.root
    assert (seen.entrypoint, seen.cmd) == (("./myapp",), ("-v",))
    assert seen.surface.ports == ("8080/tcp",)
    assert seen.env == {"PATH": "/opt/bin", "A": "b=c"}
    assert (seen.stand_in, seen.architecture) == ("alpine", "amd64")


@pytest.mark.parametrize(
    ("user", "root"),
    [("", True), ("0", True), ("0:0", True), ("toor", True), ("app", False)],
)
def test_who_is_root(tmp_path: Path, user: str, root: bool) -> None:
    layer = tar([file("etc/passwd", b"toor:x:0:0::/:/bin/sh\napp:x:7:7::/:/bin/sh\n")])
    seen = look(tmp_path, docker_archive([layer], config([layer], settings={"User": user})))
    assert seen.surface.user.root is root


def test_packages_of_the_merged_file_system_only(tmp_path: Path) -> None:
    status = (
        b"Package: libc6\nStatus: install ok installed\nVersion: 2.41\nDescription: C\n more: x\n\n"
        b"Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    first = tar(
        [
            file("var/lib/dpkg/status", status),
            file("var/lib/dpkg/status.d/tzdata", b"Package: tzdata\nVersion: 2026a\n"),
            file("var/lib/dpkg/status.d/tzdata.md5sums", b"Package: no\n"),
            file("lib/apk/db/installed", b"C:Q1\nP:musl\nV:1.2.5-r1\nF:lib\n\nP:zlib\nV:1.3\n"),
        ]
    )
    second = tar([whiteout("var/lib/dpkg/status.d/tzdata")])
    packages = look(tmp_path, docker_archive([first])).packages
    assert [(item.name, item.version, item.manager) for item in packages] == [
        ("libc6", "2.41", "dpkg"),
        ("musl", "1.2.5-r1", "apk"),
        ("tzdata", "2026a", "dpkg"),
        ("zlib", "1.3", "apk"),
    ]
    names = [item.name for item in look(tmp_path, docker_archive([first, second])).packages]
    assert names == ["libc6", "musl", "zlib"]


def test_programs_are_found_through_links_and_only_if_they_run(tmp_path: Path) -> None:
    layer = tar(
        [
            folder("usr/bin/"),
            symlink("bin", "usr/bin"),
            file("usr/bin/busybox", b"x", 0o755),
            symlink("usr/bin/sh", "/bin/busybox"),
            symlink("usr/bin/zsh", "/nowhere"),
            file("usr/bin/bash", b"not executable", 0o644),
            file("usr/share/doc/ksh", b"x", 0o755),
            file("usr/bin/x86_64-linux-gnu-gcc-14", b"x", 0o755),
            file("usr/bin/apt-get", b"x", 0o755),
            file("usr/bin/su", b"x", 0o4755),
            file("opt/go/bin/go", b"x", 0o755),
        ]
    )
    settings = {"Env": ["PATH=/opt/go/bin:/bin"]}
    seen = look(tmp_path, docker_archive([layer], config([layer], settings=settings)))
    found = [(item.kind, item.path) for item in seen.surface.findings if item.kind in KINDS]
    assert sorted(found) == [
        ("compiler", "/opt/go/bin/go"),
        ("compiler", "/usr/bin/x86_64-linux-gnu-gcc-14"),
        ("package manager", "/usr/bin/apt-get"),
        ("setuid", "/usr/bin/su"),
        ("shell", "/usr/bin/busybox"),
    ]


def test_the_system_is_named_through_a_link(tmp_path: Path) -> None:
    layer = tar(
        [
            symlink("etc/os-release", "../usr/lib/os-release"),
            file("usr/lib/os-release", b'NAME="X"\nPRETTY_NAME="X 13 (y)"\n'),
        ]
    )
    assert look(tmp_path, docker_archive([layer])).os == "X 13 (y)"
    assert look(tmp_path, docker_archive([BASE])).os is None


def test_progress_tells_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_archive(STACK))
    told: list[tuple[int, int | None]] = []
    xray(path, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_what_cannot_be_xrayed() -> None:
    with pytest.raises(ImageError, match="nothing that can be"):
        xray(3)  # type: ignore[arg-type]


def test_an_archive_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no image archive"):
        xray(tmp_path / "none")
    with pytest.raises(ImageError, match="no image archive"):
        xray("none.tar")


def test_a_string_that_names_a_file(tmp_path: Path) -> None:
    (tmp_path / "saved").write_bytes(docker_archive(STACK))
    assert xray(str(tmp_path / "saved")).name == "saved"


def test_a_go_program_is_known_by_the_name_that_is_left(tmp_path: Path) -> None:
    program = go_program(data=build_info())
    base = tar([file("app", program, 0o755), hardlink("other", "app")])
    seen = look(tmp_path, docker_archive([base, tar([whiteout("app")])]))
    assert [binary.path for binary in seen.binaries] == ["/other"]
    assert seen.binaries[0].layer == seen.layer_of("/other") == 0


def test_the_layer_of_a_path(stacked: XRay) -> None:
    assert stacked.layer_of("etc/kept") == 0
    assert stacked.layer_of("/etc/rewritten") == 1
    assert stacked.layer_of("/etc/deleted") is None


def test_no_fact_shows_a_secret_of_the_configuration(tmp_path: Path) -> None:
    token, plain = TOKENS["github-token"][0], "shown"
    layers = [tar([file("a", b"a")])]
    settings = {
        "Env": [f"API_TOKEN={token}", f"OTHER={plain}"],
        "Labels": {"access": token, "about": plain},
        "Cmd": ["/a", f"--token={token}"],
    }
    history = [{"created_by": f"|1 API_TOKEN={token} /bin/sh -c make"}]
    seen = look(tmp_path, docker_archive(layers, config(layers, history, settings)))
    assert len(seen.secrets) > 0
    assert token not in json.dumps(seen.to_dict()) + repr(seen) + str(seen)
    assert seen.env == {"API_TOKEN": "***", "OTHER": plain}
    assert seen.labels == {"access": "***", "about": plain}
    assert seen.layers[0].created_by == "|1 API_TOKEN=*** /bin/sh -c make"


def test_a_package_record_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    seen = look(tmp_path, docker_archive([tar([file("var/lib/rpm/Packages", b"x" * 64)])]))
    assert not seen.packages
    assert len(seen.unread) == 1
    assert "rpm" in seen.unread[0]
    assert seen.unread[0] in str(seen)


def test_a_symbolic_link_does_not_bring_back_what_was_replaced(tmp_path: Path) -> None:
    def one(version: str) -> bytes:
        return go_program(data=build_info(version))

    base = tar([file("go/bin", one("go1.20"), 0o755), symlink("usr-go", "/go/bin")])
    seen = look(tmp_path, docker_archive([base, tar([file("go/bin", one("go1.27.3"), 0o755)])]))
    assert [(b.path, b.go_version) for b in seen.binaries] == [("/go/bin", "go1.27.3")]


def test_two_looks_at_one_image_are_equal(tmp_path: Path) -> None:
    raw = docker_archive(STACK)
    one, other = look(tmp_path, raw), look(tmp_path, raw)
    assert one == other
    assert len({one, other}) == 1
    assert one != look(tmp_path, docker_archive(STACK[:2]))
