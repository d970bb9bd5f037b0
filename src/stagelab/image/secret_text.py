"""Secrets in what an image's configuration says: variables, labels, instructions; and their mask.

Source of the forms: the history that the classic builder and BuildKit write. Build arguments stand
before a command as `|2 A=1 B=2 /bin/sh -c …`; ENV and LABEL give values without their quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stagelab.image.secret_rules import NEEDLES, found_at
from stagelab.image.secret_value import is_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
"""What stands where a secret was."""

_LEAST_LITERAL = 6
"""Letters of a value that is masked wherever it stands; a shorter one may be a common word."""

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
_URL = re.compile(r"://[^\s/:@'\"]{0,128}:(?P<value>[^\s/@'\"]{3,512})@")
_COMMANDS = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"(?<![\w-])(?P<name>--(?:[\w-]{0,64}-)?(?:password|passwd|passphrase|token|api-?key|secret-key|access-key"
        r"|auth-?token))(?:=|\s+|[\"']\s{0,8},?\s{0,8})" + _VALUE,
        r"(?P<name>authorization):\s*(?:bearer|basic|token)\s+(?P<value>[^\s\"']{8,})",
        r"\bcurl\s(?:[^|;&\n]{0,500}?\s)?(?P<name>-u|--user)[\s=]\s*[\"']?[^\s:\"']+:(?P<value>[^\s\"']+)",
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
    found = [*_shapes(value), *_urls(value)]
    if not found and is_telling(name) and is_set(value):
        found.append(Told("telling-name", name, 0, len(value)))
    return [told._replace(name=name) for told in _apart(found)]


def in_instruction(text: str) -> list[Told]:
    """Give the secrets in an instruction, as the history or a Dockerfile has it."""
    return sorted(_apart(_all(text)), key=lambda told: told.start)


def masked(text: str, values: Iterable[str] = ()) -> str:
    """Give an instruction with `***` in place of each secret.

    Args:
        text: The instruction.
        values: Secrets that are known from elsewhere, of which those are masked, too, that are no
            common words.
    """
    parts = []
    at = 0
    for start, stop in sorted((told.start, told.stop) for told in _all(text)):
        if start >= at:
            parts += [text[at:start], MASK]
        at = max(at, stop)
    text = "".join(parts) + text[at:]
    for value in sorted(set(values), key=lambda value: (-len(value), value)):
        if len(value) >= _LEAST_LITERAL:
            text = text.replace(value, MASK)
    return text


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
    for match in _NEEDLE.finditer(raw):
        found = found_at(raw, match.start(), _NUMBER[match[0]])
        if found:
            stop = found.stop
            if _KEY in match[0] or match[0].startswith(b"PuTTY"):
                end = raw.find(b"-----END ", match.end())
                stop = len(raw) if end < 0 else end
            yield Told(found.rule, "", found.start, stop)
