"""Pack a build context into a tar, for builders that take it with the request."""

from __future__ import annotations

import stat
import tarfile
from collections.abc import Iterator

from stagelab.builds.context import (
    HIDDEN_DOCKERFILE,
    IGNORE_FILE,
    Context,
    Entry,
    changed,
    read_file,
)
from stagelab.builds.ignore import IgnoreRules


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
            text = b"".join(read_file(own)).decode()
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


def _content(entry: Entry) -> Iterator[bytes]:
    left = entry.size
    for chunk in read_file(entry):
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            break
    if left > 0:
        raise changed(entry, f"{left} bytes missing")
    yield bytes(-entry.size % tarfile.BLOCKSIZE)


def _made(
    path: str, data: bytes, mode: int = stat.S_IFREG | 0o644, mtime_ns: int = 0
) -> Iterator[bytes]:
    yield _header(Entry(path, None, mode, len(data), mtime_ns))
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
