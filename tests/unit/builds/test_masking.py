"""No secret gets through, wherever the text is cut."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.builds.masking import MASK, Masker

CANARY = b"s3cr3t/+canary=="


def in_pieces(masker: Masker, pieces: list[str]) -> str:
    return "".join(masker.feed("a", piece) for piece in pieces) + masker.flush("a")


@pytest.mark.parametrize(
    "printed",
    [
        CANARY.decode(),
        base64.b64encode(CANARY).decode(),
        base64.b64encode(CANARY).decode().rstrip("="),
        base64.urlsafe_b64encode(CANARY).decode(),
        base64.b64encode(CANARY + b"\n").decode(),
        quote(CANARY, safe=""),
    ],
)
def test_a_secret_in_any_of_its_forms(printed: str) -> None:
    # given with a line break behind it, as it comes out of a file
    assert Masker([CANARY + b"\n"]).mask(f"token: {printed}\n") == f"token: {MASK}\n"


def test_each_line_of_a_key_but_not_what_is_too_short_to_be_secret() -> None:
    masker = Masker([b"-----BEGIN-----\nabcdefgh\nij\n-----END-----\n"])
    assert masker.mask("x abcdefgh y") == f"x {MASK} y"
    assert masker.mask("ij") == "ij"


def test_the_longer_of_two_secrets_is_seen_first() -> None:
    assert Masker([b"abcd", b"abcdef"]).mask("abcdefabcd") == MASK * 2


def test_without_secrets_text_passes_at_once() -> None:
    masker = Masker([b"", b" \n"])
    assert masker.feed("a", "text") == "text"
    assert masker.flush("a") == ""


def test_text_is_held_back_only_as_long_as_needed() -> None:
    masker = Masker([b"secret"])
    assert masker.feed("a", "a sec") == "a "
    assert masker.feed("a", "ond\n") == "second\n"
    assert masker.feed("a", "secre") == ""
    assert masker.feed("b", "t") == "t", "another step's text"
    assert masker.flush("a") == "secre"


WORDS = st.text(alphabet="ab\n", min_size=0, max_size=12)


@given(
    secrets=st.lists(st.text(alphabet="ab", min_size=2, max_size=6), min_size=1, max_size=3),
    pieces=st.lists(WORDS, max_size=12),
)
def test_in_pieces_as_in_one_and_none_is_left(secrets: list[str], pieces: list[str]) -> None:
    encoded = [secret.encode() for secret in secrets]
    shown = in_pieces(Masker(encoded), pieces)
    assert not any(secret in shown for secret in secrets)
    assert shown == Masker(encoded).mask("".join(pieces))
