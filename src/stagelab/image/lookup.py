"""What the kernel finds at a path when a program of some user asks, or why it refuses.

Source: path_resolution(7): symbolic links are followed, at most 40; a path has at most 4,095 bytes;
each folder on the way must give the user the right to search it. Root may search every folder, and
execute what anybody may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from stagelab.image.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stagelab.image.layer import LayerFacts
    from stagelab.image.stack import Stack
    from stagelab.image.tree import Tree
    from stagelab.image.users import User

MISSING = "no such file or directory"
NO_FOLDER = "not a directory"
LOOP = "too many levels of symbolic links"
DENIED = "permission denied"
TOO_LONG = "file name too long"

_MOST_LINKS = 40
_MOST_LETTERS = 4095
_Value = TypeVar("_Value")


def find(tree: Tree, path: str, user: User, folder: str = "") -> Entry | str:
    """Give what lies at a path, or the kernel's words.

    Args:
        tree: The file system.
        path: From the root, or from `folder`.
        user: Who asks.
        folder: Real path of the working folder, "" for the root.
    """
    if len(path) > _MOST_LETTERS:
        return TOO_LONG
    left = _parts(path)
    here = "" if path.startswith("/") else folder
    links = 0
    while left:
        part = left.pop()
        above = tree.get(here) if here else None
        if above is not None and above.kind != "dir":
            return NO_FOLDER
        if above is not None and not may_execute(above, user):
            return DENIED
        if part == "..":
            here = here.rpartition("/")[0]
            continue
        entry = tree.get(f"{here}/{part}")
        if entry is not None and entry.kind == "symlink":
            links += 1
            if links > _MOST_LINKS or len(entry.link) > _MOST_LETTERS:
                return LOOP
            if entry.link.startswith("/"):
                here = ""
            left += _parts(entry.link)
            continue
        here = f"{here}/{part}"
        if entry is None and not tree.folders((here,)):
            return MISSING
    return tree.get(here) or Entry(here or "/", "dir", 0, 0o755, 0, 0, "", -1)


def may_execute(entry: Entry, user: User) -> bool:
    """Tell whether the mode lets a user execute a file or search a folder."""
    if user.root:
        return entry.kind == "dir" or bool(entry.mode & 0o111)
    if entry.uid == user.number:
        return bool(entry.mode & 0o100)
    if entry.gid == user.group_number or entry.gid in user.more_groups:
        return bool(entry.mode & 0o010)
    return bool(entry.mode & 0o001)


def fact(
    stack: Stack, path: str, facts: Callable[[LayerFacts], Mapping[str, _Value]]
) -> _Value | None:
    """Give what is known of the file that a container sees at this very path; None if nothing.

    A layer's facts stand under the first name of a file. This finds them by its other names (hard
    links), too.
    """
    number = stack.merged.wrote.get(path)
    if number is None:
        return None
    known = facts(stack.layers[number])
    entry = stack.merged.entries[path]
    if path in known or entry.kind != "file" or not entry.link:
        return known.get(path)
    if entry.inode >= 0:
        return known.get(entry.link)
    lower = (facts(layer) for layer in reversed(stack.layers[:number]))
    return next((known[entry.link] for known in lower if entry.link in known), None)


def _parts(path: str) -> list[str]:
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]
