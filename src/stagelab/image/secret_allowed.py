"""What looks like a secret and is public: keys that well-known projects made for their own tests.

A place is allowed only inside such a project's own tree, which is told by other files of it: the
same name anywhere else is a finding. What is allowed is listed all the same, with the reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


class _Public(NamedTuple):
    """Paths that are allowed.

    Attributes:
        root: A file that the project's own tree has; "" if the place in the image says enough.
        path: All of the path, from that tree's folder on, or else from the image's root on.
        reason: Why it is allowed.
    """

    root: str
    path: re.Pattern[str]
    reason: str


def _public(root: str, path: str, reason: str) -> _Public:
    return _Public(root, re.compile(path, re.DOTALL), reason)


_ALL = (
    _public(
        "runtime/proc.go",
        r"/(?:[^/]+/)+(?:testdata/.+|[^/]+_test\.go)|/crypto/x509/platform_root_key\.pem",
        "The Go project made it for the tests of its standard library, and publishes it.",
    ),
    _public(
        "",
        r".*/pkg/mod/[^@]+@v[^/]+/(?:.+/)?(?:testdata/.+|[^/]+_test\.go)",
        "It belongs to the tests of a Go module that was fetched as it is published.",
    ),
    _public(
        "asyncio/base_events.py",
        r"/(?:test|idlelib/idle_test)/.+",
        "The Python project made it for its own tests, and publishes it.",
    ),
    _public(
        "",
        r".*/(?:site|dist)-packages/[^/]+/"
        r"(?:(?:.+/)?(?:tests?|examples)/.+|(?<=-info/)(?:METADATA|PKG-INFO))",
        "It belongs to the tests or the manual of a Python package, as it is published.",
    ),
    _public(
        "",
        r".*/node_modules/(?:.+/)?(?:tests?|__tests__|fixtures)/.+",
        "It belongs to the tests of a Node package, as it is published.",
    ),
    _public(
        "",
        r"(?:/usr)?/lib/(?:[^/]+/)?libgnutls\.(?:so\.[\d.]+|a)",
        "GnuTLS has published keys built in, with which it tests itself when it starts.",
    ),
    _public(
        "",
        r"/usr/(?:local/)?share/cmake[^/]*/Templates/Windows/Windows_TemporaryKey\.pfx",
        "CMake gives it to each new project, until that has one of its own.",
    ),
    _public(
        "",
        r"/usr/share/(?:doc|info|man|ri)/.+",
        "It is an example in documentation that a package of the distribution brings.",
    ),
)


def allowed(path: str, paths: AbstractSet[str]) -> str:
    """Give the reason why a place may look like it holds a secret, "" if it may not.

    Args:
        path: The file.
        paths: All files of the image, of all layers.
    """
    for public in _ALL:
        if public.root:
            at = path.find("/", 1)
            while at > 0:
                if f"{path[:at]}/{public.root}" in paths and public.path.fullmatch(path, at):
                    return public.reason
                at = path.find("/", at + 1)
        elif public.path.fullmatch(path):
            return public.reason
    return ""
