"""Who a container's program runs as, by an image's USER and its own lists of users and groups.

Sources: passwd(5) and group(5); `USER` in the Dockerfile reference. A number counts even if no list
has it, with group 0 then; a name that is in no list keeps the container from starting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.stack import Stack

_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_MOST = (1 << 31) - 1
_FIELDS = 4


@dataclass(frozen=True, slots=True)
class User:
    """Who a container's program runs as.

    Attributes:
        name: By the image's passwd, "" if it has none of this number; else as USER has it.
        number: None if USER names somebody whom the image's passwd does not list.
        group: Name of the group, likewise.
        group_number: Likewise.
        root: Whether the number is 0.
        problem: What the engine says instead of starting a container; "" if it would start one.
        more_groups: Numbers of the groups that list this user as a member.
    """

    name: str
    number: int | None
    group: str
    group_number: int | None
    root: bool
    problem: str = ""
    more_groups: tuple[int, ...] = field(default=(), repr=False)


class _Line(NamedTuple):
    name: str
    number: int
    group: int  # of a line of passwd
    members: tuple[str, ...]  # of a line of group


def user(stack: Stack) -> User:
    """Tell who the program runs as, as the engine finds it out."""
    asked, _, asked_group = str(stack.settings.get("User") or "").partition(":")
    number = _number(asked or "0")
    known = next(
        (
            line
            for line in _lines(stack.content("/etc/passwd"))
            if (line.number == number if number is not None else line.name == asked)
        ),
        None,
    )
    problem = ""
    if known is not None:
        name, number, group_number = known.name, known.number, known.group
    else:
        name, group_number = ("root" if number == 0 else ""), 0
        if number is None:
            name, problem = (
                asked,
                f"unable to find user {asked}: no matching entries in passwd file",
            )
    groups = tuple(_lines(stack.content("/etc/group")))
    more: tuple[int, ...] = ()
    if asked_group:
        wanted = _number(asked_group)
        found = next((line for line in groups if line.name == asked_group), None)
        if wanted is None and found is None:
            problem = problem or (
                f"unable to find group {asked_group}: no matching entries in group file"
            )
            return User(name, number, asked_group, None, number == 0, problem)
        group_number = wanted if wanted is not None else found.number if found else 0
    elif known is not None:
        more = tuple(line.number for line in groups if name in line.members)
    if not problem and not (0 <= (number or 0) <= _MOST and 0 <= group_number <= _MOST):
        problem = f"uids and gids must be in range 0-{_MOST}"
    group = next((line.name for line in groups if line.number == group_number), "")
    if not group and group_number == 0:
        group = "root"
    if number is None:
        return User(name, None, "", None, root=False, problem=problem)
    return User(name, number, group, group_number, number == 0, problem, more)


def _lines(raw: bytes | None) -> Iterator[_Line]:
    for text in (raw or b"").decode(errors="backslashreplace").splitlines():
        fields = text.strip().split(":")
        if fields[0] or len(fields) > 1:
            fields += [""] * (_FIELDS - len(fields))
            members = tuple(fields[3].split(","))
            # what is no number there counts as 0, as it does for the engine
            yield _Line(fields[0], _number(fields[2]) or 0, _number(fields[3]) or 0, members)


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
