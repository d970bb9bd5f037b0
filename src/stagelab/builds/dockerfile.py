"""Read a Dockerfile: instructions with their lines, grouped into stages.

Follows the "Dockerfile reference" of Docker's documentation: parser directives, comment lines
(also inside a continued instruction), line continuation with the escape character, heredocs,
`ARG` before the first `FROM` and its use in `FROM`. Nothing is refused: what means nothing is for
the builder to say.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stagelab.builds.words import expand, heredocs, split, split_flags

__all__ = ["Dockerfile", "Instruction", "StageSource", "automatic_args", "expand", "parse"]

_DIRECTIVE = re.compile(r"^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S(?:.*\S)?)")
_DIRECTIVES = {"check", "escape", "syntax"}
_BLANKS = re.compile(r"[\t\v\f\r ]+")
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
        return split_flags(self.value)[1]

    def flag(self, name: str) -> str | None:
        """Give the value of the first flag of this name, None if it is absent."""
        return next((value for key, value in self.flags if key == name), None)

    @property
    def mounts(self) -> tuple[Mapping[str, str], ...]:
        """The options of each `RUN --mount=…`, names in lower case."""
        if self.keyword != "RUN":
            return ()
        rows = csv.reader(value for key, value in self.flags if key == "mount")
        pairs = ([option.partition("=") for option in row] for row in rows)
        return tuple({name.lower(): value for name, _, value in row} for row in pairs)

    @property
    def origins(self) -> tuple[str, ...]:
        """Stages or images that it takes files from: `COPY --from=X`, `RUN --mount=from=X,...`."""
        named = [self.flag("from") or ""] if self.keyword == "COPY" else []
        named += [m.get("from", "") for m in self.mounts if m.get("type") != "tmpfs"]
        return tuple(filter(None, named))

    @property
    def trigger(self) -> Instruction | None:
        """What an ONBUILD keeps for the stages that start from its own; None for all others."""
        return _read(self.value, self.line, self.end_line) if self.keyword == "ONBUILD" else None

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
        """Give the stage of this name or index (as text), None if there is none.

        Of several with the same name it is the last one, as BuildKit has it.
        """
        wanted = name.lower()
        for stage in reversed(self.stages):
            if (stage.named and stage.name == wanted) or str(stage.index) == wanted:
                return stage
        return None

    def built(self, target: str | None) -> StageSource | None:
        """Give the stage that a build of `target` ends with, None if there is none.

        Args:
            target: As in `stage`; None for the last one.
        """
        if target is not None:
            return self.stage(target)
        return self.stages[-1] if self.stages else None


def parse(
    text: str,
    buildargs: Mapping[str, str] | None = None,
    automatic: Mapping[str, str] | None = None,
) -> Dockerfile:
    """Parse the text of a Dockerfile.

    Unknown keywords are kept as they are; whether they mean anything is for the builder to say.

    Args:
        text: The Dockerfile.
        buildargs: Values that override the defaults of ARGs before the first FROM.
        automatic: Values that the builder gives by itself, as `automatic_args`.
    """
    given = dict(buildargs or {})
    args = {name: given.get(name, value) for name, value in (automatic or {}).items()}
    lines = _lines(text)
    escape = _escape(lines)
    preamble: list[Instruction] = []
    heads: list[list[Instruction]] = []
    for instruction in _instructions(lines, escape):
        if instruction.keyword == "FROM":
            heads.append([instruction])
        elif heads:
            heads[-1].append(instruction)
        else:
            preamble.append(instruction)
            if instruction.keyword == "ARG":
                _declare(instruction, args, given, escape)
    stages = tuple(_stage(index, body, args, escape) for index, body in enumerate(heads))
    return Dockerfile(stages=stages, preamble=tuple(preamble), args=args)


def automatic_args(platform: str, target: str | None = None) -> dict[str, str]:
    """Give the ARGs that BuildKit sets by itself.

    The classic builder sets none.

    Args:
        platform: What the build runs on, such as "linux/amd64" or "linux/arm/v7".
        target: What it is for; None for the same.
    """
    args: dict[str, str] = {}
    for side, told in (("BUILD", platform), ("TARGET", target or platform)):
        system, _, rest = told.partition("/")
        architecture, _, variant = rest.partition("/")
        parts = {"PLATFORM": told, "OS": system, "ARCH": architecture, "VARIANT": variant}
        args |= {side + name: value for name, value in parts.items()}
    return args


def _declare(
    instruction: Instruction, args: dict[str, str], given: Mapping[str, str], escape: str
) -> None:
    for word in split(instruction.value, escape):
        name, has_default, default = word.partition("=")
        if name in given:
            args[name] = given[name]
        elif has_default:
            args[name] = expand(default, args, escape)


def _stage(
    index: int, body: list[Instruction], args: Mapping[str, str], escape: str
) -> StageSource:
    words = body[0].arguments.split()
    named = len(words) >= 3 and words[1].upper() == "AS"  # noqa: PLR2004 - FROM image AS name
    return StageSource(
        name=words[2].lower() if named else f"stage-{index}",
        named=named,
        index=index,
        base=expand(words[0], args, escape) if words else "",
        line=body[0].line,
        instructions=tuple(body),
    )


def _lines(text: str) -> list[str]:
    """Split at line feeds; a carriage return before one is no part of the line."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    if not lines[-1]:
        lines.pop()  # what follows the last line break is no line
    return lines


