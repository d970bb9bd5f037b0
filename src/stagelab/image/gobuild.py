"""The build information that Go leaves in its programs, read forward only.

Source: Go's package `debug/buildinfo`: the information lies in a data segment, 16-byte aligned, and
survives stripping; since Go 1.18 its strings are inline. Its text is that of
`runtime/debug.BuildInfo`, which `go version -m` prints.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stagelab.image.elf import HEAD, PF_EXECUTE, PF_WRITE, PT_LOAD, segments, text

if TYPE_CHECKING:
    from stagelab.image.stream import ByteStream

_STEP = 1 << 20
_MOST_BUILD_INFO = 4 << 20
_MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_INLINE = 2
_MOST_SHIFT = 35
_MARK = 16
"""Bytes of the marks that Go sets before and after the module information."""


class GoFacts(NamedTuple):
    """What one Go program says of itself: the toolchain's version, and the text on its modules."""

    go_version: str
    modules: str


@dataclass(frozen=True, slots=True)
class GoModule:
    """A module that a program was built from.

    Attributes:
        path: Its path, "golang.org/x/net".
        version: Its version, "v0.30.0"; "(devel)" if the toolchain knew none.
        sum: Its checksum as in go.sum; "" if it was not checked.
        replaced_by: The module that took its place by a `replace`; None if none did.
    """

    path: str
    version: str
    sum: str
    replaced_by: GoModule | None = None


@dataclass(frozen=True, slots=True)
class GoBuild:
    """The text on a program's modules, taken apart.

    Attributes:
        path: Path of the main package.
        main: The main module; None if the program was built outside a module.
        modules: The modules that it depends on.
        settings: How it was built, as `go version -m` names it: "CGO_ENABLED", "-ldflags", "GOOS".
    """

    path: str
    main: GoModule | None
    modules: tuple[GoModule, ...]
    settings: dict[str, str]


def go_facts(stream: ByteStream, size: int) -> GoFacts | None:
    """Read the ELF file of `size` bytes that begins here; None if Go did not build it.

    Reads from its start to the end of its build information and no further. A file that only
    begins like an ELF file is simply no Go program.
    """
    start = stream.position
    head = stream.read(min(size, HEAD))
    data = [
        segment
        for segment in segments(head)
        if segment.kind == PT_LOAD and segment.flags & (PF_EXECUTE | PF_WRITE) == PF_WRITE
    ]
    # position-independent programs have two: what becomes read-only comes first
    for segment in sorted(data, key=lambda one: one.offset):
        passed = stream.position - start
        end = segment.offset + segment.size
        if end <= size:
            begun = head[segment.offset : end] if passed == len(head) else b""
            stream.skip(max(segment.offset - passed, 0))
            left = max(end - (stream.position - start), 0)
            found = _build_info(stream, begun, left)
            if found:
                return found
    return None


def go_build(facts: GoFacts) -> GoBuild:
    """Take the text on the modules apart; lines that are not as they should be are left out."""
    path, main = "", None
    modules: list[GoModule] = []
    settings = {}
    for line in facts.modules.splitlines():
        word, _, rest = line.partition("\t")
        if word == "path":
            path = rest
        elif word == "build":
            key, value = _setting(rest)
            settings[key] = value
        elif word in ("mod", "dep", "=>"):
            name, version, checksum = [*rest.split("\t"), "", "", ""][:3]
            module = GoModule(name, version, checksum)
            if word == "mod":
                main = module
            elif word == "dep":
                modules.append(module)
            elif modules:
                last = modules[-1]
                modules[-1] = GoModule(last.path, last.version, last.sum, module)
    return GoBuild(path, main, tuple(modules), settings)


def _setting(line: str) -> tuple[str, str]:
    """Read `key=value`, of which Go quotes what has special letters in it."""
    if line.startswith('"'):
        key, _, rest = line[1:].partition('"')
        return key, _unquoted(rest.removeprefix("="))
    key, _, value = line.partition("=")
    return key, _unquoted(value)


def _unquoted(value: str) -> str:
    if value.startswith("`") and value.endswith("`"):
        return value[1:-1]
    if value.startswith('"'):
        try:
            return str(json.loads(value))  # Go's quotes are JSON's but for rare escapes
        except ValueError:
            return value
    return value


def _build_info(stream: ByteStream, begun: bytes, left: int) -> GoFacts | None:
    """Search the data segment, of which `begun` is read already and `left` bytes are to come."""
    window = begun
    while True:
        at = window.find(_MAGIC)
        if at >= 0:
            found = window[at:] + stream.read(min(left, _MOST_BUILD_INFO))
            return _inline_strings(found)
        if not left:
            return None
        step = stream.read(min(left, _STEP))
        if not step:
            return None
        left -= len(step)
        window = window[-len(_MAGIC) :] + step


def _inline_strings(found: bytes) -> GoFacts | None:
    if len(found) < _HEADER or not found[15] & _INLINE:
        return None  # before Go 1.18 the strings lay elsewhere
    version, rest = _varint_bytes(found, _HEADER)
    modules, _ = _varint_bytes(found, rest)
    return GoFacts(text(version), text(modules[_MARK:-_MARK]))


def _varint_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length = shift = 0
    while at < len(data) and shift < _MOST_SHIFT:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the top bit says that more follow
            break
    return data[at : at + length], at + length
