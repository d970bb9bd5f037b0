from __future__ import annotations

import pytest
from docker.errors import DockerException, TLSParameterError
from requests.exceptions import ConnectionError as RequestsConnectionError
from urllib3.exceptions import ProtocolError

from stagelab.engine.endpoint import Endpoint
from stagelab.engine.explain import explain, is_denied

PREFIX = "Error while fetching server API version: "
HERE = Endpoint("unix:///x.sock", "DOCKER_HOST")


def wrapped(error: Exception) -> DockerException:
    """Wrap as urllib3, requests and docker-py do, one around the other."""
    inner = RequestsConnectionError(ProtocolError("Connection aborted.", error))
    outer = DockerException(f"{PREFIX}{inner}")
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (wrapped(FileNotFoundError(2, "No such file or directory")), "no such socket"),
        (wrapped(PermissionError(13, "Permission denied")), "may not use"),
        (wrapped(ConnectionRefusedError(111, "Connection refused")), "Nobody listens"),
        (wrapped(TimeoutError("timed out")), "in time"),
        (DockerException("Invalid bind address protocol: foo://x"), "no address"),
        (DockerException("Install paramiko package to enable ssh:// support"), "SSH"),
        (TLSParameterError("Path to a certificate and key files must be provided"), "certificates"),
        (
            DockerException(
                "Credentials store error: StoreError('docker-credential-desktop not installed')"
            ),
            "credentials helper",
        ),
        (
            DockerException(
                PREFIX + "client version 1.41 is too old. Minimum supported API version is 1.44"
            ),
            "no longer speaks",
        ),
        (DockerException("something never seen"), "does not answer as an engine does"),
    ],
)
def test_each_failure_has_its_cause_a_cure_and_the_original_words(
    error: Exception, cause: str
) -> None:
    said = explain(error, HERE)
    assert cause in said.cause
    assert said.fix
    assert said.detail == str(error).removeprefix(PREFIX).strip()


def test_a_refused_permission_is_seen_through_all_wrappings() -> None:
    assert is_denied(wrapped(PermissionError(13, "Permission denied")))
    assert not is_denied(wrapped(FileNotFoundError(2, "No such file")))
    loop = ValueError()
    loop.__context__ = loop
    assert not is_denied(loop)


def test_the_cure_depends_on_who_named_the_engine() -> None:
    error = FileNotFoundError(2, "No such file or directory")
    assert "unset DOCKER_HOST" in explain(error, HERE).fix
    context = Endpoint("unix:///x.sock", "context", "lab")
    assert "docker context use" in explain(error, context).fix
