"""Secrets on the real engine: they arrive, and are found nowhere afterwards."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.tls import TLSConfig

from stagelab.bases import Base
from stagelab.builds import Build, Env, build, sending
from stagelab.builds.events import Event
from stagelab.builds.session import SessionUnavailable
from stagelab.containers import run
from stagelab.engine import tidy
from stagelab.engine.labels import labels
from stagelab.errors import BuildFailed, OptionUnsupported
from stagelab.show.trouble import explain, view
from tests.engine.tls import Door, tls_door

MOUNT = "RUN --mount=type=secret,id=token"
HASHED = """\
FROM alpine:3.22 AS fetch
ARG SALT
RUN --mount=type=secret,id=token sha256sum < /run/secrets/token > /sum
FROM scratch
COPY --from=fetch /sum /sum
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert "alpine" in bases
    yield
    tidy()


@pytest.fixture
def canary() -> str:
    """A secret that no other test has."""
    return f"canary-{secrets.token_hex(12)}"


def sum_of(built: Build, client: docker.DockerClient) -> str:
    """The checksum that the build wrote down."""
    container = client.containers.create(built.image.id, ["none"], labels=labels())
    try:
        stream, _ = container.get_archive("/sum")
        data = b"".join(stream)
    finally:
        container.remove()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile("sum")
        assert file is not None
        return file.read(64).decode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def salted(text: str) -> str:
    return text.replace("ARG SALT", f"ARG SALT={secrets.token_hex(8)}")


def test_bytes_a_file_and_a_variable_arrive(
    client: docker.DockerClient, canary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = b"\x00\xff" + canary.encode() + b"\n"
    (tmp_path / "token").write_bytes(binary)
    monkeypatch.setenv("STAGELAB_TEST_TOKEN", canary)
    for source, sent in (
        (canary.encode(), canary.encode()),
        (tmp_path / "token", binary),
        (Env("STAGELAB_TEST_TOKEN"), canary.encode()),
        (b"x" * 500_000, b"x" * 500_000),
    ):
        built = build(salted(HASHED), secrets={"token": source})
        assert built.builder == "buildkit"
        assert sum_of(built, client) == sha256(sent)


def test_it_is_in_no_layer_history_log_or_fact(client: docker.DockerClient, canary: str) -> None:
    events: list[Event] = []
    built = build(
        salted(HASHED), secrets={"token": canary.encode()}, observe=events.append, nocache=True
    )
    assert sum_of(built, client) == sha256(canary.encode())
    image = b"".join(built.image.save())
    assert b"sum" in image
    assert canary.encode() not in image
    facts = [repr(built), str(built), built.log, str(built.image.attrs), repr(events)]
    facts.append(str(built.image.history()))
    facts += built._repr_mimebundle_().values()
    assert not [fact for fact in facts if canary in str(fact)]


@pytest.mark.parametrize(
    "command",
    [
        "cat /run/secrets/token",
        "base64 /run/secrets/token",
        "for i in 1 2 3; do cat /run/secrets/token; echo; done >&2",
        "head -c 9 /run/secrets/token; sleep 0.3; tail -c +10 /run/secrets/token",
    ],
)
def test_a_step_that_prints_it_shows_asterisks(canary: str, command: str) -> None:
    text = f"FROM alpine:3.22\nARG SALT\n{MOUNT} echo before && {command} && echo && echo after\n"
    events: list[Event] = []
    built = build(salted(text), secrets={"token": canary.encode()}, observe=events.append)
    assert "before" in built.log
    assert "*****" in built.log
    assert "after" in built.log
    for form in (canary, base64.b64encode(canary.encode()).decode()):
        assert form not in built.log
        assert form not in repr(events)


def test_a_step_that_prints_it_and_fails(canary: str) -> None:
    text = f"FROM alpine:3.22\nARG SALT\n{MOUNT} cat /run/secrets/token; exit 3\n"
    with pytest.raises(BuildFailed) as caught:
        build(salted(text), secrets={"token": canary.encode()})
    error = caught.value
    assert (error.line, error.stage) == (3, "stage-0")
    assert error.log == "*****"
    told = explain(error)
    shown = [str(error), repr(error), view.text(told), view.html(told)]
    assert not [text for text in shown if canary in text]


def test_one_that_is_not_given_is_missing_only_if_it_is_required() -> None:
    text = f"FROM alpine:3.22\nARG SALT\n{MOUNT} test ! -e /run/secrets/token\n"
    assert build(salted(text)).image.id
    with pytest.raises(BuildFailed) as caught:
        build(salted(text.replace("id=token", "id=token,required=true")))
    assert "'token'" in caught.value.cause
    assert "secrets={" in caught.value.fix
    assert caught.value.line == 3


def test_another_secret_is_another_value_but_the_same_step(canary: str) -> None:
    """A secret is no part of a step's key: as with buildx, a new value alone runs nothing again."""
    text = salted(HASHED)
    first = build(text, secrets={"token": canary.encode()})
    second = build(text, secrets={"token": b"another"})
    assert second.image.id == first.image.id
    assert all(step.cached for step in second.steps if step.instruction.startswith("RUN"))


def test_target_user_and_mode_of_the_mount(canary: str) -> None:
    text = (
        "FROM alpine:3.22\nARG SALT\n"
        "RUN --mount=type=secret,id=token,target=/etc/token,uid=1234,mode=0440 "
        "stat -c '%u %a' /etc/token > /seen && wc -c < /etc/token >> /seen\nCMD cat /seen\n"
    )
    built = build(salted(text), secrets={"token": canary.encode()})
    assert run(built).stdout == f"1234 440\n{len(canary)}\n"


def test_the_classic_builder_has_none(canary: str) -> None:
    with pytest.raises(OptionUnsupported, match="classic builder has no secrets") as caught:
        build(salted(HASHED), secrets={"token": canary.encode()}, builder="classic")
    assert canary not in str(caught.value)


def test_without_a_session_there_is_no_way(canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_session(*_: object, **__: object) -> None:
        raise SessionUnavailable("for the test")

    monkeypatch.setattr(sending, "Session", no_session)
    with pytest.raises(OptionUnsupported, match="need a BuildKit session") as caught:
        build(salted(HASHED), secrets={"token": canary.encode()})
    assert canary not in str(caught.value)


@pytest.fixture
def door(engine_url: str, tmp_path: Path) -> Iterator[Door]:
    with tls_door(engine_url.removeprefix("unix://"), tmp_path) as opened:
        yield opened


@pytest.mark.skipif(sys.platform == "win32", reason="the door stands before a Unix socket")
def test_over_tcp_with_tls(
    door: Door, canary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # would go before the client's own
        monkeypatch.delenv(variable, raising=False)
    tls = TLSConfig(client_cert=(door.certificate, door.key), ca_cert=door.ca, verify=True)
    remote = docker.DockerClient(base_url=door.url, tls=tls, version="auto")
    context = tmp_path / "context"
    context.mkdir()
    (context / "large").write_bytes(secrets.token_bytes(3_000_000))
    text = salted(HASHED) + "COPY large /large\n"
    built = build(context, dockerfile=text, secrets={"token": canary.encode()}, client=remote)
    assert built.builder == "buildkit"
    assert sum_of(built, remote) == sha256(canary.encode())
    # The files went through the session, too: nothing of a tar's Dockerfile is in the context.
    assert built.context_bytes == 3_000_000
    remote.close()
