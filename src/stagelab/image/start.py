"""Whether a container of an image would start, found out without starting one.

Sources: execve(2) and the way that runc takes there: the user is looked up, then the program, on
PATH if its name has no slash; then the kernel takes the file, and with it the loader that an ELF
file names, or the interpreter that a script's first line names. If one of those two is missing, the
message is the same as if the program itself were: "no such file or directory".
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stagelab._render import Shown
from stagelab.image import lookup
from stagelab.image.surface_config import words
from stagelab.image.users import user

if TYPE_CHECKING:
    from stagelab.image.elf import ProgramFacts
    from stagelab.image.entry import Entry
    from stagelab.image.stack import Stack

FORMAT = "exec format error"

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOUNTED = ("/dev/", "/proc/", "/sys/")
_MOST_SCRIPTS = 5
"""Scripts interpreted by scripts that Linux follows."""
_RUNS_ON = {"386": "amd64", "arm": "arm64"}
"""Programs that most machines of a larger kind run as well."""
_SHELLS = ("sh", "ash", "bash", "dash")
_PLAIN = re.compile(r"[\w./+:@%,=-]+", re.ASCII)
"""Words in which the shell changes nothing."""


@dataclass(frozen=True, slots=True)
class Start(Shown):
    """What will happen when a container is started.

    Attributes:
        argv: What is started: ENTRYPOINT and CMD.
        path: Real path of the program in the image; None if it is not found.
        verdict: "starts" says that the kernel takes the program, and that its loader or interpreter
            is there; it may lack a library, or end with an error of its own.
        why: The reason, for a learner.
        expected_error: What the engine will say, or the container's output if the engine does not
            notice; engines put more words around it. "" unless it fails.
    """

    argv: tuple[str, ...]
    path: str | None
    verdict: Literal["starts", "fails", "unknown"]
    why: str
    expected_error: str = ""


def start(stack: Stack) -> Start:
    """Predict whether a container starts, from what is known of the layers."""
    argv = (*words(stack.settings.get("Entrypoint")), *words(stack.settings.get("Cmd")))
    return _Starter(stack, argv).start()


class _Starter:
    """One attempt; every step gives the end of it."""

    def __init__(self, stack: Stack, argv: tuple[str, ...]) -> None:
        self.stack = stack
        self.argv = argv
        self.user = user(stack)
        self.path: str | None = None
        folder = str(stack.settings.get("WorkingDir") or "/")
        real = stack.tree.resolve(folder)
        # the engine makes a working folder that is not there
        self.folder = real.path if real else posixpath.normpath(f"/{folder.strip('/')}")
        if self.folder == "/":
            self.folder = ""

    def start(self) -> Start:
        if not self.argv:
            return self.fails("The image has neither ENTRYPOINT nor CMD.", "no command specified")
        if self.user.problem:
            return self.fails(
                "The image's /etc/passwd and /etc/group do not list whom USER names, or the number "
                "is none that a user may have.",
                self.user.problem,
            )
        name = self.argv[0]
        if name.startswith(_MOUNTED):
            return self.unknown(f"{name} is made by the engine when the container starts.")
        if "/" not in name:
            return self.on_path(name)
        found = self.find(name)
        if isinstance(found, str):
            return self.fails(
                f"The image has no {name}{self.seen_from(name)}."
                if found == lookup.MISSING
                else f"User {self.who} does not get to {name}: {found}.",
                f'exec: "{name}": stat {name}: {found}',
            )
        return self.take(name, found)

    def on_path(self, name: str) -> Start:
        located = self.located(name)
        if located:
            return self.take(*located)
        return self.fails(
            f"No folder of PATH ({self.search_path}) has a program {name}.",
            f'exec: "{name}": executable file not found in $PATH',
        )

    def located(self, name: str) -> tuple[str, Entry] | None:
        """Give the path on PATH, and what is there."""
        for folder in self.search_path.split(":"):
            if folder.startswith("/"):
                found = self.find(f"{folder}/{name}")
                if not isinstance(found, str) and found.is_program:
                    return f"{folder}/{name}", found
        return None

    def take(self, name: str, entry: Entry) -> Start:
        """Tell what happens to a file that was found."""
        self.path = entry.path
        if entry.kind == "dir":
            return self.fails(f"{entry.path} is a folder.", f'exec: "{name}": is a directory')
        if not entry.is_program:
            return self.fails(
                f"Nobody may execute {entry.path}: its mode is {entry.mode:04o}. "
                "RUN chmod +x, or COPY --chmod=755, would allow it.",
                f'exec: "{name}": permission denied',
            )
        error, why = self.load(entry, 0)
        if error:
            return self.fails(why, error if error.startswith("env: ") else f"exec {name}: {error}")
        if error is None:
            return self.unknown(why)
        return self.behind_shell(entry, why)

    def load(self, entry: Entry, depth: int) -> tuple[str | None, str]:
        """Tell how a program is refused, "" if it is not, None if unknown; and why.

        It is refused in the kernel's words, or in a line of env's, which begins with "env: ".
        """
        path = entry.path
        if not entry.is_program or not lookup.may_execute(entry, self.user):
            return lookup.DENIED, (
                f"User {self.who} may not execute {path}: its mode is {entry.mode:04o}, its owner "
                f"{entry.uid}:{entry.gid}. COPY --chown or --chmod=755 would allow it."
            )
        program = lookup.fact(self.stack, path, lambda layer: layer.programs)
        if program is None:
            if entry.size and not entry.fingerprint:
                return None, f"What {path} begins with is not known: it has holes, or is a link."
            return FORMAT, f"{path} is neither an ELF program nor a script that begins with #!."
        if program.form == "script":
            return self.load_script(path, program, depth)
        return self.load_elf(path, program)

    def load_elf(self, path: str, program: ProgramFacts) -> tuple[str, str]:
        if not self.fits(program):
            return FORMAT, (
                f"{path} was built for {program.machine or 'another machine'}, the image is for "
                f"{self.stack.config.get('architecture')}. Only a host that emulates the one runs "
                "it; build with the right GOARCH or --platform."
            )
        if program.loader is None:
            return "", f"{path} is an ELF program that needs no loader."
        found = self.find(program.loader)
        if isinstance(found, str):
            return found, (
                f"{path} is there, but not the loader that it needs, {program.loader}, so the "
                "kernel calls the program itself missing. Build it statically (CGO_ENABLED=0), or "
                "take a base with the C library that it was built with."
            )
        if not found.is_program or not lookup.may_execute(found, self.user):
            return lookup.DENIED, f"{path} needs {program.loader}, which may not be executed."
        return "", f"{path} is an ELF program, and its loader {program.loader} is there."

    def load_script(self, path: str, script: ProgramFacts, depth: int) -> tuple[str | None, str]:
        interpreter = script.loader or ""
        found = self.find(interpreter)
        if isinstance(found, str):
            return found, (
                f"{path} is there, but not the interpreter that its first line names, "
                f"{_shown(interpreter)}, so the kernel calls the script itself missing: "
                f"{_cure(interpreter)}."
            )
        if depth >= _MOST_SCRIPTS:
            return lookup.LOOP, f"{path} is a script that a script interprets, too many times."
        refused, why = self.load(found, depth + 1)
        if refused == "" and interpreter.rpartition("/")[2] == "env":
            return self.load_by_env(path, script.argument, depth)
        return refused, f"{path} is a script of {interpreter}. {why}"

    def load_by_env(self, path: str, name: str, depth: int) -> tuple[str | None, str]:
        """Tell what env does, which looks for an interpreter on PATH."""
        if not name or name.startswith("-") or "=" in name or "/" in name:
            return None, f"{path} asks env for its interpreter, with options."
        found = self.located(name)
        if found is None:
            return f"env: '{name}': {lookup.MISSING}", (
                f"{path} has env look for its interpreter, and no folder of PATH has a program "
                f"{_shown(name)}: {_cure(name)}."
            )
        refused, why = self.load(found[1], depth + 1)
        if refused:
            return None, f"{path} has env look for {name}. {why}"
        return refused, f"{path} is a script of {name}, which env finds on PATH. {why}"

    def behind_shell(self, entry: Entry, why: str) -> Start:
        """Look one step further if the program is a shell that is told to start another."""
        name = self.argv[0]
        if name.rpartition("/")[2] not in _SHELLS or self.argv[1:2] != ("-c",):
            return Start(self.argv, entry.path, "starts", why)
        program = _one_program(self.argv[2]) if len(self.argv) > 2 else None  # noqa: PLR2004
        if program is None:
            return self.unknown(f"{name} starts; what becomes of its command line, it will tell.")
        inner = _Starter(self.stack, (program,)).start()
        if inner.verdict == "fails" and not inner.expected_error.endswith(lookup.MISSING):
            return self.unknown(f"{name} starts. {inner.why} What the shell does then is its own.")
        error = inner.expected_error
        if error and not error.startswith("env: "):
            error = f"{program}: not found"
        return Start(self.argv, inner.path, inner.verdict, f"{name} starts. {inner.why}", error)

    def find(self, path: str) -> Entry | str:
        return lookup.find(self.stack.tree, path, self.user, self.folder)

    def fits(self, program: ProgramFacts) -> bool:
        machine = str(self.stack.config.get("architecture") or "")
        return not machine or machine in (program.machine, _RUNS_ON.get(program.machine))

    def seen_from(self, name: str) -> str:
        return "" if name.startswith("/") else f", seen from WORKDIR {self.folder or '/'}"

    @property
    def search_path(self) -> str:
        return self.stack.env.get("PATH") or _PATH

    @property
    def who(self) -> str:
        return self.user.name or str(self.user.number)

    def fails(self, why: str, error: str) -> Start:
        return Start(self.argv, self.path, "fails", why, error)

    def unknown(self, why: str) -> Start:
        return Start(self.argv, self.path, "unknown", why)


def _shown(interpreter: str) -> str:
    return interpreter.replace("\r", "\\r")


def _cure(interpreter: str) -> str:
    if interpreter.endswith("\r"):
        return "save the script with Unix line ends"
    return "install it, or take a base that has it"


def _one_program(line: str) -> str | None:
    """Give the path of the program of a simple command line; None if it takes a shell to tell."""
    parts = line.split()
    if parts[:1] == ["exec"]:
        del parts[0]
    if "\n" in line or not parts or "/" not in parts[0] or "=" in parts[0]:
        return None
    return parts[0] if all(map(_PLAIN.fullmatch, parts)) else None
