"""Go programs made by hand: only the parts of an ELF file that are looked at."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.image.elf import ProgramFacts, program_facts
from stagelab.image.gobuild import GoBuild, GoFacts, GoModule, go_build, go_facts
from stagelab.image.stream import ByteStream

LOADER = b"/lib64/ld-linux-x86-64.so.2\0"
MODULES = "path\texample.com/app\nmod\texample.com/app\tv1.2.3\t\ndep\texample.com/x\tv1.0.0\th1:\n"


def varint(text: bytes) -> bytes:
    length, out = len(text), b""
    while length >= 0x80:
        out += bytes([length & 0x7F | 0x80])
        length >>= 7
    return out + bytes([length]) + text


def build_info(version: str = "go1.27.3", modules: str = MODULES) -> bytes:
    head = b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16)
    return head + varint(version.encode()) + varint(b"S" * 16 + modules.encode() + b"E" * 16)


def program(
    *,
    data: bytes,
    loader: bytes | None = None,
    wide: bool = True,
    pad: int = 6000,
    machine: int = 62,
) -> bytes:
    segments = []
    offset = 64 + 3 * 56
    if loader is not None:
        segments.append((3, 4, offset, len(loader)))
    start = offset + len(loader or b"") + pad
    segments += [(1, 5, 0, start), (1, 6, start, len(data))]
    if wide:
        table = b"".join(
            struct.pack("<IIQQQQQQ", kind, flags, at, 0, 0, size, size, 0)
            for kind, flags, at, size in segments
        )
        head = b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + struct.pack("<H", machine)
        head = head.ljust(32, b"\0") + struct.pack(
            "<QQIHHHHHH", 64, 0, 0, 64, 56, len(segments), 0, 0, 0
        )
    else:
        table = b"".join(
            struct.pack(">8I", kind, at, 0, 0, size, size, flags, 0)
            for kind, flags, at, size in segments
        )
        head = b"\x7fELF\x01\x02\x01".ljust(18, b"\0") + struct.pack(">H", machine)
        head = head.ljust(28, b"\0") + struct.pack(
            ">IIIHHHHHH", 64, 0, 0, 52, 32, len(segments), 0, 0, 0
        )
        head = head.ljust(64, b"\0")
    body = (head + table).ljust(offset, b"\0") + (loader or b"")
    return body.ljust(start, b"\0") + data


def facts(raw: bytes) -> GoFacts | None:
    return go_facts(ByteStream([raw[at : at + 1000] for at in range(0, len(raw), 1000)]), len(raw))


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("pad", [0, 6000, 9000])
def test_a_static_program(wide: bool, pad: int) -> None:
    raw = program(data=bytes(160) + build_info() + b"more", wide=wide, pad=pad)
    assert facts(raw) == GoFacts("go1.27.3", MODULES)
    assert program_facts(raw) == ProgramFacts("elf", "amd64", None)


@pytest.mark.parametrize("wide", [True, False])
def test_a_dynamic_program_names_its_loader(wide: bool) -> None:
    raw = program(data=build_info(), loader=LOADER, wide=wide)
    assert facts(raw) == GoFacts("go1.27.3", MODULES)
    assert program_facts(raw) == ProgramFacts("elf", "amd64", "/lib64/ld-linux-x86-64.so.2")


@pytest.mark.parametrize(
    ("number", "wide", "name"),
    [(183, True, "arm64"), (21, True, "ppc64le"), (21, False, "ppc64"), (9999, True, "")],
)
def test_what_a_program_runs_on(number: int, wide: bool, name: str) -> None:
    raw = program(data=b"", machine=number, wide=wide)
    assert program_facts(raw) == ProgramFacts("elf", name, None)


@pytest.mark.parametrize(
    ("head", "loader", "argument"),
    [
        (b"#!/bin/sh\nexit", "/bin/sh", ""),
        (b"#! /usr/bin/env python3\n", "/usr/bin/env", "python3"),
        (b"#!/bin/\xff", "/bin/\\xff", ""),
    ],
)
def test_a_script_names_its_interpreter(head: bytes, loader: str, argument: str) -> None:
    assert program_facts(head) == ProgramFacts("script", "", loader, argument)


@pytest.mark.parametrize("head", [b"", b"#!", b"#! \n", b"hello", b"\x7fEL"])
def test_what_is_no_program(head: bytes) -> None:
    assert program_facts(head) is None


def test_information_deep_in_the_data_and_across_pieces() -> None:
    for offset in ((1 << 20) - 7, (1 << 20) + 16, (2 << 20) - 1):
        assert facts(program(data=bytes(offset) + build_info())) is not None


def segmented(*segments: tuple[int, int], length: int) -> bytes:
    """Give a program whose writable segments have these offsets and sizes; it is `length` long."""
    head = b"\x7fELF\x02\x01\x01".ljust(32, b"\0")
    head += struct.pack("<QQIHHHHHH", 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
    for offset, size in segments:
        head += struct.pack("<IIQQQQQQ", 1, 6, offset, 0, 0, size, size, 0)
    return head.ljust(length, b"\0")


@pytest.mark.parametrize(
    "first", [(1000, 200), (1000, 8000), (9000, 1000), (1000, 50_000), (1000, 10**9), (12_000, 0)]
)
def test_information_in_the_second_of_two_segments(first: tuple[int, int]) -> None:
    info = build_info()
    second = (12_000, len(info))
    for segments in ((first, second), (second, first)):
        raw = segmented(*segments, length=12_000) + info
        assert facts(raw.ljust(60_000, b"\0")) == GoFacts("go1.27.3", MODULES)


def test_information_behind_the_data_is_none() -> None:
    raw = program(data=bytes(100), pad=0)
    stream = ByteStream([raw + build_info()])
    assert go_facts(stream, len(raw) + len(build_info())) is None
    assert 0 <= stream.position <= len(raw) + len(build_info())


def test_the_text_is_taken_apart() -> None:
    text = (
        "path\texample.com/app/cmd\n"
        "mod\texample.com/app\t(devel)\t\n"
        "dep\texample.com/x\tv1.0.0\th1:xx=\n"
        "dep\texample.com/y\tv1.1.0\n"
        "=>\texample.com/z\tv2.0.0\th1:zz=\n"
        "dep\texample.com/w\tv0.1.0\n"
        "=>\t./w\t(devel)\t\n"
        "build\t-ldflags=\"-s -X 'main.version=a b'\"\n"
        'build\t-tags=`a"b`\n'
        'build\t"odd key"="x=y"\n'
        "build\tCGO_ENABLED=0\n"
        'build\tbroken="\\q"\n'
        "\nsomething else\n"
    )
    assert go_build(GoFacts("go1.27", text)) == GoBuild(
        "example.com/app/cmd",
        GoModule("example.com/app", "(devel)", ""),
        (
            GoModule("example.com/x", "v1.0.0", "h1:xx="),
            GoModule("example.com/y", "v1.1.0", "", GoModule("example.com/z", "v2.0.0", "h1:zz=")),
            GoModule("example.com/w", "v0.1.0", "", GoModule("./w", "(devel)", "")),
        ),
        {
            "-ldflags": "-s -X 'main.version=a b'",
            "-tags": 'a"b',
            "odd key": "x=y",
            "CGO_ENABLED": "0",
            "broken": '"\\q"',
        },
    )


def test_a_program_built_outside_any_module() -> None:
    text = "path\tcommand-line-arguments\n"
    found = facts(program(data=build_info(modules=text)))
    assert found == GoFacts("go1.27.3", text)
    assert go_build(found) == GoBuild("command-line-arguments", None, (), {})


def test_what_go_did_not_build() -> None:
    assert facts(program(data=bytes(5000))) is None
    assert facts(b"\x7fELF" + bytes(100)) is None
    assert facts(b"\x7fELF") is None


def test_the_old_form_of_the_information() -> None:
    old = b"\xff Go buildinf:" + bytes([8, 0]) + bytes(64)
    assert facts(program(data=old)) is None


@given(st.binary(max_size=300), st.integers(0, 400))
def test_never_fails_on_any_bytes(noise: bytes, at: int) -> None:
    raw = bytearray(program(data=build_info(), loader=LOADER, pad=0))
    raw[at : at + len(noise)] = noise
    for some in (bytes(raw), b"\x7fELF" + noise):
        stream = ByteStream([some, b"more"])
        found = go_facts(stream, len(some))
        assert 0 <= stream.position <= len(some)  # not a byte of what follows
        if found:
            go_build(found)
        program_facts(some)


@given(st.text(alphabet='\t\n"`=>\\ abdehilmoptu', max_size=80))
def test_never_fails_on_any_text(text: str) -> None:
    go_build(GoFacts("", text))
