"""Whether a value can be a real one: not a placeholder, not a reference, not one letter repeated.

Shannon's entropy over the bytes of a random token is near the logarithm of its length or of its
alphabet, whichever is less; words and made-up examples lie well below.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log2

_LEAST_ENTROPY = 0.65
"""Share of the entropy that as many bytes of 32 letters could have."""

_LONG = 20
"""Bytes of a token that would have no digit once in a hundred times, or less often."""

_DIGIT = re.compile(rb"\d")
_MADE_UP = re.compile(
    rb"example|sample|placeholder|dummy|changeme|redacted|your|fake|foobar|deadbeef"
    rb"|012345|123456|abcdef|(.)\1{5}",
    re.IGNORECASE | re.DOTALL,
)

_REFERENCE = re.compile(
    r"""\s*(?: \$ | %\w+%$ | \{\{ | <[^>]*>$ | \[[^\]]*\]$ | \{[^}]*\}$ )""", re.VERBOSE
)
_STANDS_FOR = re.compile(
    r"""(?: change[-_ ]?(?:me|it|this) | replace[-_ ]?(?:me|it|this)? | (?:my|your)[-_ ].*
          | insert[-_ ].* | (?:x{3,}|[-*.?_#]+) | to-?do | tbd | example.* | sample | placeholder
          | dummy | redacted | true | false | yes | no | on | off | none | null | nil | undefined
          | enabled? | disabled? | auto | default | required | optional | \d{1,5}
          | \d+(?:\.\d+)?\ ?(?:ms|s|m|h|d|k|kb|mb) )$""",
    re.VERBOSE | re.IGNORECASE,
)
_PATH = re.compile(r"(?:file://)?(?:/|\.{1,2}/|~/|[A-Za-z]:\\)[\w.@/\\~ -]*$")
_LEAST = 3


def is_random(value: bytes) -> bool:
    """Tell whether a token's bytes look drawn at random, and not made up for a manual.

    A long one has a digit then; a name in a program seldom has.
    """
    return (
        has_entropy(value)
        and not _MADE_UP.search(value)
        and (len(value) < _LONG or bool(_DIGIT.search(value)))
    )


def has_entropy(value: bytes) -> bool:
    """Tell the same by the share of different bytes alone, for contents such as those of a key."""
    size = len(value)
    if size < _LEAST:
        return False
    bits = -sum(count / size * log2(count / size) for count in Counter(value).values())
    return bits >= _LEAST_ENTROPY * log2(min(size, 32))


def is_set(value: str) -> bool:
    """Tell whether a value given to a telling name is one: a password need not be random.

    Not so: what is shorter than three letters, a reference such as $TOKEN, a path, a placeholder
    such as changeme or <token>, a switch (true, off), a short number or a span of time. A weak
    password (secret, postgres) is one all the same, as it opens the door.
    """
    value = value.strip().strip("\"'")
    return not (
        len(value) < _LEAST
        or _REFERENCE.match(value)
        or _STANDS_FOR.match(value)
        or _PATH.match(value)
    )
