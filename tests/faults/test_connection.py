"""The engine is not where it is looked for, not for this user, or not in a state to answer."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import certifi
import pytest

from tests.engine.namespace import needs_root_on_linux
from tests.engine.tls import tls_door
from tests.faults.fake_engine import Answer, fake_engine
from tests.faults.fault import Fault, Provoke, prove
from tests.faults.stage import Stage

pytestmark = needs_root_on_linux

CONNECT = "from stagelab import connect\nassert connect().ping()"
FIND = "from stagelab.engine.connecting import find\nassert find(probe=0.5).client.ping()"


def removed(stage: Stage) -> Iterator[None]:
    stage.gate.shut()
    yield
    stage.gate.open()


def died(stage: Stage) -> Iterator[None]:
    stage.gate.shut(leave_socket=True)
    yield
    stage.gate.open()


def hung(stage: Stage) -> Iterator[None]:
    stage.gate.held.set()
    yield
    stage.gate.shut()
    stage.gate.open()


def denied(stage: Stage) -> Iterator[None]:
    stage.gate.path.chmod(0o600)
    stage.kernel.run("import os; os.seteuid(65534)")
    yield
    stage.gate.path.chmod(0o666)
    stage.kernel.run("os.seteuid(0)")


def nowhere(stage: Stage) -> Iterator[None]:
    with stage.variables(DOCKER_HOST=None, XDG_RUNTIME_DIR=None):
        yield


def host(url: str) -> Provoke:
    def named(stage: Stage) -> Iterator[None]:
        with stage.variables(DOCKER_HOST=url):
            yield

    return named


def context(stage: Stage) -> Iterator[None]:
    """A context that does not exist; the cure creates it."""
    with stage.variables(DOCKER_HOST=None, DOCKER_CONTEXT="lab"):
        yield
        _make_context(stage, "lab")
        said = stage.kernel.run(CONNECT)
        assert not said.error, said.text
    shutil.rmtree(stage.config / "contexts")


def config(stage: Stage) -> Iterator[None]:
    file = stage.config / "config.json"
    file.write_text('{"currentContext": "lab"')
    with stage.variables(DOCKER_HOST=None):
        yield
        _make_context(stage, "lab")
        file.write_text('{"currentContext": "lab"}')
        said = stage.kernel.run(CONNECT)
        assert not said.error, said.text
    file.unlink()
    shutil.rmtree(stage.config / "contexts")


def _make_context(stage: Stage, name: str) -> None:
    known = hashlib.sha256(name.encode()).hexdigest()
    meta = stage.config / "contexts" / "meta" / known / "meta.json"
    meta.parent.mkdir(parents=True, exist_ok=True)
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": stage.gate.url}}}))


def credentials(stage: Stage) -> Iterator[None]:
    file = stage.config / "config.json"
    file.write_text('{"credsStore": "desktop"}')
    yield
    file.write_text("{}")


def certificates(stage: Stage) -> Iterator[None]:
    missing = str(stage.folder / "certs")
    with stage.variables(
        DOCKER_HOST="tcp://127.0.0.1:2376", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=missing
    ):
        yield


def skewed(days: int) -> Provoke:
    """The clock of one side is wrong by days: a real certificate is not valid on that day."""

    def provoke(stage: Stage) -> Iterator[None]:
        folder = stage.folder / f"tls{days}"
        folder.mkdir(exist_ok=True)
        start = datetime.now(UTC) + timedelta(days=days)
        with (
            tls_door(stage.gate.engine, folder, start, start + timedelta(days=30)) as door,
            stage.variables(
                DOCKER_HOST=door.url, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(folder)
            ),
        ):
            yield
            with tls_door(stage.gate.engine, folder) as right:
                stage.kernel.run(f"os.environ['DOCKER_HOST'] = {right.url!r}")
                said = stage.kernel.run(CONNECT)
                assert not said.error, said.text

    return provoke


def other_authorities(stage: Stage) -> Iterator[None]:
    """A proxy's authorities for all of Python's connections, the engine's included."""
    folder = stage.folder / "tls"
    folder.mkdir(exist_ok=True)
    with (
        tls_door(stage.gate.engine, folder) as door,
        stage.variables(
            DOCKER_HOST=door.url,
            DOCKER_TLS_VERIFY="1",
            DOCKER_CERT_PATH=str(folder),
            REQUESTS_CA_BUNDLE=certifi.where(),
        ),
    ):
        yield
        stage.kernel.run("import os; del os.environ['REQUESTS_CA_BUNDLE']")
        said = stage.kernel.run(CONNECT)
        assert not said.error, said.text


def answering(**script: Answer) -> Provoke:
    """A pretended engine that answers some paths in its own way."""

    def provoke(stage: Stage) -> Iterator[None]:
        with fake_engine(stage.folder / "f.sock") as fake:
            fake.script.update({path.replace("__", "/"): each for path, each in script.items()})
            with stage.variables(DOCKER_HOST=fake.url):
                yield

    return provoke


OLD = "client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade"
PAGE = b"<html><body>Router login</body></html>"

