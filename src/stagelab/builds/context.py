"""The build context: which files are sent, and as what."""

from __future__ import annotations

import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stagelab.builds.ignore import IgnoreRules
from stagelab.errors import ContextError

CHUNK = 1 << 20
"""Bytes read from a file at a time."""


IGNORE_FILE = ".dockerignore"

HIDDEN_DOCKERFILE = ".stagelab.Dockerfile"
"""Name in a tar of a Dockerfile that is not part of the context."""


class DockerfileText(str):
    """The text of a Dockerfile, as `%%dockerfile` binds it; `build` takes it for a file's name."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link of the context; `path` is relative, with `/`."""

    path: str
    source: Path
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
    """A folder to build from, and the Dockerfile to build it by.

    Attributes:
        root: The folder.
        entries: What is sent, sorted as a walk of the folder, `.dockerignore` applied.
        dockerfile: Text of the Dockerfile.
        dockerfile_name: Its path in the context; `HIDDEN_DOCKERFILE` if it comes from elsewhere.
        dockerfile_inside: Whether the context itself contains it, so that `COPY . .` copies it.
    """

    root: Path
    entries: tuple[Entry, ...] = field(repr=False)
    dockerfile: str = field(repr=False)
    dockerfile_name: str
    dockerfile_inside: bool

    @property
    def bytes(self) -> int:
        """Sum of the sizes of the context's files."""
        return sum(entry.size for entry in self.entries)


def load(root: str | os.PathLike[str], dockerfile: str | os.PathLike[str]) -> Context:
    """Look at a folder as a build context.

    Args:
        root: The folder.
        dockerfile: The Dockerfile: a path relative to `root`, an absolute path, or its text (a
            `DockerfileText`, or any string with a line break).

    Raises:
        ContextError: The folder or the Dockerfile cannot be read, or `.dockerignore` is malformed.
    """
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise ContextError(
            f"There is no folder {str(root)!r} to build from.",
            fix=f"Give the folder that holds your Dockerfile; you are in {Path.cwd().name!r}.",
        )
    text, name, inside = _dockerfile(folder, dockerfile)
    rules = _rules(folder, name if inside else None)
    try:
        entries = tuple(_walk(folder, "", rules))
    except OSError as error:
        raise ContextError(
            f"A file of the build context cannot be read: {error.filename}.",
            fix="Make it readable, or leave it out by a line in .dockerignore.",
            detail=str(error),
        ) from None
    return Context(
        root=folder,
        entries=entries,
        dockerfile=text,
        dockerfile_name=name,
        dockerfile_inside=inside and not rules.ignores(name),
    )


def tar(context: Context, *, hide: bool = False) -> Iterator[bytes]:
    """Stream the context as an uncompressed tar, the Dockerfile first.

    The first entry is a plain one with a short name: engines take a tar that starts with an
    extended header for a Dockerfile. Owners are root, times are whole seconds.

    A Dockerfile that does not belong to the context has to travel in it all the same.

    Args:
        context: What to send.
        hide: See to it that a `.dockerignore` names that Dockerfile: the classic builder then takes
            it out before it copies. BuildKit does not.

    Raises:
        ContextError: A file went away or changed its size while it was being sent.
    """
    first = tar_dockerfile(context)
    kept = {entry.path: entry for entry in context.entries}
    inside = kept.get(first)
    mode = inside.mode if inside else stat.S_IFREG | 0o644
    yield from _made(first, context.dockerfile.encode(), mode, inside.mtime_ns if inside else 0)
    sent = {first}
    if hide and not context.dockerfile_inside:
        own = kept.get(IGNORE_FILE)
        lines = [first, IGNORE_FILE]
        if own is not None:
            text = _ignore_text(own.source)
            lines = [] if IgnoreRules(text).ignores(first) else [text, first]
        if lines:
            yield from _made(IGNORE_FILE, "\n".join([*lines, ""]).encode())
            sent.add(IGNORE_FILE)
    for entry in context.entries:
        if entry.path in sent:
            continue
        yield _header(entry)
        if entry.is_file and entry.size:
            yield from _content(entry)
    yield bytes(tarfile.RECORDSIZE)


def tar_dockerfile(context: Context) -> str:
    """Give the path that the Dockerfile has in the context's `tar`."""
    name = context.dockerfile_name
    short = len(name.encode("utf-8", "surrogateescape")) < tarfile.LENGTH_NAME
    return name if short else HIDDEN_DOCKERFILE


