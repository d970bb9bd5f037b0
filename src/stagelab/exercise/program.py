"""The program that an image starts: which one, by which instruction, and where it is."""

from __future__ import annotations

import itertools
import json
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelab.builds import Instruction
    from stagelab.exercise.attempt import Attempt

_SHELLS = {"sh", "bash", "dash", "ash", "busybox"}
_SHELL_FORM = 2  # words: the shell and its -c
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def command(attempt: Attempt) -> list[str]:
    """Give the words that the built image starts with: its entrypoint, then its command.

    Raises:
        BuildError: The answer does not build.
    """
    config = attempt.config
    return [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]


def starter(attempt: Attempt) -> Instruction | None:
    """Find the instruction that says what is started, in the built stage or one below it."""
    for keyword in ("ENTRYPOINT", "CMD"):
        for stage in attempt.chain:
            found = [each for each in stage.instructions if each.keyword == keyword]
            if found:
                return found[-1]
    return None


def through_shell(attempt: Attempt) -> bool:
    """Whether a shell stands between the engine and the program (shell form, or written so).

    Raises:
        BuildError: The answer does not build.
    """
    words = command(attempt)
    shell = bool(words) and posixpath.basename(words[0]) in _SHELLS
    return shell and len(words) >= _SHELL_FORM and words[1].startswith("-") and "c" in words[1]


def shell_line(attempt: Attempt) -> str:
    """Give the line that the image's shell is to run; "" if it starts none.

    Raises:
        BuildError: The answer does not build.
    """
    return " ".join(command(attempt)[_SHELL_FORM:]).strip() if through_shell(attempt) else ""


def is_list(instruction: Instruction) -> bool:
    """Whether ENTRYPOINT or CMD is written as a list of words (exec form).

    As in the "Dockerfile reference", "Shell and exec form": a JSON array of strings.
    """
    try:
        words = json.loads(instruction.arguments)
    except ValueError:
        return False
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def broken_list(attempt: Attempt) -> str:
    """Say what is wrong with a start that is meant as a list and is none; "" if nothing is."""
    at = starter(attempt)
    written = at.arguments if at is not None else ""
    if at is None or not written.startswith("[") or is_list(at):
        return ""
    if written.startswith("[ ") and not written.endswith("]"):
        return ""  # the shell's own `[`, a test: [ -f x ] && ./myapp
    needs = (
        "double quotes round each word, commas between them, and a bracket at each end"
        if '"' in written
        else "double quotes"
    )
    return f"A list is JSON: it needs {needs}. Docker took this line for a shell command."


def located(attempt: Attempt, name: str | None = None) -> str | None:
    """Find a program as the engine would; None if it is not there.

    Args:
        attempt: The answer.
        name: The program, None for the one that the image starts. There a command in shell form
            is looked through to its first word.

    Raises:
        BuildError: The answer does not build.
        ImageError: The image cannot be read.
    """
    if name is None:
        words = shell_line(attempt).removeprefix("exec ").split() or command(attempt)
        name = words[0]
    folders = [workdir(attempt)] if "/" in name else search_path(attempt)
    for folder in folders:
        path = posixpath.normpath(posixpath.join("/", folder, name))
        if attempt.xray.file(path) is not None:
            return path
    return None


def elsewhere(attempt: Attempt, name: str) -> str | None:
    """Find a program of this file name anywhere in the image, one of the learner's own first.

    Raises:
        BuildError: The answer does not build.
        ImageError: The image cannot be read.
    """
    ours = {binary.path for binary in attempt.xray.binaries}
    found = [
        entry.path
        for entry in attempt.xray.tree
        if entry.is_program and posixpath.basename(entry.path) == posixpath.basename(name)
    ]
    return min(found, key=lambda path: (path not in ours, path), default=None)


def workdir(attempt: Attempt) -> str:
    """Give the folder that a relative path counts from.

    Raises:
        BuildError: The answer does not build.
    """
    return str(attempt.config.get("WorkingDir") or "/")


def search_path(attempt: Attempt) -> list[str]:
    """Give the folders in which a name without slash is looked for.

    Raises:
        BuildError: The answer does not build.
    """
    settings = dict(item.partition("=")[::2] for item in attempt.config.get("Env") or ())
    return str(settings.get("PATH", _DEFAULT_PATH)).split(":")


def is_own(attempt: Attempt, name: str) -> bool:
    """Whether the answer itself makes or copies a file of this name, so that no base brings it."""
    wanted = posixpath.basename(name)
    if wanted == attempt.task.app:
        return True  # as `go build` without -o names it
    for instruction in attempt.source.instructions:
        words = instruction.arguments.replace('"', " ").replace(",", " ").strip("[]").split()
        if instruction.keyword in {"COPY", "ADD"}:
            made = words
        elif instruction.keyword == "RUN":
            made = [after for flag, after in itertools.pairwise(words) if flag == "-o"]
        else:
            continue
        if wanted in map(posixpath.basename, made):
            return True
    return False
