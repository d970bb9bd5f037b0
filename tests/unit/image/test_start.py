"""Whether a container would start: small file systems, each with one thing wrong."""

from __future__ import annotations

import struct
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.image.start import Start, start

from .archives import file, folder, hardlink, symlink, tar
from .stacks import stacked

Member = tuple[tarfile.TarInfo, bytes]

GLIBC = "/lib64/ld-linux-x86-64.so.2"
ARM64, AMD64, I386, NO_MACHINE = 183, 62, 3, 9999


def elf(loader: str = "", machine: int = AMD64) -> bytes:
    """Make the beginning of an ELF file, with one program header if it needs a loader."""
    name = loader.encode() + b"\0" if loader else b""
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, bool(loader), 0, 0, 0
    )
    table = struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(name), len(name), 1) if loader else b""
    return head + table + name


def owned(member: Member, uid: int, gid: int, mode: int) -> Member:
    member[0].uid, member[0].gid, member[0].mode = uid, gid, mode
    return member


STATIC = file("app/myapp", elf(), 0o755)
DYNAMIC = file("app/myapp", elf(GLIBC), 0o755)
SHELL = file("bin/busybox", elf(), 0o755)
SH = symlink("bin/sh", "busybox")


def entry(*members: Member, command: str = "/app/myapp", **settings: object) -> Start:
    return start(stacked(list(members), Entrypoint=command.split(), **settings))


def test_a_static_program_starts() -> None:
    found = entry(STATIC, Cmd=["-v"])
    assert (found.verdict, found.path, found.expected_error) == ("starts", "/app/myapp", "")
    assert found.argv == ("/app/myapp", "-v")


def test_a_missing_loader_looks_like_a_missing_program() -> None:
    found = entry(DYNAMIC, command="./myapp", WorkingDir="/app")
    assert (found.verdict, found.path) == ("fails", "/app/myapp")
    assert found.expected_error == "exec ./myapp: no such file or directory"
    assert GLIBC in found.why
    assert "CGO_ENABLED=0" in found.why


def test_with_its_loader_it_starts() -> None:
    loader = file("usr/lib/x86_64-linux-gnu/ld.so", elf(), 0o755)
    links = [symlink("lib64", "usr/lib64"), symlink("usr/lib64/ld-linux-x86-64.so.2", "../lib/ld")]
    real = symlink("usr/lib/ld", "x86_64-linux-gnu/ld.so")
    found = entry(DYNAMIC, loader, *links, real)
    assert found.verdict == "starts"
    assert GLIBC in found.why
    refused = entry(DYNAMIC, file(GLIBC[1:], elf(), 0o644))
    assert refused.expected_error == "exec /app/myapp: permission denied"


def test_a_loader_that_a_later_layer_removes_is_missing() -> None:
    loader = file(GLIBC[1:], elf(), 0o755)
    gone = file("lib64/.wh.ld-linux-x86-64.so.2")
    settings = {"Entrypoint": ["/app/myapp"]}
    assert start(stacked([DYNAMIC, loader], **settings)).verdict == "starts"
    assert start(stacked([DYNAMIC, loader], [gone], **settings)).verdict == "fails"
    assert start(stacked([DYNAMIC], [STATIC], **settings)).verdict == "starts"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("/nothing", 'exec: "/nothing": stat /nothing: no such file or directory'),
        ("./myapp", 'exec: "./myapp": stat ./myapp: no such file or directory'),
        ("../app/myapp", ""),
        ("/" + "a" * 5000, f'exec: "/{"a" * 5000}": stat /{"a" * 5000}: file name too long'),
        ("myapp", 'exec: "myapp": executable file not found in $PATH'),
        ("/app", 'exec: "/app": is a directory'),
        ("/app/text", 'exec: "/app/text": permission denied'),
        ("/app/text/x", 'exec: "/app/text/x": stat /app/text/x: not a directory'),
        ("/app/loop", 'exec: "/app/loop": stat /app/loop: too many levels of symbolic links'),
        ("/app/dangling", 'exec: "/app/dangling": stat /app/dangling: no such file or directory'),
        ("/app/link", ""),
        ("/app/other", ""),
        ("/app/notes", "exec /app/notes: exec format error"),
        ("/app/empty", "exec /app/empty: exec format error"),
        ("/app/arm", "exec /app/arm: exec format error"),
        ("/app/strange", "exec /app/strange: exec format error"),
        ("/app/old", ""),
        ("/app/script", ""),
        ("/app/deep", ""),
        ("/app/lost", "exec /app/lost: no such file or directory"),
        ("/app/closed", "exec /app/closed: permission denied"),
        ("/app/itself", "exec /app/itself: too many levels of symbolic links"),
    ],
)
def test_what_may_be_wrong_with_a_program(command: str, error: str) -> None:
    found = (
        entry(
            STATIC,
            SHELL,
            SH,
            file("app/text", elf(), 0o644),
            file("app/notes", b"echo hello\n", 0o755),
            file("app/empty", b"", 0o755),
            file("app/arm", elf(machine=ARM64), 0o755),
            file("app/strange", elf(machine=NO_MACHINE), 0o755),
            file("app/old", elf(machine=I386), 0o755),
            file("app/script", b"#! /bin/sh -e\n", 0o755),
            file("app/deep", b"#!/app/script\n", 0o755),
            file("app/lost", b"#!/usr/bin/python3\n", 0o755),
            file("app/closed", b"#!/app/text\n", 0o755),
            file("app/itself", b"#!/app/itself\n", 0o755),
            symlink("app/loop", "loop"),
            symlink("app/dangling", "/nowhere"),
            symlink("app/link", "myapp"),
            hardlink("app/other", "app/myapp"),
            command=command,
            WorkingDir="/srv/new",
        )
        if command != "../app/myapp"
        else entry(STATIC, command=command, WorkingDir="/new")
    )
    assert (found.expected_error, found.verdict) == (error, "fails" if error else "starts")
    assert found.why.endswith(".")


