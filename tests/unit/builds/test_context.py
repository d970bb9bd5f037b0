"""Build contexts: what is sent, and the tar that it is sent as."""

from __future__ import annotations

import io
import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.builds import context as contexts
from stagelab.builds.context import HIDDEN_DOCKERFILE, DockerfileText
from stagelab.builds.loading import load
from stagelab.builds.packing import tar, tar_dockerfile
from stagelab.errors import ContextError

TEXT = "FROM scratch\nCOPY . .\n"
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Dockerfile in it."""
    root = tmp_path / "app"
    root.mkdir()
    (root / "Dockerfile").write_text(TEXT)
    return root


def packed(folder: Path, dockerfile: str | Path = "Dockerfile", *, hide: bool = False) -> bytes:
    return b"".join(tar(load(folder, dockerfile), hide=hide))


def members(data: bytes) -> dict[str, tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        found = {}
        for info in archive:
            file = archive.extractfile(info) if info.isreg() else None
            assert info.name not in found, "no name may come twice"
            found[info.name] = (info, file.read() if file else b"")
    return found


def paths(folder: Path, dockerfile: str | Path = "Dockerfile") -> list[str]:
    return [entry.path for entry in load(folder, dockerfile).entries]


def test_entries_come_in_the_order_of_a_walk(folder: Path) -> None:
    for name in ("b/x", "b.c", "a/z/y", "ä", "Z"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "empty").mkdir()
    expected = ["Dockerfile", "Z", "a", "a/z", "a/z/y", "b", "b/x", "b.c", "empty", "ä"]
    assert paths(folder) == expected
    assert list(members(packed(folder))) == expected


def test_the_first_header_is_a_plain_one_whatever_the_names(folder: Path) -> None:
    (folder / ("n" * 150)).write_text("long")
    (folder / "Dockerfile").rename(folder / ("d" * 120))
    data = packed(folder, "d" * 120)
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        first = next(iter(archive))
    assert data[156:157] == tarfile.REGTYPE, "engines take an extended header for a Dockerfile"
    assert first.name == tar_dockerfile(load(folder, "d" * 120)) == HIDDEN_DOCKERFILE
    found = members(data)
    assert found["d" * 120][1] == found[first.name][1] == TEXT.encode()
    assert found["n" * 150][1] == b"long"


def test_times_are_whole_seconds_and_owners_root(folder: Path) -> None:
    os.utime(folder / "Dockerfile", ns=(1_700_000_000_999_999_999,) * 2)
    data = packed(folder)
    info, _ = members(data)["Dockerfile"]
    assert (info.mtime, info.uid, info.gid, info.uname) == (1_700_000_000, 0, 0, "")
    assert b"mtime=" not in data


@posix_only
def test_modes_and_links(folder: Path) -> None:
    (folder / "script").write_text("#!/bin/sh\n")
    (folder / "script").chmod(0o751)
    (folder / "private").mkdir(mode=0o700)
    (folder / "link").symlink_to("script")
    (folder / "dangling").symlink_to("../nowhere")
    (folder / "to-folder").symlink_to("private")
    found = members(packed(folder))
    assert stat.S_IMODE(found["script"][0].mode) == 0o751
    assert found["private"][0].isdir()
    assert found["private"][0].mode == 0o700
    targets = {name: i.linkname for name, (i, _) in found.items() if i.issym()}
    assert targets == {"link": "script", "dangling": "../nowhere", "to-folder": "private"}


@posix_only
def test_sockets_and_pipes_are_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert paths(folder) == ["Dockerfile"]


@pytest.mark.skipif(sys.platform != "linux", reason="only there a name may be any bytes")
def test_a_name_that_is_not_utf8_keeps_its_bytes(folder: Path) -> None:
    os.close(os.open(os.fsencode(folder) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    assert b"\xff\x00" in packed(folder)


def test_unicode_and_long_names(folder: Path) -> None:
    long = "/".join(["ordner-ä"] * 20) + "/datei-π"
    (folder / long).parent.mkdir(parents=True)
    (folder / long).write_text("π")
    assert members(packed(folder))[long][1] == "π".encode()


def test_a_large_file_comes_in_pieces(folder: Path) -> None:
    content = os.urandom(contexts.CHUNK * 2 + 5)
    (folder / "large").write_bytes(content)
    pieces = list(tar(load(folder, "Dockerfile")))
    assert max(map(len, pieces)) <= contexts.CHUNK
    assert members(b"".join(pieces))["large"][1] == content


def test_context_bytes_are_those_of_the_files_that_are_sent(folder: Path) -> None:
    (folder / "a").write_bytes(bytes(1000))
    (folder / "b").write_bytes(bytes(500))
    (folder / ".dockerignore").write_text("b\nDockerfile\n")
    assert load(folder, "Dockerfile").bytes == 1000 + len("b\nDockerfile\n")


def _sent_until_error(pieces: Iterator[bytes]) -> int:
    sent = 0
    with pytest.raises(ContextError) as caught:
        for piece in pieces:
            sent += len(piece)
    assert "data" in caught.value.cause
    return sent


def test_a_file_that_shrinks_while_it_is_sent(folder: Path) -> None:
    (folder / "data").write_bytes(bytes(10_000))
    looked = load(folder, "Dockerfile")
    (folder / "data").write_bytes(bytes(5_000))
    assert _sent_until_error(tar(looked)) > 5_000


def test_a_file_that_goes_away_while_it_is_sent(folder: Path) -> None:
    (folder / "data").write_bytes(bytes(10))
    looked = load(folder, "Dockerfile")
    (folder / "data").unlink()
    _sent_until_error(tar(looked))


def test_a_file_that_grows_is_sent_as_long_as_it_was(folder: Path) -> None:
    (folder / "data").write_bytes(b"a" * 10)
    looked = load(folder, "Dockerfile")
    (folder / "data").write_bytes(b"b" * contexts.CHUNK * 2)
    assert members(b"".join(tar(looked)))["data"][1] == b"b" * 10


# .dockerignore


def test_dockerignore_is_applied(folder: Path) -> None:
    for name in ("keep", "drop", "docs/a.md", "docs/b.txt", "other/a.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / ".dockerignore").write_text("drop\ndocs\nother\n!docs/*.md\n")
    assert paths(folder) == [".dockerignore", "Dockerfile", "docs", "docs/a.md", "keep"]


def test_an_ignore_file_named_after_the_dockerfile_goes_first(folder: Path) -> None:
    (folder / "a").touch()
    (folder / "b").touch()
    (folder / ".dockerignore").write_text("a\n")
    (folder / "Dockerfile.dockerignore").write_text("b\n*ignore\n")
    assert paths(folder) == ["Dockerfile", "a"]
    assert paths(folder, TEXT) == [".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "b"]


def test_an_ignore_file_that_is_no_text(folder: Path) -> None:
    (folder / ".dockerignore").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContextError, match="dockerignore"):
        load(folder, "Dockerfile")


# where the Dockerfile comes from


def test_a_dockerfile_of_the_folder(folder: Path) -> None:
    looked = load(folder, "Dockerfile")
    assert (looked.dockerfile, looked.dockerfile_name) == (TEXT, "Dockerfile")
    assert looked.dockerfile_inside


def test_a_dockerfile_in_a_subfolder(folder: Path) -> None:
    (folder / "build").mkdir()
    (folder / "build" / "go.Dockerfile").write_text("FROM a\n")
    looked = load(folder, "build/go.Dockerfile")
    assert (looked.dockerfile, looked.dockerfile_name) == ("FROM a\n", "build/go.Dockerfile")
    names = list(members(b"".join(tar(looked))))
    assert names == ["build/go.Dockerfile", "Dockerfile", "build"]


def test_line_ends_and_mode_of_the_dockerfile_stay_as_they_are(folder: Path) -> None:
    (folder / "Dockerfile").write_bytes(b"FROM scratch\r\nCOPY . .\r\n")
    (folder / "Dockerfile").chmod(0o600)
    info, data = members(packed(folder))["Dockerfile"]
    assert data == b"FROM scratch\r\nCOPY . .\r\n"
    assert sys.platform == "win32" or info.mode == 0o600


@pytest.mark.parametrize("hide", [False, True])
def test_a_dockerfile_of_elsewhere_does_not_replace_that_of_the_folder(
    folder: Path, tmp_path: Path, hide: bool
) -> None:
    elsewhere = tmp_path / "other.Dockerfile"
    elsewhere.write_text("FROM other\n")
    looked = load(folder, elsewhere)
    assert not looked.dockerfile_inside
    found = members(b"".join(tar(looked, hide=hide)))
    assert found[tar_dockerfile(looked)][1] == b"FROM other\n"
    assert found["Dockerfile"][1] == TEXT.encode()
    assert next(iter(found)) == tar_dockerfile(looked)


@pytest.mark.parametrize("text", [TEXT, DockerfileText("FROM one-line")])
def test_a_dockerfile_as_text(folder: Path, text: str) -> None:
    looked = load(folder, text)
    assert looked.dockerfile == text
    assert not looked.dockerfile_inside
    assert members(b"".join(tar(looked)))[HIDDEN_DOCKERFILE][1] == text.encode()


def test_a_hidden_dockerfile_is_named_for_removal(folder: Path) -> None:
    found = members(packed(folder, TEXT, hide=True))
    assert list(found) == [HIDDEN_DOCKERFILE, ".dockerignore", "Dockerfile"]
    assert set(found[".dockerignore"][1].decode().split()) == {HIDDEN_DOCKERFILE, ".dockerignore"}


def test_the_folders_own_dockerignore_stays_when_a_line_is_added(folder: Path) -> None:
    (folder / ".dockerignore").write_text("x")
    found = members(packed(folder, TEXT, hide=True))
    assert found[".dockerignore"][1].decode().split() == ["x", HIDDEN_DOCKERFILE]


def test_an_ignored_dockerfile_is_sent_but_not_inside(folder: Path) -> None:
    (folder / ".dockerignore").write_text("Dockerfile\n")
    looked = load(folder, "Dockerfile")
    assert not looked.dockerfile_inside
    assert [entry.path for entry in looked.entries] == [".dockerignore"]
    found = members(b"".join(tar(looked, hide=True)))
    assert list(found) == ["Dockerfile", ".dockerignore"]
    assert found[".dockerignore"][1] == b"Dockerfile\n", "it names the Dockerfile already"


def test_an_ignored_dockerfile_and_an_ignored_dockerignore(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*\n")
    found = members(packed(folder, hide=True))
    assert set(found[".dockerignore"][1].decode().split()) == {"Dockerfile", ".dockerignore"}
    assert list(members(packed(folder))) == ["Dockerfile"]


# what cannot be sent


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ContextError) as caught:
        load(tmp_path / "nowhere", "Dockerfile")
    assert "nowhere" in caught.value.cause


def test_a_missing_dockerfile_names_those_that_are_there(folder: Path) -> None:
    (folder / "single.Dockerfile").touch()
    with pytest.raises(ContextError) as caught:
        load(folder, "multi.Dockerfile")
    assert "multi.Dockerfile" in caught.value.cause
    assert caught.value.fix == "Name one that is there: Dockerfile, single.Dockerfile."
    (folder / "single.Dockerfile").unlink()
    (folder / "Dockerfile").unlink()
    with pytest.raises(ContextError) as caught:
        load(folder, "Dockerfile")
    assert "none" in caught.value.fix


def test_a_dockerfile_that_is_no_text(folder: Path) -> None:
    (folder / "Dockerfile").write_bytes(b"\xff\xfeF\x00")
    with pytest.raises(ContextError) as caught:
        load(folder, "Dockerfile")
    assert "utf-8" in caught.value.detail


def test_a_folder_that_cannot_be_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir
    (folder / "locked").mkdir()

    def refusing(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(ContextError) as caught:
        load(folder, "Dockerfile")
    assert "locked" in caught.value.cause
    assert ".dockerignore" in caught.value.fix
