"""Secrets that are known by their shape, wherever they stand.

A rule is a literal beginning (its needle), which the search finds, and the full shape around it.
A shape demands that the token looks drawn at random, and that one with a short beginning stands
alone, so that the examples of manuals and the words of programs that handle tokens are not told.

Sources: the vendors' public descriptions of their tokens' formats; RFC 7468 (PEM), RFC 7515 (JSON
web tokens), RFC 9580 (OpenPGP), PROTOCOL.key of OpenSSH, PuTTY's manual (appendix on key files).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from stagelab.image.secret_keys import key_at, putty_at
from stagelab.image.secret_reasons import RULES, Rule
from stagelab.image.secret_value import is_random

__all__ = ["AFTER", "BEFORE", "NEEDLES", "RULES", "Found", "Rule", "found_at", "rule_at"]

BEFORE = 256
"""Bytes in front of a needle that a rule may look at."""

AFTER = 4096
"""Bytes from a needle's first on that a rule may look at."""


class Found(NamedTuple):
    """A secret in a text: the rule's name, and where it begins and ends."""

    rule: str
    start: int
    stop: int


class _Shape(NamedTuple):
    """The full shape of one kind of token.

    Attributes:
        rule: The rule's name.
        needles: The literals that lead to it.
        full: Matches from a needle on; group 1 is what must look random.
        before: Bytes of the token in front of the needle.
    """

    rule: str
    needles: tuple[bytes, ...]
    full: re.Pattern[bytes]
    before: int = 0


# A token begins behind anything but a letter of its own; behind an escaped line end as well.
_BEGIN = rb"(?:(?<![0-9A-Za-z_-])|(?<=\\[nrt]))"
_END = rb"(?![0-9A-Za-z_-])"
_WORD = rb"[0-9A-Za-z]"
_URL64 = rb"[0-9A-Za-z_-]"


def _alone(rule: str, needles: str, rest: bytes) -> _Shape:
    """Make the shape of a token that is one only if it stands alone.

    Args:
        rule: The rule's name.
        needles: Its beginnings, separated by blanks.
        rest: Pattern of what follows.
    """
    begin = tuple(needle.encode() for needle in needles.split())
    return _Shape(rule, begin, re.compile(_BEGIN + _any(begin) + rest + _END))


def _anywhere(rule: str, needles: str, rest: bytes) -> _Shape:
    """Make the shape of a token that is one wherever it stands, so telling is its beginning.

    Go, for one, packs the strings of a program without anything between them.
    """
    begin = tuple(needle.encode() for needle in needles.split())
    return _Shape(rule, begin, re.compile(_any(begin) + rest))


def _any(needles: tuple[bytes, ...]) -> bytes:
    return b"(?:" + b"|".join(re.escape(needle) for needle in needles) + b")"


def _after(rule: str, mark: bytes, rest: bytes) -> _Shape:
    """Make the shape of a token whose beginning is short, so that a quote or so comes before."""
    needles = tuple(bytes([before]) + mark for before in b"=:\"' ")
    return _Shape(rule, needles, re.compile(b"." + re.escape(mark) + rest + _END), before=-1)


