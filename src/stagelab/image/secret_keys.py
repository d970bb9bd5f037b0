"""Private keys: a header with a real key behind it, not one in a program that writes keys.

Sources: RFC 7468 (PEM) and RFC 1421 (its headers), RFC 9580 section 6.2 (OpenPGP), PROTOCOL.key
of OpenSSH, PuTTY's manual (appendix on key files).
"""

from __future__ import annotations

import re

from stagelab.image.secret_value import has_entropy

_LONGEST_LABEL = 32
"""Bytes in front of "PRIVATE KEY" in the longest header."""

_LEAST = 60
"""Base64 letters of the shortest key, one on an Edwards curve."""

_LABEL = re.compile(rb"-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP |ANY )?)$")
_HEADER = re.compile(rb"PRIVATE KEY(?: BLOCK)?-----")
# Lines end by a line end, or by one that is escaped in a string, which may be joined of several.
_BREAK = rb"(?:[ \t\"',+;]|\\?\r|\\?\n|\\\\?[nr]|&\#10;){1,80}"
_FIELDS = re.compile(rb"(?:" + _BREAK + rb"[A-Z][A-Za-z-]{2,20}: [^\r\n\\]{0,200}){0,8}")
_BODY = re.compile(rb"(?:" + _BREAK + rb"[0-9A-Za-z+/]{1,800}={0,2}){1,64}")
_LINE = re.compile(_BREAK + rb"([0-9A-Za-z+/]{1,800})")
_OPENSSH = b"b3BlbnNzaC1rZXktdjE"  # "openssh-key-v1"
_OPENSSH_OPEN = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"  # the same, a cipher's length, and "none"
_SEQUENCE = b"M"  # 0x30, with which every key in DER begins
_SERVICE_ACCOUNT = re.compile(rb'"private_key_id".{1,160}"private_key"\s{0,8}:\s{0,8}"$', re.DOTALL)
_PUTTY = re.compile(
    rb"PuTTY-User-Key-File-\d: \S{1,40}\r?\nEncryption: (\S{1,20})\r?\nComment: [^\r\n]{0,200}\r?\n"
    rb"Public-Lines: \d{1,3}\r?\n[0-9A-Za-z+/=]{20,80}\r?\n"
)


def key_at(window: bytes, at: int, stop: int) -> str | None:
    """Tell which rule the key meets whose header has its "PRIVATE KEY" here; None if there is none.

    Args:
        window: Bytes around the header.
        at: Where "PRIVATE KEY" begins in them.
        stop: Where to look no further.
    """
    label = _LABEL.search(window, max(at - _LONGEST_LABEL, 0), at)
    header = _HEADER.match(window, at)
    if label is None or header is None:
        return None
    fields = _FIELDS.match(window, header.end(), stop)
    encrypted = b"ENCRYPTED" in label[1] or (fields is not None and b"ENCRYPTED" in fields[0])
    body = _BODY.match(window, fields.end() if fields else header.end(), stop)
    data = b"".join(_LINE.findall(body[0])) if body else b""
    if len(data) < _LEAST or not has_entropy(data):
        return None
    if label[1] == b"PGP ":
        return "pgp-private-key"
    if data.startswith(_OPENSSH):
        encrypted = not data.startswith(_OPENSSH_OPEN)
    elif not data.startswith(_SEQUENCE) and not (fields and fields[0]):
        return None
    if encrypted:
        return "private-key-encrypted"
    before = window[max(label.start() - 200, 0) : label.start()]
    return "google-service-account" if _SERVICE_ACCOUNT.search(before) else "private-key"


def putty_at(window: bytes, at: int, stop: int) -> str | None:
    """Tell the same of a key file of PuTTY that begins here."""
    key = _PUTTY.match(window, at, stop)
    if key is None:
        return None
    return "private-key" if key[1] == b"none" else "private-key-encrypted"
