"""Each option of a build does what it says, on both builders, or is refused."""

from __future__ import annotations

import contextlib
import io
import secrets
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from stagelab.bases import Base
from stagelab.builds import Build, DockerfileText, build
from stagelab.builds.probing import heeds
from stagelab.containers import run
from stagelab.engine import tidy
from stagelab.errors import BuildFailed, OptionUnsupported
from tests.engine.registry import Registry, registry

both_builders = pytest.mark.parametrize("builder", ["buildkit", "classic"])
MIB = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert "alpine" in bases
    yield
    tidy()


def seen_by(command: str, **options: object) -> str:
    """What a RUN step sees; never from the cache."""
    text = f"FROM alpine:3.22\nRUN : {secrets.token_hex(8)} && {command}\n"
    built: Build = build(text, **options)  # type: ignore[arg-type]
    return built.steps[-1].log.strip()


@both_builders
def test_network(builder: str) -> None:
    links = "ls /sys/class/net | tr '\\n' ' '"
    assert seen_by(links, network="none", builder=builder) == "lo"
    assert "eth0" in seen_by(links, network="default", builder=builder)
    assert seen_by("hostname", network="host", builder=builder)


def test_a_named_network(client: docker.DockerClient) -> None:
    with pytest.raises(OptionUnsupported, match="no network 'nowhere'") as caught:
        seen_by("true", network="nowhere", builder="buildkit")
    assert "classic" in caught.value.fix
    assert "eth0" in seen_by("ls /sys/class/net", network="bridge", builder="classic")
    assert client.ping()


@both_builders
def test_extra_hosts(builder: str) -> None:
    hosts = {"registry.example": "10.0.0.9", "other.example": "10.0.0.10"}
    found = seen_by("grep example /etc/hosts", extra_hosts=hosts, builder=builder)
    assert sorted(line.split() for line in found.splitlines()) == [
        ["10.0.0.10", "other.example"],
        ["10.0.0.9", "registry.example"],
    ]


def test_memory_and_shm_on_the_classic_builder() -> None:
    limit = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null"
    found = seen_by(f"{limit} | head -n 1", memory=64 * MIB, builder="classic")
    assert found == str(64 * MIB)
    size = seen_by("df -k /dev/shm | tail -n 1", shm_size=2 * MIB, builder="classic")
    assert size.split()[1] == "2048"


def test_what_buildkit_lacks_is_refused_and_what_it_has_is_done(
    client: docker.DockerClient,
) -> None:
    with pytest.raises(OptionUnsupported, match="no memory") as caught:
        seen_by("true", memory=64 * MIB, builder="buildkit")
    assert "classic" in caught.value.fix
    if heeds(client, "shmsize", str(2 * MIB)):  # engines from 23 on
        size = seen_by("df -k /dev/shm | tail -n 1", shm_size=2 * MIB, builder="buildkit")
        assert size.split()[1] == "2048"
    else:
        with pytest.raises(OptionUnsupported, match="no shm_size"):
            seen_by("true", shm_size=2 * MIB, builder="buildkit")


def test_an_option_is_heeded_if_it_changes_the_plan(client: docker.DockerClient) -> None:
    assert heeds(client, "networkmode", "none")
    assert not heeds(client, "no-such-option", "1")


@both_builders
def test_another_platform_is_not_what_is_here(builder: str) -> None:
    with pytest.raises((OptionUnsupported, BuildFailed)) as caught:
        build("FROM alpine:3.22\nCOPY --from=alpine:3.22 /etc/os-release /x\n",
              platform="linux/s390x", builder=builder)  # fmt: skip
    assert "s390x" in str(caught.value) or "base image" in caught.value.cause


@both_builders
def test_the_platform_of_the_engine(client: docker.DockerClient, builder: str) -> None:
    here = client.images.get("alpine:3.22").attrs["Architecture"]
    built = build("FROM alpine:3.22\nENV a=b\n", platform=f"linux/{here}", builder=builder)
    assert built.image.attrs["Architecture"] == here


@both_builders
def test_steps_of_another_image_count_as_cached(client: docker.DockerClient, builder: str) -> None:
    salt = secrets.token_hex(8)
    text = f"FROM alpine:3.22\nRUN echo {salt} > /x\n"
    tag = f"stagelab/test-{salt}:cache"
    first = build(text, tag=tag, builder=builder)
    again = build(text, cache_from=[tag], builder=builder)
    assert all(step.cached for step in again.steps if step.instruction.startswith("RUN"))
    assert first.image.attrs["RootFS"] == again.image.attrs["RootFS"]
    assert client.images.get(tag).id == first.image.id


@both_builders
def test_an_archive_and_a_text_as_context(builder: str, tmp_path: Path) -> None:
    packed = io.BytesIO()
    salt = secrets.token_hex(8)
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:  # PAX, as Python makes them
        for name, text in (
            ("Dockerfile", f"FROM alpine:3.22\nCOPY . /x\nCMD cat /x/{'n' * 110} && echo {salt}\n"),
            ("n" * 110, "from the archive\n"),
            ("left-out", "x"),
            (".dockerignore", "left-out\n"),
        ):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(text), 1700000000.25
            archive.addfile(info, io.BytesIO(text.encode()))
    built = build(packed.getvalue(), builder=builder)
    assert run(built).stdout == f"from the archive\n{salt}\n"
    assert run(built, "ls", "-A", "/x").stdout.split() == [".dockerignore", "Dockerfile", "n" * 110]
    (tmp_path / "context.tar.gz").write_bytes(packed.getvalue())
    assert build(tmp_path / "context.tar.gz", builder=builder).image.id == built.image.id
    alone = build(DockerfileText(f"FROM alpine:3.22\nCMD echo {salt}"), builder=builder)
    assert alone.context_bytes == 0
    assert run(alone).stdout == f"{salt}\n"


# private base images


@pytest.fixture(scope="module")
def private(client: docker.DockerClient, bases: dict[str, Base]) -> Iterator[Registry]:
    """A registry that asks for a password, with alpine in it."""
    assert bases
    with registry(client, "alpine:3.22", user="learner", password=secrets.token_hex(8)) as opened:
        yield opened
        with contextlib.suppress(docker.errors.ImageNotFound):  # BuildKit need not keep it
            client.images.remove(opened.reference)


@both_builders
def test_a_private_base_image(
    client: docker.DockerClient,
    private: Registry,
    builder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = f"FROM {private.reference}\nRUN echo {secrets.token_hex(8)} > /made\n"
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(BuildFailed, match="wants a user name and a password") as caught:
        build(text, pull=True, builder=builder, client=client)
    assert "docker login" in caught.value.fix
    private.write_config(tmp_path)
    built = build(text, pull=True, builder=builder, client=client)
    assert built.image.id
    assert private.password not in f"{built!r} {built.log} {built.image.history()}"
    assert built.steps[0].instruction.startswith("FROM ")
