"""The engine asks for files, and we send them: against a little receiver in memory."""

from __future__ import annotations

import os
import queue
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stagelab.builds import filesync
from stagelab.builds.context import CHUNK, Context, Entry
from stagelab.builds.filesync import DIFF_COPY, _Packet, handlers
from stagelab.builds.loading import load
from stagelab.builds.session import Metadata, Refusal
from stagelab.errors import ContextError

STAT, REQ, DATA, FIN, ERR = range(5)
SPECIAL = 1 << 31 | 1 << 27  # Go's os.ModeDir and os.ModeSymlink
TEXT = "FROM scratch\nCOPY . .\n"


class Receiver:
    """The engine's side of DiffCopy: takes the list, asks for every file, takes their bytes."""

    def __init__(self, context: Context, metadata: Metadata) -> None:
        self.stats: list[Any] = []
        self.files: dict[str, bytes] = {}
        self.largest = 0
        self.ended = False
        self._asked: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._wanted: list[int] = []
        handlers(context)[DIFF_COPY](metadata, self._messages(), self._take)

    def _messages(self) -> Iterator[bytes]:
        while (message := self._asked.get(timeout=5)) is not None:
            yield message

    def _ask(self, kind: int, number: int = 0) -> None:
        self._asked.put(_Packet(type=kind, ID=number).SerializeToString())

    def _take(self, message: bytes) -> None:
        packet = _Packet.FromString(message)
        self.largest = max(self.largest, len(message))
        if packet.type == STAT and packet.HasField("stat"):
            self.stats.append(packet.stat)
        elif packet.type == STAT:
            self._wanted = [n for n, s in enumerate(self.stats) if not s.mode & SPECIAL]
            self._next()
        elif packet.type == DATA:
            name = self.stats[packet.ID].path
            self.files[name] = self.files.get(name, b"") + packet.data
            if not packet.data:
                self._next()
        elif packet.type == FIN:
            self.ended = True
            self._asked.put(None)

    def _next(self) -> None:
        if self._wanted:
            self._ask(REQ, self._wanted.pop())
        else:
            self._ask(FIN)


def received(context: Context, folder: str = "context", **metadata: tuple[str, ...]) -> Receiver:
    return Receiver(context, {"dir-name": (folder,), **metadata})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "app"
    root.mkdir()
    (root / "Dockerfile").write_text(TEXT)
    return root


def test_all_files_arrive(folder: Path) -> None:
    content = os.urandom(CHUNK + 5)
    (folder / "large").write_bytes(content)
    (folder / "empty").touch()
    (folder / "sub").mkdir()
    (folder / "sub" / "ä").write_text("π")
    got = received(load(folder, "Dockerfile"))
    assert got.ended
    assert got.files == {
        "Dockerfile": TEXT.encode(),
        "large": content,
        "empty": b"",
        "sub/ä": "π".encode(),
    }
    assert got.largest < 1 << 16, "engines refuse large messages"


def test_names_come_by_path_components_and_folders_before_their_files(folder: Path) -> None:
    for name in ("a/b", "a-b", "a.b", "ab", "a/b-c/d", "a/b.c"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name != "a/b":
            (folder / name).touch()
    (folder / "a" / "b").mkdir()
    (folder / "a" / "b" / "z").touch()
    paths = [found.path for found in received(load(folder, "Dockerfile")).stats]
    # By bytes "a-b" < "a/b", yet a walk is done with the folder "a" first.
    assert paths == [
        "Dockerfile", "a", "a/b", "a/b/z", "a/b-c", "a/b-c/d", "a/b.c", "a-b", "a.b", "ab",
    ]  # fmt: skip


def test_the_folder_of_a_file_that_is_taken_back_in_is_listed(folder: Path) -> None:
    (folder / "docs" / "sub").mkdir(parents=True)
    (folder / "docs" / "sub" / "keep").touch()
    (folder / "docs" / "drop").touch()
    (folder / ".dockerignore").write_text("docs\n!docs/sub/keep\nDockerfile\n.dockerignore\n")
    paths = [found.path for found in received(load(folder, "Dockerfile")).stats]
    assert paths == ["docs", "docs/sub", "docs/sub/keep"]


@pytest.mark.parametrize(
    ("mode", "go"),
    [
        (stat.S_IFREG | 0o640, 0o640),
        (stat.S_IFREG | 0o4755, 1 << 23 | 0o755),
        (stat.S_IFREG | 0o2755, 1 << 22 | 0o755),
        (stat.S_IFDIR | 0o1777, 1 << 31 | 1 << 20 | 0o777),
        (stat.S_IFDIR | 0o755, 1 << 31 | 0o755),
    ],
)
def test_modes_are_those_of_go(mode: int, go: int) -> None:
    sent = filesync._stat(Entry("x", None, mode, 3, 1_700_000_000_123_456_789))
    assert sent.mode == go
    assert (sent.path, sent.size, sent.modTime) == ("x", 3, 1_700_000_000_123_456_789)
    assert (sent.uid, sent.gid) == (0, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_links(folder: Path) -> None:
    (folder / "link").symlink_to("../else/where")
    (link,) = [s for s in received(load(folder, "Dockerfile")).stats if s.path == "link"]
    assert link.mode == 1 << 27 | 0o777
    assert link.linkname == "../else/where"


def test_the_dockerfile_travels_apart(folder: Path) -> None:
    got = received(load(folder, "FROM other\n"), "dockerfile")
    assert got.files == {"Dockerfile": b"FROM other\n"}
    assert [s.path for s in got.stats] == ["Dockerfile"]
    assert received(load(folder, "FROM other\n")).files == {"Dockerfile": TEXT.encode()}


def test_an_engine_that_looks_for_an_ignore_file_finds_none(folder: Path) -> None:
    (folder / ".dockerignore").write_text("a\n")
    context = load(folder, "Dockerfile")
    assert received(context, followpaths=(".dockerignore",)).stats == []
    assert ".dockerignore" in received(context).files


def test_another_folder_is_refused(folder: Path) -> None:
    with pytest.raises(Refusal) as caught:
        received(load(folder, "Dockerfile"), "secrets")
    assert caught.value.status == 5


def test_a_file_that_went_away_is_told(folder: Path) -> None:
    (folder / "data").touch()
    context = load(folder, "Dockerfile")
    (folder / "data").unlink()
    with pytest.raises(ContextError, match="data"):
        received(context)


@pytest.mark.skipif(sys.platform != "linux", reason="only there a name may be any bytes")
def test_a_name_that_is_not_utf8_is_told(folder: Path) -> None:
    os.close(os.open(os.fsencode(folder) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    with pytest.raises(ContextError, match="not UTF-8"):
        received(load(folder, "Dockerfile"))


def test_an_engine_that_reports_an_error_ends_it(folder: Path) -> None:
    context = load(folder, "Dockerfile")
    sent: list[bytes] = []
    message = _Packet(type=ERR, data=b"disk full").SerializeToString()
    handlers(context)[DIFF_COPY]({"dir-name": ("context",)}, iter([message]), sent.append)
    assert _Packet.FromString(sent[-1]).type == STAT, "no FIN, and no hanging"


def test_an_engine_that_goes_away_ends_it(folder: Path) -> None:
    context = load(folder, "Dockerfile")
    sent: list[bytes] = []
    handlers(context)[DIFF_COPY]({"dir-name": ("context",)}, iter(()), sent.append)
    assert [_Packet.FromString(message).type for message in sent] == [STAT, STAT]
