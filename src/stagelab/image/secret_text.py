"""Secrets in what an image's configuration says: variables, labels, instructions; and their mask.

Source of the forms: the history that the classic builder and BuildKit write. Build arguments stand
before a command as `|2 A=1 B=2 /bin/sh -c …`; ENV and LABEL give values without their quotes.
"""

from __future__ import annotations

import re
from collections import deque
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from stagelab.image.secret_mask import MASK, Mask
from stagelab.image.secret_rules import AFTER, NEEDLES, found_at
from stagelab.image.secret_value import is_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_LETTERS = 1 << 18
"""Letters of one text, or of one list of words, that are searched; what comes after is cut off."""

_TELLING = re.compile(
    r"(?: PASSWORD | PASSWD | PASSPHRASE | SECRET | TOKEN | CREDENTIAL"
    r"  | (?:API|PRIVATE|ACCESS|SECRET|AUTH|SIGNING|ENCRYPTION)[_-]?KEY"
    r"  | (?<=[_-])(?:PASS|PWD) ) S? \d* (?:$|[_.-])",
    re.VERBOSE | re.IGNORECASE,
)
_ABOUT = re.compile(
    r"[_.-](?:FILE|PATH|DIR|URL|URI|NAME|ID|TYPE|LEN|LENGTH|SIZE|TTL|AGE|EXPIR\w*|HEADER|ENDPOINT"
    r"|LIMIT|VERSION|FORMAT|ALG\w*|ISSUER|REGION|ENABLED|DISABLED|POLICY|HOST|PORT|COUNT|TIMEOUT"
    r"|PREFIX|SCOPES?|AUDIENCE)$",
    re.IGNORECASE,
)

_NAME = r"[A-Za-z_][\w.-]*"
_VALUE = r"""(?P<value>"(?:[^"\\]|\\.)*+"?|'[^']*+'?|[^\s;&|"'`)]++)"""
_ASSIGNED = re.compile(rf"(?<![\w.$-])(?P<name>{_NAME})={_VALUE}", re.DOTALL)
_DECLARED = re.compile(rf"(?<!\S)(?P<name>{_NAME})=(?P<value>.*?)(?=\s{_NAME}=|$)", re.DOTALL)
_DECLARES = re.compile(r"(?:/bin/sh -c #\(nop\)\s+)?(?:ENV|LABEL|ARG)\s")
_ARGUMENTS = re.compile(
    r"(?:RUN )?\|(?P<count>\d{1,6}) (?P<all>.*?)(?= /\S+(?: -\S+)* -\w*c |$)", re.DOTALL
)
_URL = re.compile(r"://[^\s/:@'\"]{0,128}:(?P<value>[^\s/'\"]{3,512})@")  # up to the last @
_OPTION = (
    r"--(?:[\w-]{0,64}-)?(?:password|passwd|passphrase|token|api-?key|secret-key|access-key"
    r"|auth-?token)"
)
_OPTION_WORD = re.compile(rf"(?P<name>{_OPTION})(?:=(?P<value>.+))?", re.IGNORECASE | re.DOTALL)
_COMMANDS = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"(?<=[\"'])(?P<name>{_OPTION})=(?P<value>[^\"']{{1,512}})(?=[\"'])",
        rf"(?<![\w-])(?P<name>{_OPTION})(?:=|\s+|[\"']\s{{0,8}},?\s{{0,8}})" + _VALUE,
        r"(?P<name>authorization):\s*(?:bearer|basic|token)\s+(?P<value>[^\s\"']{8,})",
        r"\bcurl\s(?:[^|;&\n]{0,200}?\s)?(?P<name>-u|--user)[\s=]\s*[\"']?[^\s:\"']+:(?P<value>[^\s\"']+)",
        r"\becho\s+(?:-\w+\s+)?[\"']?[\w-]+:(?P<value>[^\s\"'|]+)[\"']?\s*\|\s*(?P<name>chpasswd)",
        r"\bsshpass\s+(?P<name>-p)\s*" + _VALUE,
    )
)
_NEEDLE = re.compile(b"|".join(re.escape(needle) for needle in NEEDLES))
_NUMBER = {needle: number for number, needle in enumerate(NEEDLES)}
_KEY = b"PRIVATE KEY"
_MOST = 1000
"""Secrets that are told of one text; all of them are masked."""


class Told(NamedTuple):
    """A secret in a text.

    Attributes:
        rule: Name of the rule that it meets.
        name: The variable, label or option that it is given to; "" if it stands for itself.
        start: Where its value begins in the text.
        stop: Where it ends.
    """

    rule: str
    name: str
    start: int
    stop: int


def is_telling(name: str) -> bool:
    """Tell whether something of this name holds a secret, and not a path or a date, say."""
    return bool(_TELLING.search(name)) and not _ABOUT.search(name)


def in_setting(name: str, value: str) -> list[Told]:
    """Give the secrets in one variable's or label's value."""
    value = value[:MOST_LETTERS]
    found = [*_shapes(value), *_urls(value)]
    if not found and is_telling(name) and is_set(value):
        found.append(Told("telling-name", name, 0, len(value)))
    return [told._replace(name=name) for told in _apart(found)]


def in_instruction(text: str) -> list[Told]:
    """Give the secrets in an instruction, as the history or a Dockerfile has it."""
    return sorted(_apart(_all(text[:MOST_LETTERS])), key=lambda told: told.start)