def read_file(entry: Entry) -> Iterator[bytes]:
    """Read a file of the context in chunks.

    Raises:
        ContextError: It cannot be read any more.
    """
    try:
        with entry.source.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise _changed(entry, str(error)) from None


def _content(entry: Entry) -> Iterator[bytes]:
    left = entry.size
    for chunk in read_file(entry):
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            break
    if left > 0:
        raise _changed(entry, f"{left} bytes missing")
    yield bytes(-entry.size % tarfile.BLOCKSIZE)


def _changed(entry: Entry, detail: str) -> ContextError:
    return ContextError(
        f"The file {entry.path} changed or went away while it was being sent.",
        fix="Build again when nothing writes to the folder, or leave it out by .dockerignore.",
        detail=detail,
    )


def _made(
    path: str, data: bytes, mode: int = stat.S_IFREG | 0o644, mtime_ns: int = 0
) -> Iterator[bytes]:
    yield _header(Entry(path, Path(), mode, len(data), mtime_ns))
    yield data
    yield bytes(-len(data) % tarfile.BLOCKSIZE)


def _header(entry: Entry) -> bytes:
    info = tarfile.TarInfo(entry.path + "/" if entry.is_dir else entry.path)
    info.mode = stat.S_IMODE(entry.mode)
    info.mtime = entry.mtime_ns // 1_000_000_000
    if entry.is_dir:
        info.type = tarfile.DIRTYPE
    elif entry.link is not None:
        info.type, info.linkname = tarfile.SYMTYPE, entry.link
    else:
        info.size = entry.size
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _walk(folder: Path, prefix: str, rules: IgnoreRules) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        children = sorted(found, key=lambda child: child.name)
    for child in children:
        path = prefix + child.name
        ignored = rules.ignores(path)
        is_dir = child.is_dir(follow_symlinks=False)
        below: Iterator[Entry] = iter(())
        if is_dir and (not ignored or rules.may_keep_below(path)):
            below = _walk(Path(child.path), path + "/", rules)
        # An ignored folder is there all the same if a "!" line keeps something in it.
        kept = next(below, None)
        entry = None if ignored and kept is None else _entry(child, path)
        if entry is not None:
            yield entry
        if kept is not None:
            yield kept
        yield from below


def _entry(child: os.DirEntry[str], path: str) -> Entry | None:
    info = child.stat(follow_symlinks=False)
    mode = info.st_mode
    if sys.platform == "win32":  # no execute bits there: the docker CLI, too, sends all as 0755
        mode = stat.S_IFMT(mode) | 0o755
    link = None
    if stat.S_ISLNK(mode):
        link = str(Path(child.path).readlink()).replace(os.sep, "/")
        mode = stat.S_IFLNK | 0o777
    elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return None  # sockets and devices are no source files
    size = info.st_size if stat.S_ISREG(mode) else 0
    return Entry(path, Path(child.path), mode, size, info.st_mtime_ns, link)


def _dockerfile(folder: Path, given: str | os.PathLike[str]) -> tuple[str, str, bool]:
    """Give the Dockerfile's text, its name in the context and whether it lies inside."""
    if isinstance(given, DockerfileText) or (isinstance(given, str) and "\n" in given):
        return str(given), HIDDEN_DOCKERFILE, False
    path = folder / Path(given)
    try:
        text = path.read_bytes().decode()  # line ends as they are: it may be sent as a file, too
    except (OSError, UnicodeDecodeError) as error:
        there = sorted(p.name for p in folder.iterdir() if "ockerfile" in p.name)
        raise ContextError(
            f"The Dockerfile {os.fspath(given)!r} cannot be read in {folder.name!r}.",
            fix="Name one that is there: " + (", ".join(there) or "the folder has none") + ".",
            detail=str(error),
        ) from None
    try:
        return text, path.resolve().relative_to(folder.resolve()).as_posix(), True
    except ValueError:
        return text, HIDDEN_DOCKERFILE, False


def _rules(folder: Path, dockerfile: str | None) -> IgnoreRules:
    """Read the ignore file; one that is named after the Dockerfile goes before the common one."""
    names = [f"{dockerfile}.dockerignore"] if dockerfile else []
    for name in [*names, IGNORE_FILE]:
        path = folder / name
        if path.is_file():
            return IgnoreRules(_ignore_text(path))
    return IgnoreRules("")


def _ignore_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContextError(
            f"The file {path.name} cannot be read.",
            fix="Make it readable, and save it as UTF-8.",
            detail=str(error),
        ) from None