_SHAPES = (
    _Shape(
        "aws-key-id",
        (b"AKIA", b"ASIA"),
        re.compile(rb"(?<![0-9A-Z])A[KS]IA([A-Z2-7]{16})(?![0-9A-Z])"),
    ),
    _Shape(
        "aws-secret-key",
        (b"aws_secret_access_key", b"AWS_SECRET_ACCESS_KEY", b"SecretAccessKey"),
        re.compile(
            rb"\w+[\"']?\s{0,8}(?:=|:|=>|\s)\s{0,8}[\"']?([0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])"
        ),
    ),
    _anywhere("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", b"(" + _WORD + b"{36,251})"),
    _anywhere("github-token", "github_pat_", b"(" + _WORD + b"{22}_" + _WORD + b"{59})"),
    _anywhere(
        "gitlab-token", "glpat- glrt- gldt-", rb"([0-9A-Za-z_-]{20,64}(?:\.[0-9a-z.]{2,24})?)"
    ),
    _anywhere(
        "slack-token", "xoxb- xoxp- xoxa- xoxr-", rb"(?:\d{9,14}-){1,3}(" + _WORD + b"{20,64})"
    ),
    _Shape(
        "slack-webhook",
        (b"hooks.slack.com/services/T",),
        re.compile(
            rb"hooks\.slack\.com/services/T[0-9A-Z]{7,12}/B[0-9A-Z]{7,12}/(\w{20,32})" + _END
        ),
    ),
    _anywhere("stripe-key", "sk_live_ rk_live_", b"(" + _WORD + b"{24,247})"),
    _alone("google-api-key", "AIza", b"(" + _URL64 + b"{35})"),
    _anywhere("google-client-secret", "GOCSPX-", b"(" + _URL64 + b"{28})"),
    _anywhere("npm-token", "npm_", b"(" + _WORD + b"{36})"),
    _Shape(
        "npm-token",
        (b"authToken",),
        re.compile(rb"(?<=_)authToken\s{0,4}=\s{0,4}[\"']?(?!npm_)([0-9A-Za-z_.=+/-]{16,512})"),
    ),
    _anywhere("pypi-token", "pypi-AgEI", b"(" + _URL64 + b"{50,1000})"),
    _anywhere("rubygems-key", "rubygems_", b"([0-9a-f]{48})"),
    _anywhere("docker-token", "dckr_", b"[a-z]{2,4}_(" + _URL64 + b"{27,64})"),
    _Shape(
        "registry-login",
        (b'"auths',),
        re.compile(
            rb'"auths"\s{0,64}:\s{0,64}\{(?:[^{}]{0,256}\{[^{}]{0,256}\}){0,6}'
            rb"[^{}]{0,256}\{[^{}]{0,256}"
            rb'"auth"\s{0,16}:\s{0,16}"([0-9A-Za-z+/]{8,2048}={0,2})"'
        ),
    ),
    _after("huggingface-token", b"hf_", b"([A-Za-z0-9]{34,40})"),
    _alone("openai-key", "sk-proj- sk-svcacct-", b"(" + _URL64 + b"{40,250})"),
    _Shape(
        "openai-key",
        (b"T3BlbkFJ",),  # in the middle of the older keys
        re.compile(rb"(?<=[^0-9A-Za-z_-]sk-[0-9A-Za-z]{20})T3BlbkFJ([0-9A-Za-z]{20})" + _END),
        before=23,
    ),
    _anywhere("anthropic-key", "sk-ant-", rb"[a-z]{3,8}\d\d-(" + _URL64 + b"{80,120})"),
    _after("sendgrid-key", b"SG.", rb"(" + _URL64 + rb"{22}\." + _URL64 + b"{43})"),
    _alone("vault-token", "hvs. hvb.", b"(" + _URL64 + b"{24,300})"),
    _anywhere("digitalocean-token", "dop_v1_", b"([0-9a-f]{64})"),
    _anywhere("grafana-token", "glsa_", b"(" + _WORD + b"{32})_[0-9A-Fa-f]{8}"),
    _anywhere("shopify-token", "shpat_", b"([0-9A-Fa-f]{32})"),
    _Shape(
        "azure-storage-key",
        (b"AccountKey",),
        re.compile(rb"AccountKey\s{0,4}=\s{0,4}([0-9A-Za-z+/]{86}==)"),
    ),
    _anywhere(  # but not the one whose subject is 1234567890, which every manual has
        "jwt",
        "eyJhbGciOi eyJ0eXAiOi",
        b"("
        + _URL64
        + rb"{8,500}\.(?!eyJzdWIiOiIxMjM0NTY3ODkw)eyJ"
        + _URL64
        + rb"{8,3000}\."
        + _URL64
        + b"{20,700})",
    ),
    _anywhere("age-key", "AGE-SECRET-KEY-1", b"([02-9AC-HJ-NP-Z]{58})"),
)

_KEYS = (b"PRIVATE KEY-----", b"PRIVATE KEY BLOCK-----")
_PUTTY = b"PuTTY-User-Key-File-"
_TOKENS = [(needle, shape) for shape in _SHAPES for needle in shape.needles]

NEEDLES: tuple[bytes, ...] = (*_KEYS, _PUTTY, *(needle for needle, _ in _TOKENS))
"""What the search looks for, each at least four rare bytes.

Where two overlap, only the first counts. Passwords in URLs are left to `secret_text`: no literal
leads to them, and manuals are full of them.
"""


def rule_at(window: bytes, at: int, needle: int) -> str | None:
    """Tell which kind of secret stands at a needle.

    Args:
        window: Bytes, at least `BEFORE` in front of the needle and `AFTER` from it on, if there
            are as many.
        at: Where the needle begins in them.
        needle: Its index among `NEEDLES`.

    Returns:
        Name of the rule, None if it is no secret.
    """
    found = found_at(window, at, needle)
    return found.rule if found else None


def found_at(window: bytes, at: int, needle: int) -> Found | None:
    """Tell the same, and where in the window the secret lies; the arguments are `rule_at`'s."""
    stop = min(at + AFTER, len(window))
    if needle < len(_KEYS):
        key = key_at(window, at, stop)
        return Found(key, window.rfind(b"-----BEGIN", 0, at), stop) if key else None
    if needle == len(_KEYS):
        key = putty_at(window, at, stop)
        return Found(key, at, stop) if key else None
    shape = _TOKENS[needle - len(_KEYS) - 1][1]
    full = shape.full.match(window, at, stop)
    if full is None or not is_random(full[1]):
        return None
    return Found(shape.rule, at - shape.before, full.end())
