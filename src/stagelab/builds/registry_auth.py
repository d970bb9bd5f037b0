"""Registry credentials for base images that are not public.

Read as the docker command reads them (`config.json`, credential helpers), by the Docker SDK. On
BuildKit the engine asks for them through the session (`moby.filesync.v1.Auth`) when it needs them;
the classic builder gets them all with the request, as from the SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import docker.auth
from docker.credentials.errors import StoreError
from docker.errors import DockerException

from stagelab.builds._protobuf import message_classes
from stagelab.builds.session import Handler, Metadata
from stagelab.errors import EngineConfigInvalid

CREDENTIALS = "/moby.filesync.v1.Auth/Credentials"
_DOCKER_HUB = "registry-1.docker.io"
_CLASSES = message_classes(
    "stagelab.buildkit.auth",
    {
        "CredentialsRequest": {"Host": (1, "string")},
        "CredentialsResponse": {"Username": (1, "string"), "Secret": (2, "string")},
    },
)
_Request, _Response = _CLASSES["CredentialsRequest"], _CLASSES["CredentialsResponse"]


def handlers() -> dict[str, Handler]:
    """Give the gRPC method that tells a registry's credentials; none are told as empty ones."""
    return {CREDENTIALS: _answer}


def header() -> dict[str, str]:
    """Give the request header that brings all credentials; empty if there are none.

    Raises:
        EngineConfigInvalid: A credential helper that `config.json` names does not work.
    """
    try:
        found = docker.auth.load_config().get_all_credentials()
    except (DockerException, StoreError) as error:
        raise _unusable(error) from None
    return {"X-Registry-Config": docker.auth.encode_header(found).decode()} if found else {}


def _answer(_: Metadata, messages: Iterator[bytes], send: Callable[[bytes], None]) -> None:
    host = _Request.FromString(next(messages, b"")).Host
    # The hub's credentials stand under the name of its index.
    registry = docker.auth.INDEX_NAME if host == _DOCKER_HUB else host
    try:
        found = docker.auth.load_config().resolve_authconfig(registry) or {}
    except (DockerException, StoreError) as error:
        raise _unusable(error) from None
    token = found.get("IdentityToken") or found.get("identitytoken")
    if token:
        response = _Response(Secret=token)
    else:
        name = found.get("Username") or found.get("username") or ""
        word = found.get("Password") or found.get("password") or ""
        response = _Response(Username=name, Secret=word)
    send(response.SerializeToString())


def _unusable(error: Exception) -> EngineConfigInvalid:
    return EngineConfigInvalid(
        "The credential helper that your Docker config.json names does not work here, so a "
        "registry's credentials cannot be read.",
        fix='Install the helper, or take "credsStore" and "credHelpers" out of config.json (in '
        ".docker in your home folder): public images need no credentials.",
        detail=str(error),
    )
