"""A tar archive as build context."""

from __future__ import annotations

import gc
import io
import os
import stat
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from stagelab.builds.context import Context, Entry, read_file
from stagelab.builds.loading import load
from stagelab.builds.packing import tar
from stagelab.errors import ContextError
from tests.helpers import add

Fill = Callable[[tarfile.TarFile], None]
DOCKERFILE = b"FROM scratch\nCOPY . /\n"


def packed(fill: Fill, mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        add(archive, "Dockerfile", DOCKERFILE)
        fill(archive)
    return file.getvalue()


def some(archive: tarfile.TarFile) -> None:
    add(archive, "./src/deep/ä-" + "n" * 120, b"content", mode=0o640, mtime=1234.9)
    add(archive, "run", b"#!/bin/sh\n", mode=0o4755)
    add(archive, "link", type=tarfile.SYMTYPE, linkname="src/deep")
    add(archive, "same", type=tarfile.LNKTYPE, linkname="run")
    add(archive, "pipe", type=tarfile.FIFOTYPE)
    add(archive, "empty/", type=tarfile.DIRTYPE, mode=0o700)
    add(archive, "run", b"the later one\n", mode=0o755)


def files(context: Context) -> dict[str, tuple[int, str | bytes | None]]:
    return {
        e.path: (e.mode, e.link or (b"".join(read_file(e)) if e.is_file else None))
        for e in context.entries
    }


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_what_it_holds(mode: str, form: int) -> None:
    context = load(packed(some, mode, form), "Dockerfile")
    assert files(context) == {
        "Dockerfile": (stat.S_IFREG | 0o644, DOCKERFILE),
        "empty": (stat.S_IFDIR | 0o700, None),
        "link": (stat.S_IFLNK | 0o644, "src/deep"),
        "run": (stat.S_IFREG | 0o755, b"the later one\n"),
        "same": (stat.S_IFREG | 0o4755, b"#!/bin/sh\n"),  # what had that name at that point
        "src": (stat.S_IFDIR | 0o755, None),
        "src/deep": (stat.S_IFDIR | 0o755, None),
        "src/deep/ä-" + "n" * 120: (stat.S_IFREG | 0o640, b"content"),
    }
    assert context.dockerfile.encode() == DOCKERFILE
    assert (context.dockerfile_name, context.dockerfile_inside) == ("Dockerfile", True)
    (deep,) = [entry for entry in context.entries if entry.path.startswith("src/deep/")]
    assert deep.mtime_ns == 1234 * 10**9


def test_by_path_by_file_and_by_a_stream_that_cannot_go_back(tmp_path: Path) -> None:
    data = packed(some)
    (tmp_path / "context.tar").write_bytes(data)
    expected = files(load(data, "Dockerfile"))
    by_path = load(tmp_path / "context.tar", "Dockerfile")
    assert by_path.name == "context.tar"
    assert files(by_path) == expected
    with (tmp_path / "context.tar").open("rb") as file:
        by_file = load(file, "Dockerfile")
        assert files(by_file) == expected
        del by_file
        gc.collect()
        assert not file.closed, "the caller's own"
    reading, writing = os.pipe()
    feeder = threading.Thread(target=lambda: [os.write(writing, data), os.close(writing)])
    feeder.start()
    with os.fdopen(reading, "rb") as stream:
        assert files(load(stream, "Dockerfile")) == expected
    feeder.join()


def test_packed_again_it_is_the_same() -> None:
    context = load(packed(some), "Dockerfile")
    again = load(b"".join(tar(context)), "Dockerfile")
    there = files(context)
    there["link"] = (stat.S_IFLNK | 0o644, "src/deep")
    assert files(again) == there


def test_its_ignore_file_is_applied() -> None:
    def fill(archive: tarfile.TarFile) -> None:
        add(archive, ".dockerignore", b"*\n!docs/keep\n")
        add(archive, "docs/keep", b"k")
        add(archive, "docs/drop", b"d")
        add(archive, "other/drop", b"d")

    context = load(packed(fill), "Dockerfile")
    assert [entry.path for entry in context.entries] == ["docs", "docs/keep"]
    assert not context.dockerfile_inside


def test_another_dockerfile_in_it_as_text_and_from_elsewhere(tmp_path: Path) -> None:
    data = packed(lambda archive: add(archive, "sub/dev.Dockerfile", b"FROM a\n"))
    assert load(data, "sub/dev.Dockerfile").dockerfile == "FROM a\n"
    assert load(data, "FROM b\n").dockerfile == "FROM b\n"
    (tmp_path / "c.Dockerfile").write_text("FROM c\n")
    context = load(data, tmp_path / "c.Dockerfile")
    assert (context.dockerfile, context.dockerfile_inside) == ("FROM c\n", False)
    with pytest.raises(ContextError, match=r"'nowhere' cannot be read") as caught:
        load(data, "nowhere")
    assert "Dockerfile, sub/dev.Dockerfile" in caught.value.fix


@pytest.mark.parametrize(
    ("fill", "words"),
    [
        (lambda a: add(a, "../up", b"x"), "outside"),
        (lambda a: add(a, "/etc/passwd", b"x"), "outside"),
        (lambda a: add(a, "a/../../up", b"x"), "outside"),
        (lambda a: add(a, "same", type=tarfile.LNKTYPE, linkname="nowhere"), "nowhere"),
    ],
)
def test_what_leads_out_of_it_is_refused(fill: Fill, words: str) -> None:
    with pytest.raises(ContextError, match="cannot be read") as caught:
        load(packed(fill), "Dockerfile")
    assert words in caught.value.detail


@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100, packed(some, "w:gz")[:200]])
def test_what_is_no_archive(data: bytes) -> None:
    with pytest.raises(ContextError, match="cannot be read"):
        load(data, "Dockerfile")


def test_an_archive_that_ends_within_a_file() -> None:
    data = packed(lambda archive: add(archive, "large", b"x" * 100_000))
    with pytest.raises(ContextError):
        # Found at once or when the file is read, but never taken for the whole.
        for entry in load(data[:50_000], "Dockerfile").entries:
            list(read_file(entry))


def test_a_text_alone_is_a_context_without_files() -> None:
    context = load("FROM scratch\nLABEL a=b\n", "Dockerfile")
    assert (context.entries, context.bytes, context.name) == ((), 0, "Dockerfile")
    assert context.dockerfile == "FROM scratch\nLABEL a=b\n"


def test_an_entry_tells_what_it_is() -> None:
    entry = Entry("a", None, stat.S_IFDIR | 0o755, 0, 0)
    assert (entry.is_dir, entry.is_file) == (True, False)
