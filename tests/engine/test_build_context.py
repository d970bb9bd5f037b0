"""Build contexts as they arrive: what we send gives the same files as the docker command."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from stagelab.builds import Build, build, sending
from stagelab.builds.session import SessionUnavailable
from stagelab.engine import tidy
from stagelab.engine.labels import labels
from stagelab.errors import BuildFailed, ContextError

DOCKERFILE = "FROM scratch\nCOPY . /x\n"
WAYS = ["session", "tar", "classic"]

File = tuple[str, int, str, bytes]
"""Kind, mode, link target, content."""


@pytest.fixture(scope="module", autouse=True)
def _tidy(client: docker.DockerClient) -> Iterator[None]:
    assert client.ping()
    yield
    tidy()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with everything in it that is hard to carry."""
    root = tmp_path / "project"
    for path in (
        "plain/deep/er",
        "empty",
        "docs/sub",
        "ordner-ä/π",
        "n" * 80 + "/" + "m" * 80,
        "a",
    ):
        (root / path).mkdir(parents=True)
    (root / "Dockerfile").write_text(DOCKERFILE)
    (root / "plain" / "deep" / "er" / "file").write_text("content\n")
    (root / "ordner-ä" / "π" / "datei-\N{SNOWMAN}").write_text("unicode\n")
    (root / ("n" * 80) / ("m" * 80) / ("o" * 120)).write_text("long\n")
    (root / "script").write_text("#!/bin/sh\n")
    (root / "script").chmod(0o755)
    (root / "private").write_text("private\n")
    (root / "private").chmod(0o600)
    (root / "empty").chmod(0o700)
    (root / "empty-file").touch()
    (root / "large").write_bytes(os.urandom(3_000_000))
    (root / "a-b").write_text("sorts before a/ by bytes\n")
    (root / "a" / "b").write_text("b\n")
    (root / "link").symlink_to("plain/deep")
    (root / "dangling").symlink_to("/nowhere/at/all")
    (root / "docs" / "guide.md").write_text("guide\n")
    (root / "docs" / "sub" / "keep.md").write_text("keep\n")
    (root / "docs" / "sub" / "drop.txt").write_text("drop\n")
    return root


def with_ignore(folder: Path) -> Path:
    text = "# comment\ndocs\n!docs/sub/keep.md\n**/b\n?-[ab]\n/plain/deep/\nDockerfile\n"
    text += ".dockerignore\n"
    (folder / ".dockerignore").write_text(text)
    return folder


def files_of(client: docker.DockerClient, image: str) -> dict[str, File]:
    """The files of an image below /x, by way of a container's archive."""
    container = client.containers.create(image, ["none"], labels=labels())
    try:
        stream, _ = container.get_archive("/x")
        data = b"".join(stream)
    finally:
        container.remove()
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for info in archive:
            file = archive.extractfile(info) if info.isreg() else None
            content = file.read() if file else b""
            kind = "folder" if info.isdir() else "link" if info.issym() else "file"
            assert (info.uid, info.gid) == (0, 0)
            name = info.name.removeprefix("x").strip("/")
            found[name] = (kind, info.mode & 0o7777, info.linkname, content)
    return found


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path, str], Build]:
    """Builds in one of our three ways."""

    def no_session(*_: object, **__: object) -> None:
        raise SessionUnavailable("for the test")

    def build_so(way: str, folder: Path, dockerfile: str = "Dockerfile") -> Build:
        if way == "tar":
            monkeypatch.setattr(sending, "Session", no_session)
        builder = "classic" if way == "classic" else "buildkit"
        try:
            built = build(folder, dockerfile=dockerfile, builder=builder)
        except BuildFailed as error:
            if way != "tar" or "cannot take a build context along" not in error.cause:
                raise
            pytest.skip("26.1 with the containerd image store takes no context with the request")
        assert built.builder == builder
        return built

    return build_so


