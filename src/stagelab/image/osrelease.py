"""The operating system of an image.

Source: os-release(5).
"""

from __future__ import annotations

import shlex

_MOST_LINES = 200


def os_release(raw: bytes | None) -> dict[str, str]:
    """Read an os-release file; what is no assignment is left out. Empty if there is no file."""
    found = {}
    for line in (raw or b"").decode(errors="replace").splitlines()[:_MOST_LINES]:
        key, equals, value = line.strip().partition("=")
        if equals and key.isidentifier():
            try:
                found[key] = " ".join(shlex.split(value))
            except ValueError:
                found[key] = value
    return found
