"""What differs between two images, against two really unpacked file systems."""

from __future__ import annotations

import io
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stagelab.errors import ImageError
from stagelab.image.diff import diff
from stagelab.image.xraying import xray

from .archives import docker_archive, file, folder, hardlink, symlink, tar
from .test_model import Folder, layers

if TYPE_CHECKING:
    from stagelab.image.diff import EntryChange, TreeDiff
    from stagelab.image.facts import XRay

    from .test_model import Seen, Step


def look(path: Path, *raws: bytes) -> XRay:
    path.write_bytes(docker_archive(raws))
    return xray(path)


def told(changes: tuple[EntryChange, ...]) -> list[tuple[str, tuple[str, ...], int]]:
    return [(change.path, change.differs, change.size_bytes) for change in changes]


def owned(path: str, uid: int) -> tuple[tarfile.TarInfo, bytes]:
    info, data = file(path, b"o")
    info.uid = uid
    return info, data


BEFORE = [
    folder("etc"),
    file("etc/same", b"same"),
    file("etc/other", b"old!"),
    file("etc/longer", b"a"),
    file("etc/mode", b"m", 0o644),
    owned("etc/owner", 0),
    symlink("etc/link", "same"),
    file("etc/kind", b"12345"),
    file("gone/one", b"11"),
]
AFTER = [
    folder("etc"),
    file("etc/same", b"same"),
    file("etc/other", b"new!"),
    file("etc/longer", b"abc"),
    file("etc/mode", b"m", 0o4755),
    owned("etc/owner", 7),
    symlink("etc/link", "other"),
    symlink("etc/kind", "same"),
    file("come", b"333"),
]


@pytest.fixture
def found(tmp_path: Path) -> TreeDiff:
    return diff(look(tmp_path / "a.tar", tar(BEFORE)), look(tmp_path / "b.tar", tar(AFTER)))


def test_each_difference_is_named(found: TreeDiff) -> None:
    assert found.names == ("a.tar", "b.tar")
    assert told(found.added) == [("/come", (), 3)]
    assert told(found.removed) == [("/gone/one", (), 2)]
    assert told(found.changed) == [
        ("/etc/kind", ("kind",), -5),
        ("/etc/link", ("link",), 0),
        ("/etc/longer", ("contents",), 2),
        ("/etc/mode", ("mode",), 0),
        ("/etc/other", ("contents",), 0),
        ("/etc/owner", ("owner",), 0),
    ]
    assert (found.unchanged, found.unknown) == (2, ())  # the folder, and /etc/same
    assert (found.added_bytes, found.removed_bytes, found.grown_bytes) == (3, 2, -3)
    assert not found.same


def test_only_a_part(tmp_path: Path) -> None:
    a, b = look(tmp_path / "a.tar", tar(BEFORE)), look(tmp_path / "b.tar", tar(AFTER))
    assert diff(a, b, "come").added_bytes == 3
    below = diff(a, b, "/etc/")
    assert (below.path, below.added, below.removed, len(below.changed)) == ("/etc", (), (), 6)
    assert below.before_bytes == 16
    with pytest.raises(ImageError, match="has anything at /nowhere"):
        diff(a, b, "nowhere")


def test_a_file_that_goes_on_under_another_name_is_not_gone(tmp_path: Path) -> None:
    two = [file("a", b"x" * 100), hardlink("b", "a")]
    a, b = (
        look(tmp_path / "a.tar", tar(two)),
        look(tmp_path / "b.tar", tar([file("b", b"x" * 100)])),
    )
    less = diff(a, b)
    assert (less.before_bytes, less.after_bytes) == (100, 100)
    assert told(less.removed) == [("/a", (), 0)]
    assert (less.removed_bytes, less.grown_bytes, less.unchanged) == (0, 0, 1)
    more = diff(a, look(tmp_path / "c.tar", tar([file("a", b"x" * 100), file("b", b"x" * 100)])))
    assert (more.same, more.unchanged, more.grown_bytes) == (True, 2, 100)


def test_a_link_to_a_lower_layer_has_its_contents(tmp_path: Path) -> None:
    base = tar([file("a", b"x" * 100)])
    a = look(tmp_path / "a.tar", base, tar([hardlink("b", "a")]))
    b = look(tmp_path / "b.tar", tar([file("a", b"x" * 100), file("b", b"y" * 100)]))
    assert told(diff(a, b).changed) == [("/b", ("contents",), 100)]
    c = look(tmp_path / "c.tar", tar([file("a", b"x" * 100), file("b", b"x" * 100)]))
    assert diff(a, c).same


