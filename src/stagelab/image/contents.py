"""The operating system and the users of an image.

Sources: os-release(5); passwd(5).
"""

from __future__ import annotations

import shlex

_PASSWD_FIELDS = 3
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


def is_root(user: str, passwd: bytes | None) -> bool:
    """Tell whether an image's `USER` ("", name, number, either with a group) is number 0."""
    name = user.partition(":")[0]
    if name.isdigit():
        return int(name) == 0
    if name in ("", "root"):
        return True
    for line in (passwd or b"").decode(errors="replace").splitlines():
        fields = line.split(":")
        if len(fields) >= _PASSWD_FIELDS and fields[0] == name:
            return fields[2] == "0"
    return False
