"""What looks like a secret and is public: keys that well-known projects made for their own tests.

What the Go and Python projects made is allowed only inside their own tree, which is told by another
file of it: the same name anywhere else is a finding. All else is allowed by its place alone,
without a look at who put it there: the folders that a package manager unpacks what is published
into (modules of Go, packages of Python and Node, documentation, GnuTLS, CMake), and there only
tests, examples and manuals. A key of one's own that is copied to such a place is allowed with them;
so what is allowed is listed all the same, with the reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


_MOST_LETTERS = 1024
"""Letters of a path that may be allowed, so that the patterns take no time to speak of."""


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
        r".*/pkg/mod/[^@]{1,256}@v[^/]{1,128}/(?:.+/)?(?:testdata/.+|[^/]+_test\.go)",
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
    if len(path) > _MOST_LETTERS:
        return ""
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
