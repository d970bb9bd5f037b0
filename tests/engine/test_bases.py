"""The bases on the real engine, whether official or stand-ins, do what the course says of them."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path

import docker
import pytest
from docker.errors import APIError, ImageNotFound

from stagelab.bases import Base, catalogue, ensure, ensure_stand_ins, kind_of, survey
from stagelab.bases.archive import ImageSettings, file, write_archive, write_layer
from stagelab.bases.loading import load
from stagelab.bases.standin import KEY_LABEL
from stagelab.engine.labels import COURSE_LABEL, STAND_IN_LABEL, labels
from tests.recorder import TOOL

NET = b"""\
package main

import (
	"fmt"
	"net"
)

func main() {
	_, err := net.Dial("tcp", "127.0.0.1:1")
	fmt.Println("asked:", err != nil)
}
"""
BUILD = """\
cd /src
go mod init app
CGO_ENABLED=1 go build -o /cgo
CGO_ENABLED=0 go build -o /plain
"""


def run(
    client: docker.DockerClient, image: str, *command: str, files: dict[str, bytes] | None = None
) -> str:
    """Run a container without network and give what it prints, or why it could not start."""
    container = client.containers.create(
        image,
        list(command),
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        labels=labels() | TOOL,
    )
    try:
        container.put_archive("/", tar(files or {}))
        try:
            container.start()
        except APIError as error:
            return str(error.explanation)
        container.wait()
        return str(container.logs().decode())
    finally:
        container.remove(force=True)


@pytest.fixture(scope="module")
def programs(client: docker.DockerClient, bases: dict[str, Base]) -> dict[str, bytes]:
    """A program that imports net, built in golang with cgo and without."""
    container = client.containers.create(
        bases["golang"].reference, ["sh", "-ec", BUILD], network_mode="none", labels=labels() | TOOL
    )
    made = {}
    try:
        container.put_archive("/", tar({"src/main.go": NET}))
        container.start()
        assert container.wait()["StatusCode"] == 0, container.logs().decode()
        for name in ("cgo", "plain"):
            stream, _ = container.get_archive(f"/{name}")
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
                content = archive.extractfile(name)
                assert content is not None
                made[name] = content.read()
    finally:
        container.remove(force=True)
    return made


def tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_all_are_there_and_ensuring_again_is_quick_and_changes_nothing(
    client: docker.DockerClient, bases: dict[str, Base]
) -> None:
    started = time.monotonic()
    again = ensure(client)
    assert time.monotonic() - started < 0.2
    assert {name: base.image_id for name, base in again.items()} == {
        name: base.image_id for name, base in bases.items()
    }
    assert {base.origin for base in again.values()} == {"local"}
    assert ensure_stand_ins(client) == again


@pytest.mark.parametrize("name", list(catalogue()))
def test_the_kind_is_told_by_the_label(
    client: docker.DockerClient, bases: dict[str, Base], name: str
) -> None:
    base = bases[name]
    marked = client.images.get(base.reference).labels
    assert base.kind == kind_of(client, base.reference)
    assert (marked.get(STAND_IN_LABEL) == name) == (base.kind == "stand-in")
    assert (COURSE_LABEL in marked) == (KEY_LABEL in marked) == (base.kind == "stand-in")


def test_the_rows_are_all_present(client: docker.DockerClient, bases: dict[str, Base]) -> None:
    rows = {row.name: row.base for row in survey(client)}
    assert {name: base.image_id for name, base in rows.items() if base} == {
        name: base.image_id for name, base in bases.items()
    }


@pytest.mark.parametrize("name", list(catalogue()))
def test_its_history_accounts_for_its_layers(
    client: docker.DockerClient, bases: dict[str, Base], name: str
) -> None:
    image = client.images.get(bases[name].reference)
    filled = [line for line in image.history() if line["Size"]]
    layers = image.attrs["RootFS"]["Layers"]
    assert 1 <= len(filled) <= len(layers)
    assert all(line["CreatedBy"] for line in filled)


def test_golang_has_its_environment(client: docker.DockerClient, bases: dict[str, Base]) -> None:
    said = run(
        client,
        bases["golang"].reference,
        "sh",
        "-c",
        "go version; go env GOPATH GOTOOLCHAIN; pwd; git --version; gcc --version; stat -c %a /go",
    )
    assert "go version go1.27" in said
    assert "/go\nlocal\n/go\n" in said
    assert "git version" in said
    assert "gcc" in said
    assert said.endswith("1777\n")


def test_a_network_program_with_cgo_does_not_start_on_alpine(
    client: docker.DockerClient, bases: dict[str, Base], programs: dict[str, bytes]
) -> None:
    said = run(client, bases["alpine"].reference, "/prog", files={"prog": programs["cgo"]})
    assert "exec /prog: no such file or directory" in said
    assert "asked:" not in said


def test_the_same_program_with_cgo_starts_on_debian(
    client: docker.DockerClient, bases: dict[str, Base], programs: dict[str, bytes]
) -> None:
    said = run(client, bases["debian"].reference, "/prog", files={"prog": programs["cgo"]})
    assert said == "asked: true\n"


@pytest.mark.parametrize("name", ["alpine", "debian", "distroless"])
def test_without_cgo_it_starts_everywhere(
    client: docker.DockerClient, bases: dict[str, Base], programs: dict[str, bytes], name: str
) -> None:
    said = run(client, bases[name].reference, "/prog", files={"prog": programs["plain"]})
    assert said == "asked: true\n"


@pytest.mark.parametrize(
    ("name", "release"), [("alpine", None), ("debian", "VERSION_CODENAME=trixie")]
)
def test_those_with_a_shell_say_who_they_are(
    client: docker.DockerClient, bases: dict[str, Base], name: str, release: str | None
) -> None:
    said = run(
        client,
        bases[name].reference,
        "sh",
        "-c",
        "id -u; cat /etc/os-release; stat -c %a /tmp; ls /lib",
    )
    assert said.startswith("0\n")
    assert (release or ("Stagelab" if bases[name].kind == "stand-in" else "ID=alpine")) in said
    assert "\n1777\n" in said
    assert ("ld-musl-" in said) == (name == "alpine")


def test_distroless_has_no_shell_and_an_unprivileged_user(
    client: docker.DockerClient, bases: dict[str, Base]
) -> None:
    reference = bases["distroless"].reference
    assert '"sh": executable file not found' in run(client, reference, "sh", "-c", "true")
    assert client.images.get(reference).attrs["Config"]["User"] == "65532"
    container = client.containers.create(reference, ["none"], labels=labels())
    try:
        stream, _ = container.get_archive("/etc")
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            names = set(archive.getnames())
            passwd = archive.extractfile("etc/passwd")
            assert passwd is not None
            users = passwd.read().decode()
        stream, _ = container.get_archive("/var/lib/dpkg/status.d")
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            records = archive.getnames()
    finally:
        container.remove(force=True)
    assert "etc/ssl/certs/ca-certificates.crt" in names
    assert "nonroot:x:65532:65532:" in users
    assert {"status.d/base-files", "status.d/netbase", "status.d/tzdata"} <= set(records)


def test_loading_gives_a_runnable_image_and_keeps_the_names_that_were_there(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    tag = "stagelab/test-bases:load"
    architecture = client.version()["Arch"]
    ids = []
    for text in ("first", "second"):
        layer = write_layer(
            tmp_path / text, [file("f", text)], epoch=1_700_000_000, created_by=f"test {text}"
        )
        with (tmp_path / f"{text}.tar").open("wb") as out:
            settings = ImageSettings(architecture, labels(), cmd=("/f",))
            ids.append(write_archive(out, tag, [layer], settings, epoch=1_700_000_000))
    seen: list[tuple[int | None, int | None]] = []
    try:
        load(
            client, tmp_path / "first.tar", [tag], lambda _, done, total: seen.append((done, total))
        )
        image = client.images.get(tag)
        assert image.history()[-1]["CreatedBy"] == "test first"
        size = (tmp_path / "first.tar").stat().st_size
        assert seen[-1] == (size, size)
        load(client, tmp_path / "second.tar", [tag], lambda *_: None)
        assert client.images.get(tag).id == image.id
    finally:
        for name in (tag, *ids):
            try:
                client.images.remove(name, force=True)
            except ImageNotFound:
                continue
