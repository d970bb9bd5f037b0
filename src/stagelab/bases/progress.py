"""How slow steps say what they do."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int | None, int | None], None]
"""Gets a message, and the bytes done and the bytes in all, each None if unknown."""


def silent(message: str, current: int | None, total: int | None) -> None:
    """Say nothing."""
    del message, current, total
