"""Random stacks of layers against a plain model that really applies them to a folder.

The model knows nothing of how stacks are merged: it unpacks each layer with the system's own calls,
as the OCI image specification says ("Image Layer Filesystem Changeset"), and looks what is there.
"""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stagelab.image import cache
from stagelab.image.gathering import fetch
from stagelab.image.merge import merge
from stagelab.image.source import FileSource
from stagelab.image.waste import waste

from . import archives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stagelab.image.stack import Stack

IMPLIED = 0o701
"""Mode of folders that the model makes because something lies in them; no layer has it."""

LAYOUTS: dict[str, Callable[[list[bytes]], bytes]] = {
    "docker": archives.docker_archive,
    "oci": archives.oci_archive,
    "oci gzip": lambda layers: archives.oci_archive(layers, gzip.compress),
    "oci zstd": lambda layers: archives.oci_archive(layers, zstandard.compress),
}


@dataclass(frozen=True)
class Step:
    """One entry of a layer: what it is, where, and its bytes or what it leads to."""

    kind: str  # file, dir, symlink, link, fifo, whiteout, opaque
    path: str
    mode: int = 0o644
    data: bytes = b""
    link: str = ""

    def member(self) -> tuple[tarfile.TarInfo, bytes]:
        if self.kind == "whiteout":
            return archives.whiteout(self.path)
        if self.kind == "opaque":
            return archives.opaque(self.path)
        info = tarfile.TarInfo(self.path)
        info.mode, info.linkname, info.size = self.mode, self.link, len(self.data)
        info.type = {
            "file": tarfile.REGTYPE,
            "dir": tarfile.DIRTYPE,
            "symlink": tarfile.SYMTYPE,
            "link": tarfile.LNKTYPE,
            "fifo": tarfile.FIFOTYPE,
        }[self.kind]
        return info, self.data


@dataclass(frozen=True)
class Seen:
    """What lies at a path, by the system."""

    kind: str
    mode: int
    size: int
    link: str
    inode: int


