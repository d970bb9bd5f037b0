"""What folders hold, against the sizes that the system tells of really unpacked layers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stagelab.errors import ImageError
from stagelab.image.usage import usage
from stagelab.image.xraying import xray

from .archives import config, docker_archive, file, folder, hardlink, symlink, tar, whiteout
from .test_model import Folder, layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.facts import XRay
    from stagelab.image.usage import Usage

    from .test_model import Seen, Step

BASE = tar(
    [
        folder("bin"),
        file("bin/sh", b"s" * 300),
        hardlink("bin/bash", "bin/sh"),
        hardlink("zsh", "bin/sh"),
        symlink("sbin", "bin"),
        file("srv/www/page", b"p" * 50),
        file("srv/empty"),
    ]
)
SECOND = tar([file("bin/go", b"g" * 1000), hardlink("srv/shell", "bin/sh"), whiteout("srv/empty")])
HISTORY = [
    {"created_by": "COPY / /"},
    {"created_by": "ENV A=1", "empty_layer": True},
    {"created_by": "COPY go /bin"},
]


def look(path: Path, *raws: bytes) -> XRay:
    path.write_bytes(docker_archive(raws, config(raws, HISTORY if len(raws) == 2 else None)))
    return xray(path)


@pytest.fixture
def seen(tmp_path: Path) -> XRay:
    return look(tmp_path / "image.tar", BASE, SECOND)


def facts(found: Usage) -> list[tuple[str, str, int, int, int]]:
    return [(c.name, c.kind, c.size_bytes, c.files, c.layer) for c in found.children]


def test_a_folder_holds_its_files_and_those_below(seen: XRay) -> None:
    found = usage(seen)
    assert (found.image, found.layer, found.path) == ("image.tar", None, "/")
    assert (found.size_bytes, found.files) == (1350, 6)
    assert facts(found) == [
        ("bin", "dir", 1300, 3, 2),
        ("srv", "dir", 50, 2, 0),
        ("zsh", "file", 0, 1, 0),
        ("sbin", "symlink", 0, 0, 0),
    ]


def test_a_hard_link_counts_at_its_first_name_though_a_later_layer_made_it(seen: XRay) -> None:
    counted = {
        child.path: child.counted_at
        for path in ("/", "/bin", "/srv")
        for child in usage(seen, path).children
        if child.counted_at
    }
    assert counted == {"/zsh": "/bin/bash", "/bin/sh": "/bin/bash", "/srv/shell": "/bin/bash"}


def test_layers_tell_what_they_wrote(seen: XRay) -> None:
    wrote = [(w.layer, w.instruction, w.size_bytes, w.names) for w in usage(seen).by_layer]
    assert wrote == [(0, "COPY / /", 350, 6), (2, "COPY go /bin", 1000, 2)]
    assert [w.layer for w in usage(seen, "/srv/www").by_layer] == [0]


def test_one_layer_alone(seen: XRay) -> None:
    first = usage(seen, layer=0)
    assert (first.layer, first.size_bytes, first.files) == (0, 350, 5)
    assert usage(seen, "srv", layer=0).files == 2
    # of a link to a lower layer it has the name and not the bytes
    assert facts(usage(seen, layer=2)) == [("bin", "dir", 1000, 1, 2), ("srv", "dir", 0, 1, 2)]


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("", "/"),
        ("//", "/"),
        ("/..", "/"),
        ("bin/", "/bin"),
        ("/sbin", "/bin"),
        ("srv/../bin", "/bin"),
        ("srv/www", "/srv/www"),
    ],
)
def test_a_path_in_any_form(seen: XRay, path: str, real: str) -> None:
    assert usage(seen, path).path == real


def test_from_folder_to_folder(seen: XRay) -> None:
    page = usage(seen).folder("srv").folder("www")
    assert (page.path, page.size_bytes) == ("/srv/www", 50)
    assert page.folder("..").folder("..").folder("..") == usage(seen)
    assert page.folder("/sbin") == usage(seen, "bin")


@pytest.mark.parametrize(
    ("path", "layer", "cause", "fix"),
    [
        ("/etc", None, "There is no /etc in image.tar", "seen.find('*/etc')"),
        ("srv", 9, "image.tar has no layer 9", "0, 2"),
        ("srv", 1, "image.tar has no layer 1", "0, 2"),
        ("srv", -1, "image.tar has no layer -1", "0, 2"),
        ("/sbin", 2, "There is no /sbin in layer 2 of image.tar", "find"),
        ("/bin/go", None, "/bin/go in image.tar is no folder", "in, /bin."),
        ("/sbin/go/x", None, "There is no /sbin/go/x", "find"),
    ],
)
def test_what_is_not_there(seen: XRay, path: str, layer: int | None, cause: str, fix: str) -> None:
    with pytest.raises(ImageError) as caught:
        usage(seen, path, layer=layer)
    assert cause in caught.value.cause
    assert fix in caught.value.fix


def test_an_empty_image(tmp_path: Path) -> None:
    found = usage(look(tmp_path / "empty.tar", tar([])))
    assert (found.path, found.size_bytes, found.files, found.children) == ("/", 0, 0, ())
    nothing = usage(look(tmp_path / "none.tar"))
    assert (nothing.children, nothing.by_layer) == ((), ())


def test_a_name_below_a_file_of_its_own_layer(tmp_path: Path) -> None:
    seen = look(tmp_path / "odd.tar", tar([file("a", b"12345"), file("a/b", b"1")]))
    found = usage(seen, layer=0)
    assert found.size_bytes == seen.layers[0].size_bytes == 6
    assert facts(found) == [("a", "file", 6, 2, 0)]
    assert facts(usage(seen)) == [("a", "dir", 1, 1, 0)]


def test_records_go_into_pandas(seen: XRay) -> None:
    frame = pd.DataFrame(usage(seen).to_records())
    assert dict(zip(frame["name"], frame["size_bytes"], strict=True))["bin"] == 1300


def everywhere(found: Usage) -> Iterator[Usage]:
    yield found
    for child in found.children:
        if child.kind == "dir":
            yield from everywhere(found.folder(child.path))


def held(theirs: dict[str, Seen], folder: str) -> tuple[int, int]:
    """Bytes and names of files below a folder, each inode at its first name in the whole tree."""
    first: dict[int, str] = {}
    for path in sorted(theirs):
        first.setdefault(theirs[path].inode, path)
    below = [p for p, what in theirs.items() if p.startswith(folder) and what.kind == "file"]
    return sum(theirs[p].size for p in below if first[theirs[p].inode] == p), len(below)


@settings(max_examples=80, deadline=None)
@given(plan=st.lists(layers(), min_size=1, max_size=4))
def test_folders_hold_what_the_system_says(plan: list[list[Step]]) -> None:
    with tempfile.TemporaryDirectory() as made:
        (root := Path(made, "root")).mkdir()
        unpacked = Folder(root)
        for steps in plan:
            unpacked.apply(steps)
        theirs = unpacked.seen()
        archive = Path(made, "image.tar")
        archive.write_bytes(docker_archive([tar([s.member() for s in steps]) for steps in plan]))
        seen = xray(archive)
    # how layers are merged is shown elsewhere
    assume({(e.path, e.kind) for e in seen.tree} == {(p, s.kind) for p, s in theirs.items()})
    whole = usage(seen)
    assert whole.size_bytes == seen.merged_bytes
    names = set()
    for found in everywhere(whole):
        folder = found.path.rstrip("/") + "/"
        assert (found.size_bytes, found.files) == held(theirs, folder)
        names |= {child.path for child in found.children}
    assert names >= set(theirs)
    for layer in seen.layers:
        assert usage(seen, layer=layer.index).size_bytes == layer.size_bytes
    for root_usage in (whole, *(usage(seen, layer=layer.index) for layer in seen.layers)):
        for found in everywhere(root_usage):
            assert sum(child.size_bytes for child in found.children) == found.size_bytes
            assert sum(child.files for child in found.children) == found.files
            assert sum(wrote.size_bytes for wrote in found.by_layer) == found.size_bytes
