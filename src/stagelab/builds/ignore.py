"""`.dockerignore`: which files of a folder belong to the build context.

Rules as documented under ".dockerignore files" in Docker's build documentation: one pattern a
line, anchored at the context's root, Go's `filepath.Match` plus `**`, `!` takes files back in, the
last matching line wins, and a pattern that matches a folder matches everything below it.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from stagelab.errors import ContextError

# A class of Go's filepath.Match: characters and ranges of them; "\\" takes the next one literally.
_CHARACTER = r"(?:\\.|[^\\\]-])"
_CLASS = re.compile(rf"(\^?+)((?:{_CHARACTER}(?:-{_CHARACTER})?)+)\]", re.DOTALL)
_RANGE = re.compile(rf"({_CHARACTER})(?:-({_CHARACTER}))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of the file: the cleaned pattern, and whether it takes files back in."""

    text: str
    includes: bool
    regex: re.Pattern[str]


class IgnoreRules:
    """The rules of one `.dockerignore`.

    Args:
        text: Text of the file; "" ignores nothing.

    Raises:
        ContextError: A pattern is not well formed.
    """

    def __init__(self, text: str) -> None:
        self.patterns = tuple(_read(text))
        self._keeps = tuple(pattern.text for pattern in self.patterns if pattern.includes)

    def ignores(self, path: str) -> bool:
        """Tell whether `path` (relative to the context, `/` as separator) is left out."""
        above = parents(path)
        ignored = False
        for pattern in self.patterns:
            if pattern.includes != ignored:
                continue  # the line could not change the outcome
            if pattern.regex.match(path) or any(pattern.regex.match(p) for p in above):
                ignored = not pattern.includes
        return ignored

    def may_keep_below(self, folder: str) -> bool:
        """Tell whether an ignored `folder` must be walked because a `!` line may reach into it."""
        return any(_overlap(keep.split("/"), folder.split("/")) for keep in self._keeps)


def _overlap(keep: list[str], folder: list[str]) -> bool:
    for wanted, actual in zip(keep, folder, strict=False):
        if any(mark in wanted for mark in ("**", "[", "\\")):
            return True  # may span folders
        if not re.match(_regex(wanted), actual, re.DOTALL):
            return False
    return True


def parents(path: str) -> list[str]:
    """Give the folders that `path` lies in, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _read(text: str) -> list[Pattern]:
    patterns = []
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if raw.startswith("#") or not raw.strip():
            continue
        line = raw.strip()
        includes = line.startswith("!")
        body = line[1:].strip() if includes else line
        if not body:
            raise ContextError(
                f"Line {number} of .dockerignore is a lone '!', which takes nothing back in.",
                fix="Name a path behind the '!', or delete the line.",
                detail=raw,
            )
        # A leading double slash is kept by normpath, and a pattern is always relative.
        body = posixpath.normpath(body).lstrip("/") or "."
        if body == ".":
            continue
        try:
            patterns.append(Pattern(body, includes, re.compile(_regex(body), re.DOTALL)))
        except re.error as error:
            raise ContextError(
                f"Line {number} of .dockerignore is not a well formed pattern.",
                fix="Close the bracket, or escape it with a backslash.",
                detail=f"{raw}: {error}",
            ) from None
    return patterns


def _escaped(found: re.Match[str]) -> str:
    """Write a character or a range of a class as Python's `re` has it."""
    ends = [end[-1] for end in found.groups() if end]
    return "-".join("\\" + end if end in r"\]^-[&~|" else end for end in ends)


def _regex(pattern: str) -> str:
    out, i = "^", 0
    while i < len(pattern):
        char = pattern[i]
        i += 1
        if char == "*" and pattern[i : i + 1] == "*":
            i += 1
            if pattern[i : i + 1] == "/":
                i += 1
            out += ".*" if i >= len(pattern) else "(.*/)?"
        elif char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[":
            found = _CLASS.match(pattern, i)
            if not found:
                raise re.error("malformed character class")
            out += f"[{found.group(1)}{_RANGE.sub(_escaped, found.group(2))}]"
            i = found.end()
        elif char == "\\":
            if i == len(pattern):
                raise re.error("nothing behind the backslash")
            out += re.escape(pattern[i])
            i += 1
        else:
            out += re.escape(char)
    return out + r"\Z"