class Folder:
    """The model: a folder that layers are unpacked into."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def apply(self, steps: list[Step]) -> None:
        for step in steps:
            if step.kind == "whiteout" and self._is_below_folders(step.path):
                self._remove(step.path)
            elif step.kind == "opaque" and self._is_below_folders(step.path + "/x"):
                for name in os.listdir(self.root / step.path):  # noqa: PTH208 - names
                    self._remove(f"{step.path}/{name}")
        for step in steps:
            if step.kind not in ("whiteout", "opaque"):
                self._write(step)

    def seen(self) -> dict[str, Seen]:
        return dict(self._walk())

    def _walk(self) -> Iterator[tuple[str, Seen]]:
        for above, folders, names in os.walk(self.root):
            for name in folders + names:
                path = Path(above, name)
                state = path.lstat()
                mode = stat.S_IMODE(state.st_mode)
                kind = KINDS[stat.S_IFMT(state.st_mode)]
                link = os.readlink(path) if kind == "symlink" else ""  # noqa: PTH115 - text
                size = state.st_size if kind == "file" else 0
                if kind == "symlink":
                    mode = 0o777
                if (kind, mode) != ("dir", IMPLIED):
                    told = Seen(kind, mode, size, link, state.st_ino)
                    yield "/" + str(path.relative_to(self.root)), told

    def _write(self, step: Step) -> None:
        above = self.root
        for part in step.path.split("/")[:-1]:
            above /= part
            if above.is_symlink() or not above.is_dir():
                above.unlink(missing_ok=True)
                above.mkdir()
                above.chmod(IMPLIED)
        path = self.root / step.path
        if step.kind == "dir" and path.is_dir() and not path.is_symlink():
            path.chmod(step.mode)
            return
        if step.kind == "link":  # a name of its own first: it may be put in its target's place
            os.link(self.root / step.link, self.root / ".new", follow_symlinks=False)
        self._remove(step.path)
        if step.kind == "link":
            (self.root / ".new").rename(path)
        elif step.kind == "symlink":
            path.symlink_to(step.link)
        elif step.kind == "dir":
            path.mkdir()
            path.chmod(step.mode)
        elif step.kind == "fifo":
            os.mkfifo(path)
            path.chmod(step.mode)
        else:
            path.write_bytes(step.data)
            path.chmod(step.mode)

    def _remove(self, name: str) -> None:
        path = self.root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _is_below_folders(self, name: str) -> bool:
        above = [self.root / parent for parent in Path(name).parents]
        return all(path.is_dir() and not path.is_symlink() for path in above)


KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
}
KINDS_DRAWN = st.sampled_from(
    "file file file dir dir symlink link fifo whiteout opaque again".split()  # noqa: SIM905 - short
)
PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)
FILE_MODES = st.sampled_from([0o644, 0o755, 0o600, 0o4755, 0o2755])
FOLDER_MODES = st.sampled_from([0o755, 0o700, 0o1777])
TARGETS = st.sampled_from(["a", "b/c", "../b", "/a", "nowhere"])


@st.composite
def layers(draw: st.DrawFn) -> list[Step]:
    """A layer as builders write it, and in part as they never would.

    A layer that puts something in the place of a folder of its own, or a folder in the place of
    something else, is not drawn: the specification leaves it open.
    """
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, 7))):
        path = draw(PATHS)
        kind = draw(KINDS_DRAWN)
        originals = [
            step.path
            for step in _alive(steps)
            if step.kind in ("file", "symlink", "fifo")
            and not f"{path}/".startswith(f"{step.path}/")
        ]
        if kind == "again" and steps:  # one that was there already, of whatever kind
            path, kind = draw(st.sampled_from(steps)).path, draw(st.sampled_from(["file", "dir"]))
        if kind not in ("dir", "whiteout", "opaque") and any(
            step.path.startswith(f"{path}/") for step in steps
        ):
            continue
        if kind == "dir" and any(
            step.path == path and step.kind not in ("dir", "whiteout", "opaque") for step in steps
        ):
            continue
        if kind == "link" and originals:
            steps.append(Step("link", path, link=draw(st.sampled_from(originals))))
        elif kind == "dir":
            steps.append(Step("dir", path, draw(FOLDER_MODES)))
        elif kind == "symlink":
            steps.append(Step("symlink", path, 0o777, link=draw(TARGETS)))
        elif kind in ("whiteout", "opaque"):
            steps.append(Step(kind, path))
        elif kind == "fifo":
            steps.append(Step("fifo", path, 0o640))
        else:
            steps.append(Step("file", path, draw(FILE_MODES), draw(st.binary(max_size=30))))
    return steps


def _alive(steps: list[Step]) -> list[Step]:
    """Those that nothing after them in the layer writes over or through."""

    def over(later: Step, step: Step) -> bool:
        if later.kind in ("whiteout", "opaque"):
            return False
        same = later.path == step.path
        through = later.path.startswith(step.path + "/")
        in_place_of_folder = later.kind != "dir" and step.path.startswith(later.path + "/")
        return same or through or in_place_of_folder

    return [
        step
        for number, step in enumerate(steps)
        if not any(over(later, step) for later in steps[number + 1 :])
    ]


def _files(seen: dict[str, Seen]) -> set[str]:
    return {path for path, what in seen.items() if what.kind == "file"}


def _bytes(seen: dict[str, Seen]) -> int:
    return sum({what.inode: what.size for what in seen.values()}.values())


FILE = Step("file", "a", data=b"12345")


@settings(max_examples=120, deadline=None)
@given(
    plan=st.lists(layers(), min_size=1, max_size=5),
    layout=st.sampled_from(sorted(LAYOUTS)),
    form=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
@example([[FILE, Step("file", "a/b", data=b"1")]], "docker", tarfile.GNU_FORMAT)
@example([[FILE], [FILE, Step("file", "a/b", data=b"1")]], "docker", tarfile.GNU_FORMAT)
@example([[Step("dir", "a"), Step("file", "a/b"), FILE]], "docker", tarfile.GNU_FORMAT)
@example([[FILE], [Step("file", "a/b/c/a", data=b"1")]], "docker", tarfile.GNU_FORMAT)
@example([[FILE], [FILE, Step("whiteout", "a")]], "docker", tarfile.GNU_FORMAT)
@example([[FILE, Step("link", "b", link="a"), FILE], []], "docker", tarfile.GNU_FORMAT)
def test_a_stack_is_what_the_system_makes_of_it(
    plan: list[list[Step]], layout: str, form: int
) -> None:
    with tempfile.TemporaryDirectory() as made:
        (root := Path(made, "root")).mkdir()
        folder = Folder(root)
        effects = []
        for steps in plan:
            before = _files(folder.seen())
            folder.apply(steps)
            after = _files(folder.seen())
            written = {step.path for step in steps if step.kind in ("file", "link")}
            again = {path for path in before & after if path[1:] in written}
            effects.append((len(after - before), len(again), len(before - after)))
        raws = [archives.tar([step.member() for step in steps], form) for steps in plan]
        archive = Path(made, "image.tar")
        stacked = archives.opened(archive, LAYOUTS[layout](raws))
        theirs = folder.seen()

        ours = {entry.path: entry for entry in stacked.tree}
        assert {path: (e.kind, e.size) for path, e in ours.items()} == {
            path: (what.kind, what.size) for path, what in theirs.items()
        }
        for path, what in theirs.items():
            entry = ours[path]
            assert (entry.mode, entry.link if entry.kind == "symlink" else "") == (
                what.mode,
                what.link,
            ), path
        assert [(e.added, e.changed, e.removed) for e in stacked.merged.effects] == effects
        cache.store_merged(stacked.layers, stacked.merged)
        assert cache.load_merged(stacked.layers) == stacked.merged == merge(stacked.layers)
        _the_bytes_add_up(stacked, theirs)
        for path in sorted(_files(theirs)):
            if ours[path].size and not ours[path].link:
                facts = stacked.layers[stacked.merged.wrote[path]]
                got = fetch(FileSource(archive), facts.diff_id, path)
                assert got == (root / path[1:]).read_bytes()
                break


def _the_bytes_add_up(stacked: Stack, theirs: dict[str, Seen]) -> None:
    found = waste(stacked)
    sizes = sum(layer.size_bytes for layer in stacked.layers)
    assert stacked.merged.merged_bytes == _bytes(theirs)
    assert sizes - _bytes(theirs) == found.reclaimable_bytes
    assert found.reclaimable_bytes == sum(hidden.size_bytes for hidden in found.worst)
    assert all(hidden.size_bytes and hidden.wrote <= hidden.hidden_by for hidden in found.worst)