def test_hard_links_across_layers_are_known() -> None:
    other = owned(hardlink("app/other", "app/myapp"), 0, 0, 0o755)
    made = stacked([DYNAMIC], [], [other], Entrypoint=["/app/other"])
    assert start(made).expected_error == "exec /app/other: no such file or directory"


def test_programs_are_looked_for_on_path() -> None:
    odd = file("opt/myapp", elf(), 0o644)
    found = entry(STATIC, odd, command="myapp", Env=["PATH=/opt:app:/app"])
    assert (found.verdict, found.path) == ("starts", "/app/myapp")
    assert entry(file("usr/bin/x", elf(), 0o755), command="x").verdict == "starts"


def test_the_image_is_for_another_machine() -> None:
    arm = file("app/myapp", elf(machine=ARM64), 0o755)
    made = stacked([arm], architecture="arm64", Entrypoint=["/app/myapp"])
    assert start(made).verdict == "starts"
    unsaid = stacked([arm], architecture="", Entrypoint=["/app/myapp"])
    assert start(unsaid).verdict == "starts"
    wrong = entry(arm)
    assert "arm64" in wrong.why
    assert "amd64" in wrong.why


def test_lines_of_windows_make_an_interpreter_that_is_not_there() -> None:
    found = entry(SHELL, SH, file("app/myapp", b"#!/bin/sh\r\necho\r\n", 0o755))
    assert found.expected_error == "exec /app/myapp: no such file or directory"
    assert "Unix" in found.why


@pytest.mark.parametrize(
    ("shebang", "verdict", "error"),
    [
        ("#!/usr/bin/env python3", "starts", ""),
        ("#! /usr/bin/env\tpython3 ", "starts", ""),
        ("#!/usr/bin/env node", "fails", "env: 'node': no such file or directory"),
        ("#!/usr/bin/env python3 -u", "fails", "env: 'python3 -u': no such file or directory"),
        ("#!/usr/bin/env python3\r", "fails", "env: 'python3\r': no such file or directory"),
        ("#!/usr/bin/env -S python3 -u", "unknown", ""),
        ("#!/usr/bin/env", "unknown", ""),
        ("#!/usr/bin/env other", "unknown", ""),
        ("#!/bin/env python3", "fails", "exec /app/myapp: no such file or directory"),
    ],
)
def test_env_looks_for_an_interpreter(shebang: str, verdict: str, error: str) -> None:
    found = entry(
        file("usr/bin/env", elf(), 0o755),
        file("usr/bin/python3", elf(), 0o755),
        file("usr/bin/other", elf(GLIBC), 0o755),
        file("app/myapp", shebang.encode() + b"\n", 0o755),
    )
    assert (found.verdict, found.expected_error) == (verdict, error)


PASSWD = file("etc/passwd", b"app:x:1000:1000::/:\n")
GROUP = file("etc/group", b"app:x:1000:\nstaff:x:50:app\n")


