"""Words of a Dockerfile: split at blanks, unquoted and expanded as the builders do.

Follows "Environment replacement" of the Dockerfile reference, the patterns of its newer syntax
included: `${NAME#pattern}`, `${NAME%pattern}`, `${NAME/pattern/replacement}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

_SPECIAL = "@*#?-$!"
_NAME = re.compile(r"\d+|\w+")
_HEREDOC = re.compile(r"\d*<<(-?)\s*([^<]+)")
_FLAG = re.compile(r"""\s*--((?:\\.|"(?:\\.|[^"\\])*+"|'[^']*+'|\S)++)""", re.DOTALL)
# Possessive, and each alternative begins with another character: linear in any text.
_CLOSED = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*+"|'[^']*+'|[^"'\\])*+\\?""", re.DOTALL)


def split(text: str, escape: str = "\\") -> list[str]:
    """Split text at blanks that are neither quoted nor escaped; quotes stay."""
    return _word(escape).findall(text)


def split_flags(text: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Take the `--name=value` options off the start of an instruction's text; gives the rest too.

    A flag without a value has "". The builders take the backslash for an escape here, whatever the
    file's own escape character is.
    """
    flags = []
    at = 0
    while match := _FLAG.match(text, at):
        name, _, value = unquote(match.group(1)).partition("=")
        flags.append((name, value))
        at = match.end()
    return tuple(flags), text[at:].lstrip()


def heredocs(text: str) -> list[tuple[str, bool]]:
    """Find the heredocs that a line opens: each one's last line, and whether tabs may precede it.

    Blanks may stand behind `<<`. A line with a quote that nothing closes opens none.
    """
    if "<<" not in text or not _CLOSED.fullmatch(text):
        return []
    opened = filter(None, map(_HEREDOC.fullmatch, _word("\\", r"<<\s*").findall(text)))
    named = ((unquote(match.group(2)), bool(match.group(1))) for match in opened)
    return [(word, dash) for word, dash in named if word]


def unquote(text: str, escape: str = "\\") -> str:
    """Take off quotes and escapes; text with a quote that nothing closes stays as it is."""
    return _read(text, None, escape)


def expand(text: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """Take off quotes and escapes, and replace variables outside single quotes.

    `$NAME` and `${NAME}` give the value, "" if there is none. `${NAME-word}` gives the word in
    place of a value that is not there, `${NAME+word}` in place of one that is; with a colon before
    the sign an empty value counts as absent. `${NAME?word}` is an error without value. `#` and `%`
    take the shortest match of a pattern off the start and the end, doubled the longest; `/` puts a
    replacement in place of the first match, doubled of all.

    Text that the builders refuse (a quote or brace that nothing closes, a value that must be given)
    stays as it is.
    """
    return _read(text, values, escape)


def _read(text: str, values: Mapping[str, str] | None, escape: str) -> str:
    try:
        return _Reader(text, values, escape).until("")
    except (ValueError, RecursionError):
        return text


@cache
def _word(escape: str, whole: str = "") -> re.Pattern[str]:
    """Match a word; what `whole` matches is part of one, blanks and all."""
    e = re.escape(escape)
    parts = [f"{e}.", f'"(?:{e}.|[^"{e}])*+"', "'[^']*+'", *filter(None, [whole]), r"\S"]
    return re.compile(f"(?:{'|'.join(parts)})++", re.DOTALL)


class _Reader:
    """Reads one text from left to right; without values, a dollar sign is a character."""

    def __init__(self, text: str, values: Mapping[str, str] | None, escape: str) -> None:
        self._text = text
        self._values = values
        self._escape = escape
        self._at = 0

    def until(self, stop: str, *, raw: bool = False) -> str:
        """Read up to the character `stop`, or to the end if it is "".

        Args:
            stop: Where to end; it is passed over.
            raw: Keep escapes, for a pattern has its own.

        Raises:
            ValueError: Nothing closes a quote, a brace or the text itself.
        """
        found: list[str] = []
        while char := self._peek():
            if char == stop:
                self._at += 1
                return "".join(found)
            if char == "'":
                found.append(self._single())
            elif char == '"':
                found.append(self._double())
            elif char == "$" and self._values is not None:
                found.append(self._variable(self._values))
            elif char == self._escape:
                self._at += 1
                found.append((char if raw else "") + self._take())
            else:
                found.append(self._take())
        if stop:
            raise ValueError(stop)
        return "".join(found)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._peek()
        self._at += 1
        return char

    def _single(self) -> str:
        end = self._text.index("'", self._at + 1)
        inside = self._text[self._at + 1 : end]
        self._at = end + 1
        return inside

    def _double(self) -> str:
        self._at += 1
        found = []
        while (char := self._peek()) != '"':
            if not char:
                raise ValueError('"')
            if char == "$" and self._values is not None:
                found.append(self._variable(self._values))
                continue
            self._at += 1
            if char == self._escape and self._peek() in {'"', "$", self._escape}:
                char = self._take()
            found.append(char)
        self._at += 1
        return "".join(found)

    def _variable(self, values: Mapping[str, str]) -> str:
        self._at += 1
        if self._peek() != "{":
            return values.get(name, "") if (name := self._name()) else "$"
        self._at += 1
        name = self._name()
        value = values.get(name)
        sign = self._take()
        if not name:
            raise ValueError(sign)
        if sign == "}":
            return value or ""
        if sign == ":":
            value = value or None
            sign = self._take()
        if sign == "/":
            return self._replaced(value or "")
        if sign not in set("-+?#%"):
            raise ValueError(sign)
        word = self.until("}", raw=sign in "#%")
        if sign == "?" and value is None:
            raise ValueError(name)
        if sign in "#%":
            return _trimmed(value or "", word, sign)
        if sign == "+":
            return "" if value is None else word
        return word if value is None else value

    def _name(self) -> str:
        match = _NAME.match(self._text, self._at)
        if match is None:
            return self._take() if self._peek() and self._peek() in _SPECIAL else ""
        self._at = match.end()
        return match.group()

    def _replaced(self, value: str) -> str:
        every = self._peek() == "/"
        self._at += every
        pattern = _pattern(self.until("/", raw=True), greedy=True)
        word = self.until("}", raw=True)
        return pattern.sub(lambda _: word, value, count=0 if every else 1)


def _trimmed(value: str, word: str, sign: str) -> str:
    """Take the shortest match off the start (#) or end (%) of a value; with `##`, the longest."""
    greedy = word.startswith(sign)
    pattern = _pattern(word[1:] if greedy else word, greedy=greedy)
    lengths = range(len(value) + 1)
    for length in reversed(lengths) if greedy else lengths:
        if sign == "#" and pattern.fullmatch(value, 0, length):
            return value[length:]
        if sign == "%" and pattern.fullmatch(value, len(value) - length):
            return value[: len(value) - length]
    return value


def _pattern(word: str, *, greedy: bool) -> re.Pattern[str]:
    """Read a shell pattern: `*` and `?` are wild, a backslash before one makes it plain."""
    wild = {"*": ".*" if greedy else ".*?", "?": "."}
    parts = re.findall(r"\\.|.", word)
    return re.compile("".join(wild.get(part) or re.escape(part[-1]) for part in parts))
