"""Read a Dockerfile: instructions with their lines, grouped into stages.

Follows the "Dockerfile reference" of Docker's documentation: parser directives, comment lines
(also inside a continued instruction), line continuation with the escape character, heredocs,
`ARG` before the first `FROM` and its use in `FROM`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$")
_WORD = re.compile(r"(?:\\.|\"(?:\\.|[^\"\\])*\"|'[^']*'|\S)+")
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([^\s<\"']+)\2")
_VARIABLE = re.compile(r"\\\$|\$(\w+)|\$\{(\w+)(?:(:?)([-+])((?:[^{}]|\{[^{}]*\})*))?\}")
_DIRECTIVES = {"check", "escape", "syntax"}
_WITH_HEREDOC = {"RUN", "COPY", "ADD"}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Attributes:
        keyword: In upper case.
        value: Everything behind the keyword, continued lines joined, flags included.
        line: Its first line, 1-based.
        end_line: Its last line, heredoc bodies included.
        flags: `--name=value` options, in order; a flag without value has "".
    """

    keyword: str
    value: str
    line: int
    end_line: int
    flags: tuple[tuple[str, str], ...] = ()

    @property
    def arguments(self) -> str:
        """`value` without the flags."""
        rest = self.value
        for _ in self.flags:
            rest = rest.split(None, 1)[1] if len(rest.split(None, 1)) > 1 else ""
        return rest

    def flag(self, name: str) -> str | None:
        """Give the value of the first flag of this name, None if it is absent."""
        return next((value for key, value in self.flags if key == name), None)

    @property
    def origins(self) -> tuple[str, ...]:
        """Stages or images that it takes files from: `COPY --from=X`, `RUN --mount=from=X,...`."""
        found = [value for key, value in self.flags if key == "from"]
        for key, value in self.flags:
            if key == "mount":
                options = (option.partition("=") for option in value.split(","))
                found += [origin for name, _, origin in options if name == "from"]
        return tuple(found)

    def __str__(self) -> str:
        return f"{self.keyword} {self.value}".strip()


@dataclass(frozen=True, slots=True)
class StageSource:
    """One stage as written.

    Attributes:
        name: As in `AS name` (lower case, as the builders have it), `stage-N` if unnamed.
        named: Whether it has an `AS`.
        index: From 0.
        base: What FROM names, with ARGs from before the first FROM expanded.
        line: Line of the FROM, 1-based.
        instructions: All of them, the FROM first.
    """

    name: str
    named: bool
    index: int
    base: str
    line: int
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A parsed Dockerfile.

    Attributes:
        stages: In order.
        preamble: Instructions (ARG) before the first FROM.
        args: Values of those ARGs, build arguments applied.
    """

    stages: tuple[StageSource, ...]
    preamble: tuple[Instruction, ...]
    args: Mapping[str, str]

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """Every instruction in the order of the file."""
        return self.preamble + tuple(i for stage in self.stages for i in stage.instructions)

    def stage(self, name: str) -> StageSource | None:
        """Give the stage of this name or index (as text), None if there is none."""
        wanted = name.lower()
        for stage in self.stages:
            if (stage.named and stage.name == wanted) or str(stage.index) == wanted:
                return stage
        return None


def parse(text: str, buildargs: Mapping[str, str] | None = None) -> Dockerfile:
    """Parse the text of a Dockerfile.

    Unknown keywords are kept as they are; whether they mean anything is for the builder to say.

    Args:
        text: The Dockerfile.
        buildargs: Values that override the defaults of ARGs before the first FROM.
    """
    given = dict(buildargs or {})
    args: dict[str, str] = {}
    preamble: list[Instruction] = []
    heads: list[list[Instruction]] = []
    for instruction in _instructions(text):
        if instruction.keyword == "FROM":
            heads.append([instruction])
        elif heads:
            heads[-1].append(instruction)
        else:
            preamble.append(instruction)
            if instruction.keyword == "ARG":
                _declare(instruction, args, given)
    stages = tuple(_stage(index, body, args) for index, body in enumerate(heads))
    return Dockerfile(stages=stages, preamble=tuple(preamble), args=args)


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME:+word}` as the builders do.

    Without the colon only a name that is not there counts as absent, with it an empty value too.
    """

    def value(match: re.Match[str]) -> str:
        if match.group(0) == r"\$":
            return "$"
        name = match.group(1) or match.group(2)
        current = values.get(name, "")
        present = bool(current) if match.group(3) else name in values
        if match.group(4) == "-" and not present:
            return expand(match.group(5), values)
        if match.group(4) == "+":
            return expand(match.group(5), values) if present else ""
        return current

    return _VARIABLE.sub(value, text)


def _declare(instruction: Instruction, args: dict[str, str], given: Mapping[str, str]) -> None:
    for word in _WORD.findall(instruction.value):
        name, has_default, default = word.partition("=")
        if name in given:
            args[name] = given[name]
        elif default.startswith("'"):
            args[name] = default.strip("'")
        elif has_default:
            args[name] = expand(default.strip('"'), args)


def _stage(index: int, body: list[Instruction], args: Mapping[str, str]) -> StageSource:
    words = body[0].arguments.split()
    named = len(words) >= 3 and words[1].upper() == "AS"  # noqa: PLR2004 - FROM image AS name
    return StageSource(
        name=words[2].lower() if named else f"stage-{index}",
        named=named,
        index=index,
        base=expand(words[0], args) if words else "",
        line=body[0].line,
        instructions=tuple(body),
    )


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    if not lines[-1]:
        lines.pop()  # what follows the last line break is no line
    escape = re.escape(_escape(lines))
    # An escaped escape character at the end of a line continues nothing.
    continued = re.compile(rf"(?:^|(?<!{escape})){escape}[ \t]*$")
    number = 0
    while number < len(lines):
        first = number
        stripped = lines[number].strip()
        number += 1
        if not stripped or stripped.startswith("#"):
            continue
        logical = lines[first].lstrip()
        while (end := continued.search(logical)) and number < len(lines):
            following = lines[number]
            number += 1
            if following.strip() and not following.lstrip().startswith("#"):
                logical = logical[: end.start()] + following
            # else it is a comment or a blank line, which does not end a continued instruction
        logical = continued.sub("", logical)
        keyword, _, value = logical.strip().partition(" ")
        if "\t" in keyword:
            keyword, _, value = logical.strip().partition("\t")
        keyword = keyword.upper()
        if keyword in _WITH_HEREDOC:
            number = _skip_heredocs(value, lines, number)
        value = value.strip()
        yield Instruction(keyword, value, first + 1, number, _flags(value))


def _escape(lines: list[str]) -> str:
    """Find the escape character: parser directives stand before anything else in the file."""
    for line in lines:
        match = _DIRECTIVE.match(line.strip())
        if not match or match.group(1).lower() not in _DIRECTIVES:
            return "\\"
        if match.group(1).lower() == "escape":
            return match.group(2)
    return "\\"


def _skip_heredocs(value: str, lines: list[str], number: int) -> int:
    for heredoc in filter(None, map(_HEREDOC.fullmatch, _WORD.findall(value))):
        dash, _, word = heredoc.groups()
        while number < len(lines):
            line = lines[number].lstrip("\t") if dash else lines[number]
            number += 1
            if line == word:
                break
    return number


def _flags(value: str) -> tuple[tuple[str, str], ...]:
    flags = []
    for word in value.split():
        if not word.startswith("--") or word == "--":
            break
        name, _, setting = word[2:].partition("=")
        flags.append((name, setting))
    return tuple(flags)
