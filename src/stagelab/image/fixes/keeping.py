"""What was read from archives before."""

from __future__ import annotations

import json
from typing import Any

from stagelab._kept import Kept

RULES = 1
"""Raised when entries change their form or meaning."""

MOST_BYTES = 128_000_000
"""Size that the folder is kept below."""


def load(kind: str, key: str) -> bytes | None:
    """Give what is kept under a key, None if nothing is."""
    return _folder().load(kind, key)


def load_json(kind: str, key: str) -> Any:  # noqa: ANN401 - any JSON
    """Give the JSON that is kept under a key, None if there is none."""
    try:
        return json.loads(load(kind, key) or b"null")
    except (ValueError, RecursionError):
        return None


def store(kind: str, key: str, kept: bytes) -> None:
    """Keep bytes under a key, and the folder within its bound."""
    _folder().store(kind, key, kept)
    _folder().bound(kind, key)


def store_json(kind: str, key: str, kept: object) -> None:
    """Keep JSON under a key."""
    store(kind, key, json.dumps(kept, separators=(",", ":")).encode())


def _folder() -> Kept:
    return Kept("fixes", RULES, MOST_BYTES)
