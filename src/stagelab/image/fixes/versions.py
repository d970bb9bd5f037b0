"""Versions of Debian packages, in their order.

Source: deb-version(7). `NativeVersion` is python-debian's own comparison, the same on every
system; `Version` would be apt's where that is installed.
"""

from __future__ import annotations

import re

from debian.debian_support import NativeVersion

_VERSION = re.compile(r"([0-9]{1,9}:)?[0-9A-Za-z.+~-]{1,200}")


def version_key(version: str) -> NativeVersion | None:
    """Give a version to compare with others; None if it is no version."""
    if not _VERSION.fullmatch(version):
        return None
    try:
        return NativeVersion(version)
    except ValueError:
        return None
