"""The mask over secrets whose values are known, wherever else they stand.

An automaton looks for all values at once, so that many of them take no longer than few.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from os.path import commonprefix
from typing import TYPE_CHECKING

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
"""What stands where a secret was."""

MOST_KNOWN = 1 << 20
"""Bytes of all values together that are looked for, of each its beginning alone."""

_BEGINNING = 256
"""Bytes of a value that lead to it; of what begins like it all that is alike is masked."""

_LEAST_LITERAL = 6
"""Letters of a value that is masked wherever it stands; a shorter one may be a common word."""

_WORD = re.compile(r"[^\W\d_]{6,16}")
"""A password that may be a name as well, such as postgres: it is masked where it stands alone."""

_PART_OF_MORE = re.compile(rb"[\w./-]")
_QUOTES = "\"'"


class Mask:
    """Masks these values in any text.

    Attributes:
        complete: Whether all the values are looked for; False if they are beyond measure.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.complete = True
        words: dict[bytes, bytes] = {}
        others: dict[bytes, bytes] = {}
        size = 0
        for value in sorted({form for given in values for form in _forms(given)}):
            if len(value) < _LEAST_LITERAL:
                continue
            raw = _bytes(value)
            size += min(len(raw), _BEGINNING)
            if size > MOST_KNOWN:
                self.complete = False
                break
            known = words if _WORD.fullmatch(value) else others
            begin = raw[:_BEGINNING]
            known[begin] = max(known.get(begin, b""), raw, key=len)
        self._words, self._others = _Literals(words), _Literals(others)

    def over(self, text: str, *, name: bool = False) -> str:
        """Give a text with `***` in place of each value.

        Args:
            text: The text.
            name: Whether it names a user or a program: a password that is a mere word stays then,
                as a user's own name often is one, and nothing would be found by its mask.
        """
        raw = self._others.masked(_bytes(text))
        if not name:
            raw = self._words.masked(raw, alone=True)
        return raw.decode("utf-8", "surrogatepass")


class _Literals:
    """Values by their beginnings."""

    def __init__(self, known: dict[bytes, bytes]) -> None:
        self._values = list(known.values())
        self._automaton = (
            BytesAhoCorasick(
                list(known),
                matchkind=MatchKind.LeftmostLongest,
                implementation=Implementation.ContiguousNFA,
            )
            if known
            else None
        )

    def masked(self, raw: bytes, *, alone: bool = False) -> bytes:
        """Mask the values; if `alone`, those only that are no part of a path or longer word."""
        if self._automaton is None:
            return raw
        parts = []
        at = 0
        for number, start, stop in self._automaton.find_matches_as_indexes(raw):
            around = raw[max(start - 1, 0) : start] + raw[stop : stop + 1]
            if start >= at and not (alone and _PART_OF_MORE.search(around)):
                parts += [raw[at:start], MASK.encode()]
                value = self._values[number]
                at = start + _alike(value, raw[start : start + len(value)])
                while at < len(raw) and raw[at] & 0xC0 == 0x80:  # noqa: PLR2004 - within a letter
                    at += 1
        return b"".join(parts) + raw[at:]


def _forms(value: str) -> list[str]:
    """Give a value as it is, and as it is without the quotes that an instruction has around it."""
    forms = [value.strip(_QUOTES)]
    if "\\" in value and value.startswith('"'):
        with suppress(ValueError):  # not quoted the way of JSON
            forms.append(str(json.loads(value)))
    return forms


def _alike(one: bytes, other: bytes) -> int:
    """Count the bytes that two values begin with alike."""
    return len(commonprefix([one, other]))  # noqa: RUF071 - these are no paths


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # JSON may hold half a letter