@pytest.mark.parametrize(
    ("spec", "uid", "gid", "mode", "verdict"),
    [
        ("app", 0, 0, 0o700, "fails"),
        ("app", 0, 0, 0o755, "starts"),
        ("app", 1000, 0, 0o100, "starts"),
        ("app", 1000, 1000, 0o011, "fails"),
        ("app", 0, 1000, 0o010, "starts"),
        ("app", 0, 50, 0o010, "starts"),
        ("app:app", 0, 50, 0o010, "fails"),
        ("0", 1000, 1000, 0o010, "starts"),
        ("nobody", 0, 0, 0o755, "fails"),
    ],
)
def test_who_may_execute_it(spec: str, uid: int, gid: int, mode: int, verdict: str) -> None:
    app = owned(file("app/myapp", elf()), uid, gid, mode)
    found = entry(PASSWD, GROUP, app, User=spec)
    assert found.verdict == verdict
    if spec == "nobody":
        assert found.expected_error.startswith("unable to find user nobody:")
    elif verdict == "fails":
        assert found.expected_error == "exec /app/myapp: permission denied"


def test_a_folder_on_the_way_may_be_closed() -> None:
    closed = owned(folder("root"), 0, 0, 0o700)
    app = file("root/app/myapp", elf(), 0o755)
    found = entry(closed, app, command="/root/app/myapp", User="1000")
    error = 'exec: "/root/app/myapp": stat /root/app/myapp: permission denied'
    assert found.expected_error == error
    assert entry(closed, app, command="/root/app/myapp").verdict == "starts"
    # the engine enters the working folder as root
    inside = entry(closed, app, command="./myapp", User="1000", WorkingDir="/root/app")
    assert inside.verdict == "starts"


@pytest.mark.parametrize(
    ("line", "verdict", "error"),
    [
        ("./myapp", "fails", "./myapp: not found"),
        ("exec /app/myapp -v --level=3", "fails", "/app/myapp: not found"),
        ("/app/good", "starts", ""),
        ("/app/closed", "unknown", ""),
        ("echo hello", "unknown", ""),
        ("./myapp || ./other", "unknown", ""),
        ("./my$APP", "unknown", ""),
        ("A=/app/myapp", "unknown", ""),
        ("/app/good\n/app/myapp", "unknown", ""),
        ("/" * 200_000 + "!", "unknown", ""),
        ("", "unknown", ""),
    ],
)
def test_the_shell_form(line: str, verdict: str, error: str) -> None:
    members = [DYNAMIC, file("app/good", elf(), 0o755), file("app/closed", elf(), 0o644)]
    settings = {"Entrypoint": ["/bin/sh", "-c", line], "WorkingDir": "/app"}
    found = start(stacked([*members, SHELL, SH], **settings))
    assert (found.verdict, found.expected_error) == (verdict, error)
    bare = start(stacked(members, **settings))
    assert bare.expected_error == 'exec: "/bin/sh": stat /bin/sh: no such file or directory'


def test_nothing_to_start_and_what_is_not_in_the_image() -> None:
    assert start(stacked([STATIC])).expected_error == "no command specified"
    assert entry(STATIC, command="/proc/self/exe").verdict == "unknown"
    assert start(stacked([STATIC], Cmd=["/app/myapp"])).verdict == "starts"
    assert start(stacked([STATIC], Entrypoint=[""])).verdict == "fails"


def test_a_program_that_was_not_read_is_unknown() -> None:
    sparse = tarfile.TarInfo("app/myapp")
    sparse.mode, sparse.size = 0o755, 512
    sparse.pax_headers = {"GNU.sparse.size": "5000", "GNU.sparse.numblocks": "1"}
    assert tar([(sparse, b"x" * 512)])
    assert entry((sparse, b"x" * 512)).verdict == "unknown"


WORDS = st.text("/.:-ac0é\0\n")


@given(
    st.dictionaries(
        st.sampled_from(["User", "Entrypoint", "Cmd", "WorkingDir"]),
        WORDS | st.lists(WORDS) | st.none() | st.integers(),
    ),
    st.binary(),
)
def test_never_fails_on_any_image(settings: dict[str, object], data: bytes) -> None:
    members = [file("a", data, 0o755), file("b", b"#!/a\n" + data, 0o755), symlink("c", "d/../c")]
    for name in ("/a", "/b", "/c"):
        assert start(stacked(members, **{"Entrypoint": [name], **settings})).why