def by_command(client: docker.DockerClient, engine_url: str, folder: Path) -> dict[str, File]:
    """Build by the docker command, which comes with the engine, and give the files."""
    command = shutil.which("docker")
    assert command, "the docker command is installed with the engine"
    given = [word for pair in labels().items() for word in ("--label", "=".join(pair))]
    done = subprocess.run(
        [command, "build", "--quiet", *given, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder.parent),
            "DOCKER_BUILDKIT": "0",
            "DOCKER_HOST": engine_url,
        },
    )
    image = done.stdout.strip().splitlines()[-1]
    found = files_of(client, image)
    client.images.remove(image)  # with its intermediate images, which carry no label
    return found


posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


@posix
@pytest.mark.parametrize("way", WAYS)
def test_everything_arrives(
    client: docker.DockerClient, folder: Path, ours: Callable[..., Build], way: str
) -> None:
    found = files_of(client, str(ours(way, folder).image.id))
    here = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    assert set(found) - {""} == set(here)
    for name, path in here.items():
        kind, mode, link, content = found[name]
        if path.is_symlink():
            assert (kind, link) == ("link", str(path.readlink()))
        elif path.is_dir():
            assert (kind, mode) == ("folder", path.stat().st_mode & 0o7777)
        else:
            assert (kind, mode) == ("file", path.stat().st_mode & 0o7777)
            assert content == path.read_bytes()


@posix
@pytest.mark.parametrize("way", WAYS)
def test_the_same_as_by_the_docker_command(
    client: docker.DockerClient, engine_url: str, folder: Path, ours: Callable[..., Build], way: str
) -> None:
    expected = by_command(client, engine_url, folder)
    assert len(expected) > 20
    assert files_of(client, str(ours(way, folder).image.id)) == expected


@posix
@pytest.mark.parametrize("way", ["session", "classic"])
def test_the_same_as_by_the_docker_command_with_an_ignore_file(
    client: docker.DockerClient, engine_url: str, folder: Path, ours: Callable[..., Build], way: str
) -> None:
    expected = by_command(client, engine_url, with_ignore(folder))
    found = files_of(client, str(ours(way, folder).image.id))
    assert found == expected
    assert "docs/sub/keep.md" in found
    for left_out in (
        "docs/guide.md",
        "docs/sub/drop.txt",
        "a-b",
        "a/b",
        "plain/deep",
        "Dockerfile",
    ):
        assert left_out not in found
    assert {"docs", "docs/sub", "plain", "a"} <= set(found)


@posix
def test_an_ignored_dockerfile_comes_along_where_there_is_no_session(
    client: docker.DockerClient, engine_url: str, folder: Path, ours: Callable[..., Build]
) -> None:
    expected = by_command(client, engine_url, with_ignore(folder))
    found = files_of(client, str(ours("tar", folder).image.id))
    assert set(found) - set(expected) == {"Dockerfile"}


@posix
@pytest.mark.parametrize("way", WAYS)
def test_a_dockerfile_as_text_does_not_touch_the_folders_own(
    client: docker.DockerClient, engine_url: str, folder: Path, ours: Callable[..., Build], way: str
) -> None:
    expected = by_command(client, engine_url, folder)
    found = files_of(client, str(ours(way, folder, f"\n{DOCKERFILE}").image.id))
    hidden = {".stagelab.Dockerfile"} if way == "tar" else set()
    assert set(found) - set(expected) == hidden
    assert found["Dockerfile"][3] == DOCKERFILE.encode()


@pytest.mark.parametrize("way", WAYS)
def test_a_changed_file_is_sent_again(
    client: docker.DockerClient, folder: Path, ours: Callable[..., Build], way: str
) -> None:
    ours(way, folder)
    (folder / "large").write_bytes(b"small now")
    (folder / "private").unlink()
    found = files_of(client, str(ours(way, folder).image.id))
    assert found["large"][3] == b"small now"
    assert "private" not in found


@pytest.mark.skipif(sys.platform != "linux", reason="only there a name may be any bytes")
def test_a_name_that_is_not_utf8(folder: Path) -> None:
    os.close(os.open(os.fsencode(folder) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    with pytest.raises(ContextError, match="not UTF-8"):
        build(folder, builder="buildkit")
