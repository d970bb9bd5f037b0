"""The current Docker context, read as the `docker` command reads it.

docker-py falls back to the default engine without a word when a context does not exist or
config.json does not parse, and looks for contexts in the working directory when there is no
config.json. A learner would build on an engine that was not meant. So this is read here.
Layout: https://docs.docker.com/engine/manage-resources/contexts/
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.errors import TLSParameterError
from docker.tls import TLSConfig

from stagelab.engine.endpoint import Endpoint
from stagelab.errors import EngineConfigInvalid


def current_context(
    environ: Mapping[str, str] | None = None, home: Path | None = None
) -> Endpoint | None:
    """Give the endpoint of the current context; None if that is the default one.

    The name is DOCKER_CONTEXT, else `currentContext` of config.json in DOCKER_CONFIG or ~/.docker.

    Raises:
        EngineConfigInvalid: The context does not exist, or a file of it cannot be used.
    """
    environ = os.environ if environ is None else environ
    folder = config_folder(environ, home)
    name = environ.get("DOCKER_CONTEXT") or _configured_name(folder / "config.json")
    if name in {"", "default"}:
        return None
    identity = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / identity / "meta.json"
    if not meta.is_file():
        raise EngineConfigInvalid(
            f"The current Docker context is {name!r}, and there is no such context.",
            fix=_fix(environ),
            detail=f"{meta}: no such file",
        )
    try:
        docker = _read_object(meta)["Endpoints"]["docker"]
        host = docker["Host"]
        skip = bool(docker.get("SkipTLSVerify", False))
    except (KeyError, TypeError, AttributeError) as error:
        raise EngineConfigInvalid(
            f"The Docker context {name!r} names no engine.",
            fix=_fix(environ),
            detail=f"{meta}: {error!r}",
        ) from error
    tls = _certificates(name, folder / "contexts" / "tls" / identity / "docker", skip=skip)
    return Endpoint(host, "context", name, tls)


def config_folder(environ: Mapping[str, str] | None = None, home: Path | None = None) -> Path:
    """Give the folder of Docker's settings: DOCKER_CONFIG, else ~/.docker."""
    environ = os.environ if environ is None else environ
    named = environ.get("DOCKER_CONFIG")
    return Path(named) if named else (Path.home() if home is None else home) / ".docker"


def _configured_name(config: Path) -> str:
    if not config.exists():
        return ""
    name = _read_object(config).get("currentContext", "")
    if not isinstance(name, str):
        raise EngineConfigInvalid(
            f"{config} has a currentContext that is not a name.",
            fix="Correct the file, or run `docker context use default`.",
            detail=repr(name),
        )
    return name


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineConfigInvalid(
            f"{path} cannot be read as JSON, so the engine to use is not known.",
            fix=f"Correct the file, or move it away if you do not need it: {path}",
            detail=str(error),
        ) from error
    if not isinstance(value, dict):
        raise EngineConfigInvalid(
            f"{path} holds no JSON object, so the engine to use is not known.",
            fix=f"Correct the file, or move it away if you do not need it: {path}",
            detail=f"its top level is a {type(value).__name__}",
        )
    return value


def _certificates(name: str, folder: Path, *, skip: bool) -> TLSConfig | None:
    ca, cert, key = (folder / file for file in ("ca.pem", "cert.pem", "key.pem"))
    pair = (str(cert), str(key)) if cert.is_file() and key.is_file() else None
    if pair is None and not ca.is_file():
        return None
    try:
        return TLSConfig(
            client_cert=pair, ca_cert=str(ca) if ca.is_file() else None, verify=not skip
        )
    except TLSParameterError as error:
        raise EngineConfigInvalid(
            f"The certificates of the Docker context {name!r} cannot be used.",
            fix=f"Import the context again, or correct the files in {folder}.",
            detail=str(error),
        ) from error


def _fix(environ: Mapping[str, str]) -> str:
    if environ.get("DOCKER_CONTEXT"):
        return "Unset DOCKER_CONTEXT, or set it to a name that `docker context ls` lists."
    return "Run `docker context ls`, then `docker context use NAME` (or `default`)."
