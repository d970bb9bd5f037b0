"""Secrets are read where they are, told to the engine alone, and never shown."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from stagelab.builds.secrets import GET_SECRET, MOST_BYTES, Env, _Request, _Response, read_secrets
from stagelab.builds.session import Refusal
from stagelab.errors import SecretUnavailable

CANARY = "canary-5f1d9c"


def asked(secrets: Any, name: str) -> bytes:  # noqa: ANN401 - as read_secrets gives them
    sent: list[bytes] = []
    request = _Request(ID=name).SerializeToString()
    secrets.handlers()[GET_SECRET]({}, iter([request]), sent.append)
    (message,) = sent
    return bytes(_Response.FromString(message).data)


def test_bytes_a_file_and_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_bytes(b"\xffin a file\n")
    monkeypatch.setenv("STAGELAB_TEST_TOKEN", "in a variable")
    secrets = read_secrets(
        {"a": b"given", "b": tmp_path / "token", "c": Env("STAGELAB_TEST_TOKEN"), "d": b""}
    )
    assert [asked(secrets, name) for name in "abcd"] == [
        b"given",
        b"\xffin a file\n",
        b"in a variable",
        b"",
    ]


def test_one_that_was_not_given_is_refused_as_not_found() -> None:
    with pytest.raises(Refusal) as caught:
        asked(read_secrets(None), "x")
    assert caught.value.status == 5


def test_the_values_are_in_no_repr() -> None:
    secrets = read_secrets({"token": CANARY.encode()})
    assert repr(secrets) == "Secrets(token)"
    assert CANARY not in f"{secrets} {secrets!r} {vars(secrets).keys()}"
    assert not read_secrets({})


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Path("/nowhere/token"), "cannot be read: token"),
        (Env("STAGELAB_TEST_NOT_SET"), "STAGELAB_TEST_NOT_SET, which is not set"),
        (b"x" * (MOST_BYTES + 1), f"has {MOST_BYTES + 1} bytes"),
        (CANARY, "given as str"),
        ({CANARY: 1}, "given as dict"),
    ],
)
def test_a_secret_that_cannot_be_had(source: Any, words: str) -> None:  # noqa: ANN401 - wrong ones
    with pytest.raises(SecretUnavailable, match=words) as caught:
        read_secrets({"token": source})
    assert "'token'" in caught.value.cause
    assert caught.value.fix
    assert CANARY not in "".join(traceback.format_exception(caught.value))