def with_holes(path: str, data: bytes) -> bytes:
    """A tar of one sparse file: 10,000 bytes, the last of which are the data."""
    size, holes = 10_000, 10_000 - len(data)
    info = tarfile.TarInfo(path)
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.name": path,
        "GNU.sparse.size": str(size),
        "GNU.sparse.realsize": str(size),
        "GNU.sparse.numblocks": "1",
        "GNU.sparse.map": f"{holes},{len(data)}",
    }
    info.size = len(data)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(data))
    return raw.getvalue()


def test_contents_of_files_with_holes_are_not_known(tmp_path: Path) -> None:
    a = look(tmp_path / "a.tar", with_holes("big", b"one"))
    b = look(tmp_path / "b.tar", with_holes("big", b"two"))
    assert a.tree.get("big")
    assert a.merged_bytes == 10_000
    found = diff(a, b)
    assert (found.unknown, found.unchanged, found.same) == (("/big",), 0, True)
    # images that share a layer share what is in it
    assert diff(a, look(tmp_path / "c.tar", with_holes("big", b"one"))).unknown == ()


def test_records_go_into_pandas(found: TreeDiff) -> None:
    frame = pd.DataFrame(found.to_records()).set_index("path")
    assert len(frame) == 8
    assert frame.loc["/etc/mode", "mode_after"] == 0o4755
    assert frame.loc["/etc/kind", ["kind_before", "kind_after"]].tolist() == ["file", "symlink"]
    assert frame["what"].value_counts().to_dict() == {"changed": 6, "added": 1, "removed": 1}


def unpacked(root: Path, plan: list[list[Step]]) -> tuple[dict[str, Seen], dict[str, bytes]]:
    root.mkdir()
    model = Folder(root)
    for steps in plan:
        model.apply(steps)
    seen = model.seen()
    return seen, {p: (root / p[1:]).read_bytes() for p, s in seen.items() if s.kind == "file"}


def alone(seen: dict[str, Seen], names: set[str]) -> int:
    """Bytes of the files all of whose names are among these."""
    others = {seen[path].inode for path in seen.keys() - names}
    return sum(
        {s.inode: s.size for p, s in seen.items() if p in names and s.inode not in others}.values()
    )


@settings(max_examples=80, deadline=None)
@given(
    common=st.lists(layers(), max_size=2),
    left=st.lists(layers(), max_size=2),
    right=st.lists(layers(), max_size=2),
)
def test_the_differences_are_those_of_unpacked_images(
    common: list[list[Step]], left: list[list[Step]], right: list[list[Step]]
) -> None:
    with tempfile.TemporaryDirectory() as made:
        plans = [common + left, common + right]
        (old, was), (new, now) = (
            unpacked(Path(made, str(at)), plan) for at, plan in enumerate(plans)
        )
        before, after = (
            look(Path(made, f"{at}.tar"), *(tar([s.member() for s in steps]) for steps in plan))
            for at, plan in enumerate(plans)
        )
    for seen, theirs in ((before, old), (after, new)):  # how layers are merged is shown elsewhere
        assume({(e.path, e.kind) for e in seen.tree} == {(p, s.kind) for p, s in theirs.items()})
    found = diff(before, after)
    assert {change.path for change in found.added} == new.keys() - old.keys()
    assert {change.path for change in found.removed} == old.keys() - new.keys()
    both = old.keys() & new.keys()
    expected = {}
    for path in both:
        a, b = old[path], new[path]
        differs = {
            "kind": a.kind != b.kind,
            "contents": a.kind == b.kind and was.get(path) != now.get(path),
            "link": a.kind == b.kind and a.link != b.link,
            "mode": a.mode != b.mode and "symlink" not in (a.kind, b.kind),
        }
        if any(differs.values()):
            expected[path] = {name for name, value in differs.items() if value}
    assert {change.path: set(change.differs) for change in found.changed} == expected
    assert found.unchanged == len(both) - len(expected)
    assert found.unknown == ()
    assert (found.before_bytes, found.after_bytes) == (before.merged_bytes, after.merged_bytes)
    assert found.added_bytes == alone(new, set(new.keys() - old.keys()))
    assert found.removed_bytes == alone(old, set(old.keys() - new.keys()))
    assert sum(change.size_bytes for change in found.added) == found.added_bytes
    assert sum(change.size_bytes for change in found.removed) == found.removed_bytes
    back = diff(after, before)
    assert (back.added_bytes, back.removed_bytes) == (found.removed_bytes, found.added_bytes)
    assert back.grown_bytes == -found.grown_bytes
