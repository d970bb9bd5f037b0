"""A registry, or the way to it, says no: told by pulls and by builds alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.namespace import needs_root_on_linux
from tests.faults.fake_engine import IMAGE, Answer, fake_engine
from tests.faults.fault import Fault, Provoke, prove
from tests.faults.stage import Stage

pytestmark = needs_root_on_linux

ENSURE = """\
from stagelab import connect
from stagelab.bases import ensure
ensure(connect(), "alpine", stand_ins=False)"""
PULL = 'from stagelab import connect\nconnect().images.pull("alpine:3.22")'
BUILD = 'from stagelab import build\nbuild("FROM alpine:3.22\\nRUN true\\n", quiet=True)'
BUILT = Answer(lines=({"id": "moby.image.id", "aux": {"ID": IMAGE}},))

LIMIT = (
    "toomanyrequests: You have reached your pull rate limit. You may increase the limit by "
    "authenticating and upgrading: https://www.docker.com/increase-rate-limit"
)
PROXY = 'Get "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp 10.0.0.1:3128: refused'
PROXY_AUTH = "received unexpected HTTP status: 407 Proxy Authentication Required"
UNKNOWN_CA = 'Get "https://registry-1.docker.io/v2/": x509: certificate signed by unknown authority'
CLOCK = (
    'Get "https://registry-1.docker.io/v2/": x509: certificate has expired or is not yet valid: '
    "current time 2019-01-01T00:00:00Z is before 2026-01-01T00:00:00Z"
)
OFFLINE = (
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on '
    "10.0.0.1:53: no such host"
)
FULL = "write /var/lib/docker/tmp/GetImageBlob1: no space left on device"


def says(path: str, answer: Answer) -> Provoke:
    """A pretended engine whose registry says so; the cure is a registry that is willing."""

    def provoke(stage: Stage) -> Iterator[None]:
        with fake_engine(stage.folder / "f.sock") as fake:
            fake.script["build"] = BUILT
            fake.script[path] = answer
            with stage.variables(DOCKER_HOST=fake.url):
                yield
                fake.script["build"] = BUILT
                fake.script.pop("images/create", None)
                for cell in (ENSURE, BUILD, PULL):
                    said = stage.kernel.run(cell)
                    assert not said.error, f"after the cure: {said.text}"

    return provoke


def pulling(words: str, status: int = 200) -> Provoke:
    line = {"error": words} if status == 200 else {"message": words}
    return says("images/create", Answer(status, (line,)))


def building(words: str) -> Provoke:
    return says("build", Answer(lines=({"error": words},)))


def slowly(stage: Stage) -> Iterator[None]:
    stage.kernel.run("from stagelab.bases import ensuring; ensuring._PATIENCE = 0.3")
    yield from says("images/create", Answer(delay=5.0))(stage)
    stage.kernel.run("ensuring._PATIENCE = 30.0")


LIMITED = ("lets no more pulls through", "rate limit")
LIMIT_FIX = ("docker login", "STAGELAB_BUNDLE", "registry-mirrors")
FAULTS = [
    Fault(
        "rate limit: 429", "fake", "the engine answers 429 to a pull", ENSURE,
        pulling(LIMIT, 429), "BaseUnavailable", LIMITED, LIMIT_FIX, ("toomanyrequests",),
        lost="the pull",
    ),
    Fault(
        "rate limit: 500", "fake", "the engine answers 500 toomanyrequests", ENSURE,
        pulling(LIMIT, 500), "BaseUnavailable", LIMITED, LIMIT_FIX, ("toomanyrequests",),
        lost="the pull",
    ),
    Fault(
        "rate limit: bare SDK", "fake", "429 to client.images.pull", PULL, pulling(LIMIT, 429),
        "APIError", (), (), ("toomanyrequests",), lost="the pull",
        cured=ENSURE,
    ),
    Fault(
        "rate limit in a build", "fake", "toomanyrequests in the build's stream", BUILD,
        building(LIMIT), "BuildFailed", LIMITED, LIMIT_FIX, ("toomanyrequests",),
        lost="the build",
    ),
    Fault(
        "proxy down", "fake", "proxyconnect in a pull", ENSURE, pulling(PROXY),
        "BaseUnavailable", ("The proxy that the engine uses",), ("daemon.json",),
        ("proxyconnect",), lost="the pull",
    ),
    Fault(
        "proxy wants a password", "fake", "407 in a pull", ENSURE, pulling(PROXY_AUTH, 500),
        "BaseUnavailable", ("The proxy that the engine uses",), ("daemon.json",), ("407",),
        lost="the pull",
    ),
    Fault(
        "proxy in a build", "fake", "proxyconnect in the build's stream", BUILD, building(PROXY),
        "BuildFailed", ("The proxy that the engine uses",), ("daemon.json",), ("proxyconnect",),
        lost="the build",
    ),
    Fault(
        "proxy inspects traffic", "fake", "x509 unknown authority in a pull", ENSURE,
        pulling(UNKNOWN_CA), "BaseUnavailable", ("does not trust the certificate",),
        ("CA certificate",), ("x509",), lost="the pull",
    ),
    Fault(
        "engine's clock is wrong", "fake", "x509 not yet valid in a pull", ENSURE,
        pulling(CLOCK), "BaseUnavailable", ("clock of the engine's machine is wrong",),
        ("Set the clock",), ("not yet valid",), lost="the pull",
    ),
    Fault(
        "offline: pull", "fake", "no such host in a pull", ENSURE, pulling(OFFLINE),
        "BaseUnavailable", ("the engine is offline",), ("Connect to the network",),
        ("no such host",), lost="the pull",
    ),
    Fault(
        "offline: build", "fake", "no such host in the build's stream", BUILD, building(OFFLINE),
        "BuildFailed", ("the engine is offline",), ("Connect to the network",),
        ("no such host",), lost="the build",
    ),
    Fault(
        "slow registry", "fake", "no answer to a pull within the patience", ENSURE, slowly,
        "BaseUnavailable", ("gives no answer",), ("Connect to the network",), lost="the pull",
    ),
    Fault(
        "disk full on pull", "fake", "an error line in the pull's stream", ENSURE, pulling(FULL),
        "PullFailed", ("The engine's disk is full",), ("./course clean",),
        ("no space left on device",), lost="the pull",
    ),
    Fault(
        "engine lost in mid-pull", "fake", "the connection breaks in the pull's stream", ENSURE,
        says("images/create", Answer(lines=({"status": "Pulling"},), cut=True)),
        "EngineUnreachable", ("broke during the pull",), ("Run the cell again",),
        lost="the pull",
    ),
    Fault(
        "a build's stream breaks off", "fake", "the connection breaks in a build's stream", BUILD,
        says("build", Answer(lines=({"stream": "Step 1/2 : FROM alpine:3.22\n"},), cut=True)),
        "EngineUnreachable", ("broke during the build",), ("Run the cell again",),
        lost="the build",
    ),
    Fault(
        "a page in place of a build", "fake", "a login page answers to a build", BUILD,
        says("build", Answer(raw=b"<html>log in</html>\n")),
        "EngineUnreachable", ("does not speak as an engine does",), ("proxy",),
        lost="the build",
    ),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_is_told_and_cured_in_the_same_kernel(fault: Fault, stage: Stage, turn: int) -> None:
    assert turn >= 0
    prove(fault, stage)
