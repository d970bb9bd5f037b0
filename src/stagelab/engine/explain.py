"""From what docker-py raises when it cannot connect, to cause and cure on this system."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator

import requests
import urllib3

from stagelab.engine.endpoint import Endpoint
from stagelab.errors import EngineNotFound, EngineUnreachable

_PREFIX = "Error while fetching server API version: "


def explain(error: BaseException, endpoint: Endpoint) -> EngineUnreachable:
    """Turn a failure to connect to an endpoint into an error with its cause and cure.

    Args:
        error: What docker-py, requests or the system raised.
        endpoint: The one that was tried.
    """
    detail = str(error).removeprefix(_PREFIX)
    found = _by_class(error, endpoint) or _by_words(detail, endpoint)
    cause, fix = found or (
        f"The engine at {endpoint} does not answer as an engine does.",
        f"Check that this address is a container engine's. Or {_choose(endpoint)}.",
    )
    return EngineUnreachable(cause, fix=fix, detail=detail)


def is_denied(error: BaseException) -> bool:
    """Tell whether the system refused this user, so that an engine may well be there."""
    return any(isinstance(one, PermissionError) for one in chain(error))


def not_found() -> EngineNotFound:
    """Make the error that says how to get an engine on this system."""
    if sys.platform == "linux":
        fix = (
            "On Debian or Ubuntu run `./course start` as root (or with sudo): it installs the "
            "distribution's engine and runs one of the course's own. Elsewhere install Docker "
            "Engine, Docker Desktop or Podman by your system's means and start it."
        )
    elif sys.platform == "darwin":
        fix = "Install and start Docker Desktop, OrbStack, Colima or Rancher Desktop."
    else:
        fix = "Install and start Docker Desktop (it uses WSL 2), Rancher Desktop or Podman."
    return EngineNotFound(
        "No container engine was found: DOCKER_HOST is not set, no Docker context is chosen, "
        "and nothing listens in the usual places.",
        fix=fix,
    )


def start_hint() -> str:
    """Say how an engine is started on this system."""
    if sys.platform == "linux":
        return (
            "Start the engine (`sudo systemctl start docker`, or Docker Desktop), "
            "then run this again."
        )
    return "Start Docker Desktop (or your engine's own application), wait until it says it runs."


def _by_class(error: BaseException, endpoint: Endpoint) -> tuple[str, str] | None:
    """Judge by the classes in the error's chain: they do not change with anybody's wording."""
    for one in chain(error):
        if isinstance(one, PermissionError):
            return (
                f"This user may not use the engine at {endpoint}.",
                _permission_hint(endpoint),
            )
        if isinstance(one, FileNotFoundError):
            return (
                f"No engine listens at {endpoint}: there is no such socket.",
                f"{start_hint()} Or {_choose(endpoint)}.",
            )
        if isinstance(one, ConnectionRefusedError):
            return (
                f"Nobody listens at {endpoint}: an engine has stopped there, or never ran.",
                f"{start_hint()} Or {_choose(endpoint)}.",
            )
        if isinstance(one, socket.gaierror | urllib3.exceptions.NameResolutionError):
            return (
                f"The host name in {endpoint} cannot be resolved.",
                f"Correct the name, or check the network. Or {_choose(endpoint)}.",
            )
        if isinstance(one, TimeoutError | requests.exceptions.Timeout):
            return (
                f"The engine at {endpoint} did not answer in time.",
                f"Wait until it has started, or restart it if it hangs. Or {_choose(endpoint)}.",
            )
    return None


def _by_words(detail: str, endpoint: Endpoint) -> tuple[str, str] | None:
    """Judge by the words, where docker-py has no class of its own."""
    rules = (
        (
            "Invalid bind address",
            f"{endpoint} is no address that Docker understands.",
            f"Write it as unix:///path or tcp://host:port. Or {_choose(endpoint)}.",
        ),
        (
            "npipe:// protocol is only supported",
            f"{endpoint} is a Windows address.",
            f"On this system, {_choose(endpoint)}.",
        ),
        (
            "Path to a certificate",
            f"The certificates for {endpoint} were not found.",
            "Set DOCKER_CERT_PATH to the folder of the certificates, or unset DOCKER_TLS_VERIFY.",
        ),
        (
            "Invalid CA certificate",
            f"The certificate authority's file for {endpoint} was not found.",
            "Set DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem.",
        ),
        (
            "paramiko",
            f"{endpoint} is reached over SSH, for which a package is missing.",
            "Install it into the course's environment: `python -m pip install paramiko`.",
        ),
        (
            "Bad Gateway",
            f"A proxy stands before the engine at {endpoint}, and it does not get through.",
            "Take the engine's host out of the proxy's hands: add it to NO_PROXY, restart the "
            "kernel's server, and run this again.",
        ),
        (
            "certificate is not yet valid",
            f"The certificate of {endpoint} is not valid yet. Most likely one of the two clocks "
            "is wrong: this computer's or the engine's.",
            "Set this computer's clock (Linux: `timedatectl set-ntp true`), then run this again; "
            "if it is right, make new certificates.",
        ),
        (
            "certificate has expired",
            f"The certificate of {endpoint} is no longer valid, or this computer's clock is wrong.",
            "Check this computer's clock; if it is right, make new certificates and put them into "
            "the folder that DOCKER_CERT_PATH names.",
        ),
        (
            "CERTIFICATE_VERIFY_FAILED",
            f"The certificate of {endpoint} is not signed by whom it should be.",
            "Set DOCKER_CERT_PATH to the folder with the right ca.pem, cert.pem and key.pem.",
        ),
        (
            "Credentials store error",
            "config.json names a credentials helper that is not installed.",
            'Remove "credsStore" from config.json, or install the helper that it names.',
        ),
        (
            "is too old",
            f"The engine at {endpoint} no longer speaks this client's version of the API.",
            "Update the course's packages: `python -m pip install --upgrade docker`.",
        ),
        (
            "no longer supported by this library",
            f"The engine at {endpoint} is too old for this client.",
            "Update the engine to version 20.10 or later.",
        ),
    )
    for words, cause, fix in (*_other_authorities(endpoint), *rules):
        if words in detail:
            return cause, fix
    return None


def _other_authorities(endpoint: Endpoint) -> Iterator[tuple[str, str, str]]:
    """Tell of a variable that overrides the engine's own certificate authority."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if os.environ.get(name) and endpoint.tls is not None:
            yield (
                "in certificate chain",
                f"{name} is set, so the certificate of {endpoint} is compared with the "
                "authorities named there and not with the engine's own.",
                f"Unset {name} for the course (in a notebook: `import os; "
                f'del os.environ["{name}"]`), or add the engine\'s ca.pem to that file.',
            )
            return


def chain(error: BaseException) -> Iterator[BaseException]:
    """Walk the causes, contexts, reasons and arguments of an error, each once."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        one = queue.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        queue += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _permission_hint(endpoint: Endpoint) -> str:
    if sys.platform == "linux" and endpoint.path is not None:
        return (
            "Add yourself to the group that owns the socket (`sudo usermod -aG docker $USER`), "
            "then log out and in again; or run this command with sudo."
        )
    return "Run this as the user that the engine was installed for, or start Docker Desktop."


def _choose(endpoint: Endpoint) -> str:
    """Say how another engine than this one is chosen; follows "Or "."""
    return {
        "DOCKER_HOST": "unset DOCKER_HOST, and the course looks in the usual places",
        "context": "choose another context: `docker context use default`",
        "usual place": "set DOCKER_HOST to the address of the engine you mean",
        "own engine": "start it anew: `./course engine stop`, then `./course engine start`",
    }[endpoint.origin]
