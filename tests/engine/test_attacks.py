"""Dockerfiles that want more than their context: nothing of this machine gets in, or is written."""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from stagelab.bases.modules import module_proxy
from stagelab.builds import Build, build, sending
from stagelab.builds.session import SessionUnavailable
from stagelab.engine import tidy
from stagelab.engine.labels import labels
from stagelab.errors import BuildError
from stagelab.image import xray
from tests.recorder import TOOL

WAYS = ["session", "tar", "classic"]
CANARY = b"canary " * 100
SIZE = len(CANARY)


@pytest.fixture(scope="module", autouse=True)
def _tidy(client: docker.DockerClient) -> Iterator[None]:
    assert client.ping()
    yield
    tidy()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A context beside a file that is none of its business, with links that lead to it."""
    (tmp_path / "canary").write_bytes(CANARY)
    (tmp_path / "canary.tar").write_bytes(_packed("canary", CANARY))
    context = tmp_path / "context"
    (context / "sub").mkdir(parents=True)
    (context / "absolute").symlink_to(tmp_path / "canary")
    (context / "relative").symlink_to("../canary")
    (context / "up").symlink_to("..")
    (context / "all").symlink_to(tmp_path)
    return context


@pytest.fixture(params=WAYS)
def attempt(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path, str], Build | None]:
    """Build in one of our ways; None if the engine refuses."""

    def no_session(*_: object, **__: object) -> None:
        raise SessionUnavailable("for the test")

    if request.param == "tar":
        monkeypatch.setattr(sending, "Session", no_session)

    def try_it(context: Path, dockerfile: str) -> Build | None:
        builder = "classic" if request.param == "classic" else "buildkit"
        try:
            return build(context, dockerfile=dockerfile, builder=builder, quiet=True)
        except BuildError:
            return None

    return try_it


def _packed(name: str, data: bytes, **fields: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        for field, value in fields.items():
            setattr(info, field, value)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    "instruction",
    [
        "COPY ../canary /x",
        "COPY sub/../../canary /x",
        "COPY absolute /x",
        "COPY relative /x",
        "COPY up/canary /x",
        "COPY all/canary /x",
        "ADD ../canary.tar /x/",
        "ADD up/canary.tar /x/",
    ],
)
def test_nothing_from_outside_of_the_context_gets_in(
    attempt: Callable[[Path, str], Build | None], folder: Path, instruction: str
) -> None:
    built = attempt(folder, f"FROM scratch\n{instruction}\nLABEL attack=yes\n")
    if built is not None:  # a link may get in, as what it is
        assert [entry.path for entry in xray(built).tree if entry.size == SIZE] == []


def test_the_canary_would_be_seen(
    attempt: Callable[[Path, str], Build | None], folder: Path
) -> None:
    (folder / "inside").write_bytes(CANARY)
    built = attempt(folder, "FROM scratch\nCOPY inside /x\nLABEL attack=no\n")
    assert built is not None
    assert [entry.path for entry in xray(built).tree if entry.size == SIZE] == ["/x"]


def test_an_archive_that_is_added_writes_nothing_on_this_machine(
    attempt: Callable[[Path, str], Build | None], folder: Path, tmp_path: Path
) -> None:
    mark = f"stagelab-{secrets.token_hex(8)}"
    target = tmp_path / "target"
    target.mkdir()
    (folder / "up.tar").write_bytes(_packed("../" * 12 + f"tmp/{mark}", CANARY))
    (folder / "absolute.tar").write_bytes(_packed(f"/tmp/{mark}", CANARY))
    link = _packed("way", b"", type=tarfile.SYMTYPE, linkname=str(target))[: tarfile.BLOCKSIZE]
    (folder / "link.tar").write_bytes(link + _packed(f"way/{mark}", CANARY))
    for name in ("up", "absolute", "link"):
        attempt(folder, f"FROM scratch\nADD {name}.tar /\nLABEL attack=yes\n")
    assert not Path("/tmp", mark).exists()
    assert list(target.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("canary", "canary.tar", "context", "target"),
    ]


def test_modules_are_served_to_build_steps_and_not_to_other_networks(
    client: docker.DockerClient, bases: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bases
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path))
    address = module_proxy(client=client).partition("|")[0]
    if "host.docker.internal" in address:
        pytest.skip("the engine's bridge is in a virtual machine, out of reach for others")
    ask = f"wget -T 5 -O - {address}/example.org/x/@v/v1.0.0.mod 2>&1"
    step = f"FROM alpine:3.22\nRUN echo {secrets.token_hex(4)}; {ask} | grep 404\n"
    assert build(step, quiet=True).steps  # it got an answer: there is no such module
    other = client.networks.create(f"stagelab-{secrets.token_hex(4)}", labels=labels())
    try:
        said = client.containers.run(
            "alpine:3.22",
            ["sh", "-c", f"{ask}; true"],
            network=other.name,
            remove=True,
            labels=TOOL,  # and none of ours: it is a stranger's
        )
    finally:
        other.remove()
    assert b"404" not in said
    assert said  # wget's words: the connection was closed
