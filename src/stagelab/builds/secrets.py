"""Secrets of a build: read here, handed to the engine when a `RUN --mount=type=secret` asks.

They go through the session (`moby.buildkit.secrets.v1.Secrets`), never with the request, so that
no layer, no history and no build cache key holds them. As with `docker buildx`, a mount of a
secret that was not given, or that is empty, mounts nothing, or fails the build if it says
`required=true`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stagelab.builds._protobuf import message_classes
from stagelab.builds.session import Handler, Metadata, Refusal
from stagelab.errors import SecretUnavailable

GET_SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret"  # noqa: S105 - the name of a method
MOST_BYTES = 500 * 1024
"""How large a secret may be, as with `docker buildx`."""

_NOT_FOUND = 5  # gRPC status
_CLASSES = message_classes(
    "stagelab.buildkit.secrets",
    {"GetSecretRequest": {"ID": (1, "string")}, "GetSecretResponse": {"data": (1, "bytes")}},
)
_Request, _Response = _CLASSES["GetSecretRequest"], _CLASSES["GetSecretResponse"]


@dataclass(frozen=True, slots=True)
class Env:
    """A secret that is the value of an environment variable.

    Args:
        name: The variable, such as "GITHUB_TOKEN".
    """

    name: str


SecretSource = bytes | os.PathLike[str] | Env
"""Where a secret comes from: the bytes themselves, a file, or an environment variable."""


class Secrets:
    """The secrets of one build; shows their names, never their values.

    Args:
        values: Secret ID, as in `--mount=type=secret,id=…`, to its bytes.
    """

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._values = dict(values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._values) or 'none'})"

    def __bool__(self) -> bool:
        return bool(self._values)

    def reveal(self) -> tuple[bytes, ...]:
        """Give the values, for whoever has to keep them out of what is shown."""
        return tuple(self._values.values())

    def handlers(self) -> dict[str, Handler]:
        """Give the gRPC method that serves them; without secrets it says that there is none."""
        return {GET_SECRET: self._answer}

    def _answer(
        self, _: Metadata, messages: Iterator[bytes], send: Callable[[bytes], None]
    ) -> None:
        wanted = _Request.FromString(next(messages, b"")).ID
        if wanted not in self._values:
            raise Refusal(_NOT_FOUND, f"secret {wanted}: not found")
        send(_Response(data=self._values[wanted]).SerializeToString())


def read_secrets(given: Mapping[str, SecretSource] | None) -> Secrets:
    """Read secrets from where they are.

    Args:
        given: Secret ID to its source.

    Raises:
        SecretUnavailable: A file cannot be read, a variable is not set, a value is too large or
            of another kind.
    """
    return Secrets({name: _read(name, source) for name, source in (given or {}).items()})


def _read(name: str, source: object) -> bytes:
    if isinstance(source, Env):
        value = _from_environment(name, source.name)
    elif isinstance(source, os.PathLike):
        value = _from_file(name, Path(source))
    elif isinstance(source, bytes | bytearray):
        value = bytes(source)
    else:  # its words may be the secret itself, so they are not repeated
        raise SecretUnavailable(
            f"The secret {name!r} is given as {type(source).__name__}.",
            fix="Give bytes (`text.encode()`), a `pathlib.Path` of a file, or "
            '`stagelab.builds.Env("VARIABLE")`.',
        )
    if len(value) > MOST_BYTES:
        raise SecretUnavailable(
            f"The secret {name!r} has {len(value)} bytes; a secret may have {MOST_BYTES}.",
            fix="Give what is secret of it, such as a key, and COPY the rest.",
        )
    return value


def _from_environment(name: str, variable: str) -> bytes:
    value = os.environ.get(variable)
    if value is None:
        raise SecretUnavailable(
            f"The secret {name!r} is to come from the environment variable {variable}, which is "
            "not set.",
            fix=f"Set {variable} before Python (JupyterLab) is started, or give the secret as "
            "bytes or as a file.",
        )
    return os.fsencode(value)


def _from_file(name: str, path: Path) -> bytes:
    try:
        with path.expanduser().open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SecretUnavailable(
            f"The secret {name!r} is to come from a file that cannot be read: {path.name}.",
            fix=f"Check the path; you are in {Path.cwd().name!r}.",
            detail=error.strerror or type(error).__name__,
        ) from None
