"""Find a build's context and Dockerfile: in a folder, in an archive, or given as text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from stagelab.builds import folder as folders
from stagelab.builds import tarred
from stagelab.builds.context import (
    HIDDEN_DOCKERFILE,
    IGNORE_FILE,
    Context,
    DockerfileText,
    read_file,
)
from stagelab.builds.ignore import IgnoreRules, parents
from stagelab.errors import ContextError

ContextSource = str | os.PathLike[str] | bytes | BinaryIO
"""A folder, a tar archive (its path, its bytes, or a file open for reading), or a Dockerfile's
text (a `DockerfileText`, or any string with a line break) that is built without files."""


def load(source: ContextSource, dockerfile: str | os.PathLike[str]) -> Context:
    """Look at what is to be built.

    Args:
        source: The context.
        dockerfile: The Dockerfile: a path relative to the context, an absolute path, or its text.
            Not looked at if the context is a text itself.

    Raises:
        ContextError: Context or Dockerfile cannot be read, or `.dockerignore` is malformed.
    """
    if isinstance(source, str) and is_text(source):
        return Context(
            "Dockerfile", "", (), str(source), HIDDEN_DOCKERFILE, dockerfile_inside=False
        )
    if not isinstance(source, str | os.PathLike):
        return _archive(source, "archive", dockerfile)
    path = Path(source).expanduser()
    if path.is_file():
        return _archive(path, path.name, dockerfile)
    if not path.is_dir():
        raise ContextError(
            f"There is no folder {str(source)!r} to build from.",
            fix=f"Give the folder that holds your Dockerfile; you are in {Path.cwd().name!r}.",
        )
    return _folder(path, dockerfile)


def is_text(words: str | os.PathLike[str]) -> bool:
    """Tell whether this is the text of a Dockerfile and not a path."""
    return isinstance(words, DockerfileText) or (isinstance(words, str) and "\n" in words)


def _folder(folder: Path, dockerfile: str | os.PathLike[str]) -> Context:
    text, name, inside = _dockerfile(folder, dockerfile)
    rules = IgnoreRules("")
    for candidate in _ignore_files(name if inside else None):
        if (folder / candidate).is_file():
            rules = IgnoreRules(ignore_text(folder / candidate))
            break
    return Context(
        name=folder.resolve().name,
        key=str(folder.resolve()),
        entries=folders.entries(folder, rules),
        dockerfile=text,
        dockerfile_name=name,
        dockerfile_inside=inside and not rules.ignores(name),
    )


def _archive(
    source: Path | bytes | BinaryIO, called: str, dockerfile: str | os.PathLike[str]
) -> Context:
    found = {entry.path: entry for entry in tarred.entries(source)}
    name, inside = HIDDEN_DOCKERFILE, False
    if is_text(dockerfile):
        text = str(dockerfile)
    elif Path(dockerfile).is_absolute():
        text = _text(Path(dockerfile), Path(dockerfile).parent)
    else:
        name, inside = Path(dockerfile).as_posix(), True
        if name not in found or not found[name].is_file:
            raise _no_dockerfile(name, called, sorted(found), "it is not in the archive")
        text = b"".join(read_file(found[name])).decode("utf-8", "replace")
    rules = IgnoreRules("")
    for candidate in _ignore_files(name if inside else None):
        if candidate in found:
            rules = IgnoreRules(b"".join(read_file(found[candidate])).decode("utf-8", "replace"))
            break
    kept = {path for path in found if not rules.ignores(path)}
    # A folder that is left out is there all the same if something in it is taken back in.
    kept |= {parent for path in kept for parent in parents(path)}
    entries = tuple(entry for path, entry in found.items() if path in kept)
    return Context(called, "", entries, text, name, dockerfile_inside=inside and name in kept)


def _ignore_files(dockerfile: str | None) -> tuple[str, ...]:
    """Give the names of ignore files: one that is named after the Dockerfile goes first."""
    return (f"{dockerfile}.dockerignore", IGNORE_FILE) if dockerfile else (IGNORE_FILE,)


def _dockerfile(folder: Path, given: str | os.PathLike[str]) -> tuple[str, str, bool]:
    """Give the Dockerfile's text, its name in the context and whether it lies inside."""
    if is_text(given):
        return str(given), HIDDEN_DOCKERFILE, False
    path = folder / Path(given)
    text = _text(path, folder)
    try:
        return text, path.resolve().relative_to(folder.resolve()).as_posix(), True
    except ValueError:
        return text, HIDDEN_DOCKERFILE, False


def _text(path: Path, folder: Path) -> str:
    try:
        return path.read_bytes().decode()  # line ends as they are: it may be sent as a file, too
    except (OSError, UnicodeDecodeError) as error:
        there = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        raise _no_dockerfile(path.name, folder.name, there, str(error)) from None


def _no_dockerfile(name: str, where: str, there: list[str], detail: str) -> ContextError:
    others = [other for other in there if "ockerfile" in other.rpartition("/")[2]]
    return ContextError(
        f"The Dockerfile {name!r} cannot be read in {where!r}.",
        fix="Name one that is there: " + (", ".join(others) or "there is none") + ".",
        detail=detail,
    )


def ignore_text(path: Path) -> str:
    """Read an ignore file.

    Raises:
        ContextError: It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContextError(
            f"The file {path.name} cannot be read.",
            fix="Make it readable, and save it as UTF-8.",
            detail=str(error),
        ) from None