FAULTS = [
    Fault(
        "no engine anywhere", "real", "DOCKER_HOST unset, nothing in the usual places", CONNECT,
        nowhere, "EngineNotFound",
        ("No container engine was found",), ("./course start",),
    ),
    Fault(
        "no daemon", "real", "the socket is removed", CONNECT, removed, "EngineUnreachable",
        ("there is no such socket",), ("Start the engine",), ("No such file or directory",),
    ),
    Fault(
        "stale socket", "real", "nobody listens at the socket", CONNECT, died,
        "EngineUnreachable",
        ("Nobody listens",), ("Start the engine",), ("Connection refused",),
    ),
    Fault(
        "no permission", "real", "socket of mode 0600, kernel of another user", CONNECT, denied,
        "EngineUnreachable",
        ("This user may not use the engine",), ("usermod -aG docker",), ("Permission denied",),
    ),
    Fault(
        "engine hangs", "real", "nothing is carried to the engine", FIND, hung,
        "EngineUnreachable", ("did not answer in time",), ("restart it if it hangs",),
        ("timed out",),
    ),
    Fault(
        "wrong DOCKER_HOST: name", "real", "a host that does not exist", CONNECT,
        host("tcp://no-such-host.invalid:2375"), "EngineUnreachable",
        ("cannot be resolved",), ("unset DOCKER_HOST",), ("no-such-host.invalid",),
    ),
    Fault(
        "wrong DOCKER_HOST: port", "real", "nobody listens at the port", CONNECT,
        host("tcp://127.0.0.1:1"), "EngineUnreachable",
        ("Nobody listens",), ("unset DOCKER_HOST",), ("Connection refused",),
    ),
    Fault(
        "wrong DOCKER_HOST: address", "real", "a protocol that Docker has not", CONNECT,
        host("foo://x"), "EngineUnreachable",
        ("no address that Docker understands",), ("unix:///path",), ("Invalid bind address",),
    ),
    Fault(
        "wrong DOCKER_HOST: Windows", "real", "a named pipe", CONNECT,
        host("npipe:////./pipe/docker_engine"), "EngineUnreachable",
        ("Windows address",), ("unset DOCKER_HOST",), ("npipe",),
    ),
    Fault(
        "SSH", "real", "ssh:// without its package", CONNECT, host("ssh://me@127.0.0.1"),
        "EngineUnreachable", ("over SSH",), ("pip install paramiko",), ("paramiko",),
    ),
    Fault(
        "TLS: no certificates", "real", "DOCKER_CERT_PATH names no folder", CONNECT, certificates,
        "EngineUnreachable", ("certificates",), ("DOCKER_CERT_PATH",), ("certificate",),
    ),
    Fault(
        "TLS: clock too early", "real", "certificate valid from tomorrow", CONNECT, skewed(1),
        "EngineUnreachable", ("clocks is wrong",), ("Set this computer's clock",),
        ("not yet valid",),
    ),
    Fault(
        "TLS: clock too late", "real", "certificate valid until last month", CONNECT, skewed(-60),
        "EngineUnreachable", ("no longer valid",), ("clock",), ("expired",),
    ),
    Fault(
        "TLS: a proxy's authorities", "real", "REQUESTS_CA_BUNDLE names other authorities",
        CONNECT, other_authorities, "EngineUnreachable", ("REQUESTS_CA_BUNDLE",),
        ("Unset REQUESTS_CA_BUNDLE",), ("CERTIFICATE_VERIFY_FAILED",),
    ),
    Fault(
        "unknown context", "real", "DOCKER_CONTEXT names none", CONNECT, context,
        "EngineConfigInvalid", ("there is no such context",), ("docker context ls",),
        ("meta.json",),
    ),
    Fault(
        "broken config.json", "real", "half a file", CONNECT, config, "EngineConfigInvalid",
        ("cannot be read as JSON",), ("Correct the file",), ("delimiter",),
    ),
    Fault(
        "credsStore", "real", "config.json names a missing helper",
        'from stagelab import build\nbuild("FROM alpine:3.22\\n", builder="classic", quiet=True)',
        credentials, "EngineConfigInvalid", ("credential helper",), ("credsStore",),
        ("docker-credential-desktop",), lost="the build",
    ),
    Fault(
        "API too old", "fake", "the engine wants a newer API", CONNECT,
        answering(_ping=Answer(400, ({"message": OLD},))), "EngineUnreachable",
        ("no longer speaks this client's version",), ("pip install --upgrade docker",),
        ("Minimum supported API version is 1.44",),
    ),
    Fault(
        "no engine but a web page", "fake", "a login page answers", CONNECT,
        answering(version=Answer(raw=PAGE)), "EngineUnreachable",
        ("does not answer as an engine does",), ("Check that this address",),
    ),
    Fault(
        "proxy before the engine", "fake", "502 Bad Gateway for every request", CONNECT,
        answering(version=Answer(502, ({"message": "Bad Gateway"},))), "EngineUnreachable",
        ("proxy",), ("NO_PROXY",), ("502",),
    ),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_is_told_and_cured_in_the_same_kernel(fault: Fault, stage: Stage, turn: int) -> None:
    assert turn >= 0
    prove(fault, stage)