def in_words(words: Sequence[str]) -> list[tuple[Told, str]]:
    """Give the secrets in a command in exec form, whose words tell of each other, and the values.

    A place is one in the words with a blank between them.
    """
    line = " ".join(words)[:MOST_LETTERS]
    found = _apart(_all_in_words(words, line))
    return [(told, line[told.start : told.stop]) for told in found]


def masked(text: str, known: Mask | None = None, *, name: bool = False) -> str:
    """Give a text, such as an instruction, with `***` in place of each secret.

    Args:
        text: The text; of one that is longer than what is searched the rest is cut off.
        known: Masks secrets that are known from elsewhere.
        name: Whether it names a user or a program, see `Mask.over`.
    """
    searched = text[:MOST_LETTERS]
    spans = _joined(_all(searched))
    (text,) = _covered([_cut(text)], spans)
    return known.over(text, name=name) if known else text


def masked_words(words: Sequence[str], known: Mask) -> list[str]:
    """Give a command in exec form likewise; its first word names a program."""
    line = " ".join(words)
    told = _all_in_words(words, line[:MOST_LETTERS])
    if len(line) > MOST_LETTERS:
        words = _cut(line).split(" ")
    covered = _covered(words, _joined(told))
    return [known.over(word, name=not number) for number, word in enumerate(covered)]


def _cut(text: str) -> str:
    """Cut a text so far from where the search ends that no part of a secret is left."""
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - AFTER] + "…"


def _joined(found: Iterable[Told]) -> Iterator[tuple[int, int]]:
    """Give where secrets begin and end, each letter in one of them at most."""
    begin = end = 0
    for start, stop in sorted((told.start, told.stop) for told in found):
        if start >= end:
            if begin < end:
                yield begin, end
            begin = start
        end = max(end, stop)
    if begin < end:
        yield begin, end


def _covered(words: Iterable[str], spans: Iterable[tuple[int, int]]) -> list[str]:
    """Mask what lies in these places of the words, counted as if a blank stood between them."""
    waiting = deque(spans)
    covered = []
    begin = 0
    for word in words:
        end = begin + len(word)
        parts = []
        at = begin
        while waiting and waiting[0][0] < end:
            start, stop = waiting[0]
            if stop > begin:
                parts += [word[at - begin : max(start, begin) - begin], MASK]
                at = min(stop, end)
            if stop > end:
                break
            waiting.popleft()
        covered.append("".join(parts) + word[at - begin :])
        begin = end + 1
    return covered


def _all_in_words(words: Sequence[str], line: str) -> list[Told]:
    found = []
    at = 0
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        option = _OPTION_WORD.fullmatch(word)
        if option:
            given = option["value"] is not None
            value = option["value"] if given else following
            start = at + (option.start("value") if given else len(word) + 1)
            stop = min(start + len(value), len(line))
            if start < stop and is_set(value) and not value.isdigit():
                found.append(Told("password-option", option["name"], start, stop))
        at += len(word) + 1
    return found + _all(line)


def _all(text: str) -> list[Told]:
    """Give all that any rule finds; the rules that say most come first."""
    found = [*_shapes(text), *_urls(text)]
    rest = 0
    arguments = _ARGUMENTS.match(text)
    if arguments:
        rest = arguments.end()
        found += _arguments(text, int(arguments["count"]), *arguments.span("all"))
    if _DECLARES.match(text):
        found += _named(_DECLARED.finditer(text))
        return found
    found += _named(_ASSIGNED.finditer(text, rest))
    for pattern in _COMMANDS:
        for match in pattern.finditer(text, rest):
            if is_set(match["value"]) and not match["value"].isdigit():
                found.append(Told("password-option", match["name"], *match.span("value")))
    return found


def _apart(found: Iterable[Told]) -> list[Told]:
    """Leave out what lies over something that was found before."""
    kept: list[Told] = []
    for told in found:
        if len(kept) >= _MOST:
            break
        if all(told.stop <= other.start or other.stop <= told.start for other in kept):
            kept.append(told)
    return kept


def _arguments(text: str, count: int, start: int, stop: int) -> Iterator[Told]:
    """Give build arguments of telling names.

    Their values may have blanks and equals signs in them: where it cannot be told which name is an
    argument and which a part of a value, a secret is said to reach to the end.
    """
    all_of_them = list(_DECLARED.finditer(text[start:stop]))
    clear = len(all_of_them) == count
    for told in _named(all_of_them):
        end = told.stop + start if clear else stop
        yield told._replace(start=told.start + start, stop=end)


def _named(matches: Iterable[re.Match[str]]) -> Iterator[Told]:
    for match in matches:
        if is_telling(match["name"]) and is_set(match["value"]):
            yield Told("telling-name", match["name"], *match.span("value"))


def _urls(text: str) -> Iterator[Told]:
    for match in _URL.finditer(text):
        if is_set(match["value"]):
            yield Told("url-password", "", *match.span("value"))


def _shapes(text: str) -> Iterator[Told]:
    raw = text.encode("latin-1", "replace")  # a byte a letter, so that places stay the same
    passed = 0
    for match in _NEEDLE.finditer(raw):
        if match.start() < passed:
            continue
        found = found_at(raw, match.start(), _NUMBER[match[0]])
        if found:
            stop = found.stop
            if _KEY in match[0] or match[0].startswith(b"PuTTY"):
                end = raw.find(b"-----END ", match.end())
                stop = len(raw) if end < 0 else end
            passed = stop
            yield Told(found.rule, "", found.start, stop)