def _escape(lines: list[str]) -> str:
    """Find the escape character: parser directives stand before anything else in the file."""
    for line in lines:
        match = _DIRECTIVE.match(line.strip())
        if not match or match.group(1).lower() not in _DIRECTIVES:
            break
        if match.group(1).lower() == "escape" and match.group(2) == "`":
            return "`"
    return "\\"


def _instructions(lines: list[str], escape: str) -> Iterator[Instruction]:
    number = 0
    while number < len(lines):
        first = number
        number += 1
        if _is_aside(lines[first]):
            continue
        part, goes_on = _continued(lines[first].lstrip(), escape)
        parts = [part]
        while goes_on and number < len(lines):
            # A comment or a blank line does not end a continued instruction.
            if not _is_aside(lines[number]):
                part, goes_on = _continued(lines[number], escape)
                parts.append(part)
            number += 1
        logical = "".join(parts).strip()
        if not logical:
            continue
        opener = _read(logical, first + 1, number)
        if (opener.trigger or opener).keyword in _WITH_HEREDOC:
            number = _skip_heredocs(opener.value, lines, number)
        yield _read(logical, first + 1, number)


def _is_aside(line: str) -> bool:
    stripped = line.lstrip()
    return not stripped or stripped.startswith("#")


def _continued(line: str, escape: str) -> tuple[str, bool]:
    """Take off the escape character that continues a line, and tell whether there was one.

    An escaped escape character continues nothing.
    """
    stripped = line.rstrip(" \t")
    goes_on = stripped.endswith(escape) and not stripped.endswith(2 * escape)
    return (stripped[:-1] if goes_on else line), goes_on


def _read(logical: str, line: int, end_line: int) -> Instruction:
    """Read an instruction from its text, continued lines joined."""
    keyword, *rest = _BLANKS.split(logical.strip(), maxsplit=1)
    value = rest[0] if rest else ""
    return Instruction(keyword.upper(), value, line, end_line, split_flags(value)[0])


def _skip_heredocs(value: str, lines: list[str], number: int) -> int:
    """Give the number of the line behind the heredocs that an instruction opens.

    One that nothing ends is none: the builders refuse it, or know no heredocs at all.
    """
    for word, dash in heredocs(value):
        ends = (n for n in range(number, len(lines)) if lines[n].lstrip("\t") == word)
        try:
            number = 1 + (next(ends) if dash else lines.index(word, number))
        except (StopIteration, ValueError):
            break
    return number
