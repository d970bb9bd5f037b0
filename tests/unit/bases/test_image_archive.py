from __future__ import annotations

import hashlib
import io
import json
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.bases.archive import (
    ImageSettings,
    Layer,
    directory,
    file,
    symlink,
    write_archive,
    write_layer,
)
from stagelab.bases.bundle import read_archive

EPOCH = 1_700_000_000
SETTINGS = ImageSettings(
    "arm64",
    {"b": "2", "a": "1"},
    env=("PATH=/bin", "X=1"),
    cmd=("/bin/sh", "-c"),
    user="65532",
    workdir="/w",
)


def content(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]


def test_an_archive_says_what_its_layers_are(tmp_path: Path) -> None:
    layers = [
        write_layer(
            tmp_path / name, [file(name, b"x" * size)], epoch=EPOCH, created_by=f"made {name}"
        )
        for name, size in (("one", 10), ("two", 2_000_000))
    ]
    out = io.BytesIO()
    image_id = write_archive(out, "golang:1.27", layers, SETTINGS, epoch=EPOCH)
    files = content(out.getvalue())
    (image,) = json.loads(files["manifest.json"])
    assert image["RepoTags"] == ["golang:1.27"]
    raw = files[image["Config"]]
    assert image_id == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    config = json.loads(raw)
    digests = [f"sha256:{hashlib.sha256(files[name]).hexdigest()}" for name in image["Layers"]]
    assert config["rootfs"] == {"type": "layers", "diff_ids": digests}
    history = config["history"]
    assert [line["created_by"] for line in history if not line.get("empty_layer")] == [
        "made one",
        "made two",
    ]
    said = [line["created_by"] for line in history if line.get("empty_layer")]
    assert said == [
        "ENV PATH=/bin",
        "ENV X=1",
        "LABEL a=1",
        "LABEL b=2",
        "USER 65532",
        'CMD ["/bin/sh", "-c"]',
    ]
    assert config["config"] == {
        "Env": ["PATH=/bin", "X=1"],
        "Labels": {"a": "1", "b": "2"},
        "Cmd": ["/bin/sh", "-c"],
        "User": "65532",
        "WorkingDir": "/w",
    }
    assert (config["architecture"], config["variant"], config["os"]) == ("arm64", "v8", "linux")
    assert config["created"] == "2023-11-14T22:13:20Z"


def test_equal_layers_are_stored_once(tmp_path: Path) -> None:
    layers = [
        write_layer(tmp_path / name, [file("f", "same")], epoch=EPOCH, created_by=name)
        for name in ("one", "two")
    ]
    out = io.BytesIO()
    write_archive(out, "x:1", layers, SETTINGS, epoch=EPOCH)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as tar:
        names = tar.getnames()
    assert len(names) == len(set(names)) == 3


def test_the_reader_understands_the_writer(tmp_path: Path) -> None:
    layer = write_layer(tmp_path / "l", [file("f", "x")], epoch=EPOCH, created_by="test")
    path = tmp_path / "image.tar"
    with path.open("wb") as out:
        write_archive(out, "docker.io/library/golang:1.27", [layer], SETTINGS, epoch=EPOCH)
    archive = read_archive(path)
    assert archive.references == ("golang:1.27",)
    assert archive.architectures == {"arm64"}
    assert not archive.stand_ins


def test_entries_lose_the_hosts_traces(tmp_path: Path) -> None:
    late = tarfile.TarInfo("./var/log")
    late.type, late.mtime, late.uname, late.gname = tarfile.DIRTYPE, EPOCH + 1.5, "me", "us"
    early, data = file("./etc/hosts", "x")
    early.mtime = 1_000.75
    hard = tarfile.TarInfo("./etc/other")
    hard.type, hard.linkname = tarfile.LNKTYPE, "./etc/hosts"
    layer = write_layer(
        tmp_path / "l", [(late, None), (early, data), (hard, None)], epoch=EPOCH, created_by="t"
    )
    with tarfile.open(layer.path) as tar:
        log, hosts, other = tar.getmembers()
    assert (log.name, log.mtime, log.uname, log.gname) == ("var/log", EPOCH, "", "")
    assert (hosts.name, hosts.mtime) == ("etc/hosts", 1_000)
    assert (other.linkname, other.islnk()) == ("etc/hosts", True)


NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0.", exclude_categories=["Cs"]))
    .filter(bool)
    .map(lambda text: text[:120]),
    unique=True,
    max_size=6,
)


@given(NAMES, st.binary(max_size=700), st.sampled_from([0o644, 0o755, 0o1777]))
def test_what_is_written_is_read_back_and_equal_content_has_equal_digests(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], data: bytes, mode: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("layers")

    def write(name: str) -> Layer:
        entries = [
            entry
            for one in names
            for entry in (
                directory(f"d-{one}", mode),
                file(f"f-{one}", data, mode),
                symlink(f"s-{one}", one),
            )
        ]
        return write_layer(folder / name, entries, epoch=EPOCH, created_by="test")

    first, second = write("first"), write("second")
    assert first.diff_id == second.diff_id
    raw = first.path.read_bytes()
    assert first.diff_id == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    with tarfile.open(first.path) as tar:
        for one in names:
            found = tar.getmember(f"f-{one}")
            assert tar.extractfile(found).read() == data  # type: ignore[union-attr]
            assert stat.S_IMODE(found.mode) == mode
            assert tar.getmember(f"s-{one}").linkname == one
            assert tar.getmember(f"d-{one}").isdir()
