"""The build context: which files are sent, and as what."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from stagelab.errors import ContextError

CHUNK = 1 << 20
"""Bytes read from a file at a time."""

DEEPEST = 256
"""Folders within each other that a context may have, far more than source code has."""

IGNORE_FILE = ".dockerignore"

HIDDEN_DOCKERFILE = ".stagelab.Dockerfile"
"""Name in a tar of a Dockerfile that is not part of the context."""


class DockerfileText(str):
    """The text of a Dockerfile, as `%%dockerfile` binds it; `build` takes it for a file's name."""

    __slots__ = ()


class Source(Protocol):
    """Where the bytes of a file come from: a folder, or an archive."""

    def read(self) -> Iterator[bytes]:
        """Give the bytes in chunks.

        Raises:
            OSError: They cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link of the context.

    Attributes:
        path: Relative, with `/`.
        source: Where its bytes come from; None if it has none, as a folder.
        mode: Kind and permissions, as `os.stat` has them.
        size: Bytes.
        mtime_ns: When it was changed last, POSIX nanoseconds.
        link: Where a symbolic link leads to, None for all else.
    """

    path: str
    source: Source | None
    mode: int
    size: int
    mtime_ns: int
    link: str | None = None

    @property
    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)


@dataclass(frozen=True, slots=True)
class Context:
    """What is built from, and the Dockerfile to build it by.

    Attributes:
        name: What to call it: the folder's or the archive's name.
        key: Tells this context from others, by its place.
        entries: What is sent, sorted as a walk of the folder, `.dockerignore` applied.
        dockerfile: Text of the Dockerfile.
        dockerfile_name: Its path in the context; `HIDDEN_DOCKERFILE` if it comes from elsewhere.
        dockerfile_inside: Whether the context itself contains it, so that `COPY . .` copies it.
    """

    name: str
    key: str
    entries: tuple[Entry, ...] = field(repr=False)
    dockerfile: str = field(repr=False)
    dockerfile_name: str
    dockerfile_inside: bool

    @property
    def bytes(self) -> int:
        """Sum of the sizes of the context's files."""
        return sum(entry.size for entry in self.entries)


def read_file(entry: Entry) -> Iterator[bytes]:
    """Read a file of the context in chunks.

    Raises:
        ContextError: It cannot be read any more.
    """
    try:
        yield from entry.source.read() if entry.source else ()
    except OSError as error:
        raise changed(entry, str(error)) from None


def changed(entry: Entry, detail: str) -> ContextError:
    """Make the error of a file that is not what it was when the context was looked at."""
    return ContextError(
        f"The file {entry.path} changed or went away while it was being sent.",
        fix="Build again when nothing writes to the folder, or leave it out by .dockerignore.",
        detail=detail,
    )
