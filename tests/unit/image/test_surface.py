"""The attack surface of small file systems in which each finding is there for a reason."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.image.surface import Surface, surface
from stagelab.image.surface_programs import NAMES
from stagelab.image.surface_words import WORDS, FindingKind
from stagelab.image.users import user

from .archives import file, folder, hardlink, symlink, whiteout
from .stacks import stacked

if TYPE_CHECKING:
    import tarfile

PASSWD = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/:\ntoor:x:0:0::/:\nbroken\n"
GROUP = b"root:x:0:\nstaff:x:50:app,other\nweb:x:33:\napp:x:1001:\n"


def program(path: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    return file(path, b"\x7fELF" + path.encode(), mode)


def linked(path: str, first: str) -> tuple[tarfile.TarInfo, bytes]:
    return chmod(hardlink(path, first), 0o755)


def chmod(
    member: tuple[tarfile.TarInfo, bytes], mode: int, capability: bytes = b""
) -> tuple[tarfile.TarInfo, bytes]:
    member[0].mode = mode
    if capability:
        raw = capability.decode("utf-8", "surrogateescape")
        member[0].pax_headers["SCHILY.xattr.security.capability"] = raw
    return member


def listed(seen: Surface, kind: FindingKind) -> list[tuple[str, str]]:
    return [(found.path, found.detail) for found in seen.of(kind)]


def test_every_kind_says_why_it_matters_and_what_helps() -> None:
    assert set(WORDS) == set(get_args(FindingKind))
    for why, remedy in WORDS.values():
        assert why.endswith(".")
        assert remedy.endswith(".")


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        ("shell", "sh bash dash ash busybox zsh fish pwsh", "sshd shasum bashbug push"),
        ("package manager", "apt apt-get dpkg apk pip pip3.13 npm dnf", "dpkg-deb apt-cache npx"),
        ("compiler", "gcc gcc-14 x86_64-linux-gnu-g++-14 cc clang-19 go", "gcc-ar gcov gofmt cpp"),
        (
            "interpreter",
            "python3 python3.13 perl perl5.40.1 perl5.40-x86_64-linux-gnu node nodejs ruby3.3 "
            "php8.4 lua5.4 luajit java tclsh8.6 deno bun guile-3.0",
            "awk mawk python3-config perldoc nodemon javac phpize",
        ),
        (
            "network tool",
            "curl wget nc nc.openbsd nc-traditional socat ssh scp sftp rsync telnet ftp openssl",
            "ncal ssh-keygen curl-config nice sshd",
        ),
    ],
)
def test_names_of_programs(kind: FindingKind, yes: str, no: str) -> None:
    assert [name for name in yes.split() if not NAMES[kind].fullmatch(name)] == []
    assert [name for name in no.split() if NAMES[kind].fullmatch(name)] == []


def test_busybox_is_what_its_links_make_of_it() -> None:
    seen = surface(
        stacked(
            [
                program("bin/busybox"),
                symlink("bin/sh", "busybox"),
                symlink("bin/ash", "/bin/busybox"),
                symlink("usr/bin/wget", "../../bin/busybox"),
                symlink("usr/bin/awk", "../../bin/busybox"),
                symlink("usr/bin/curl", "/nowhere"),
                file("usr/bin/nc", b"no program"),
                folder("usr/bin/python3"),
            ]
        )
    )
    assert listed(seen, "shell") == [("/bin/busybox", "/bin/ash, /bin/sh")]
    assert listed(seen, "network tool") == [("/bin/busybox", "/usr/bin/wget")]
    assert (seen.count("shell"), len(seen.network_tools)) == (1, 1)
    assert not seen.interpreters


def test_a_file_with_several_names_counts_once_a_kind() -> None:
    base = [
        program("bin/["),
        hardlink("bin/busybox", "bin/["),
        hardlink("bin/sh", "bin/["),
        hardlink("bin/wget", "bin/["),
        program("usr/bin/perl5.40.1"),
    ]
    seen = surface(
        stacked(
            base,
            [
                linked("usr/bin/perl", "usr/bin/perl5.40.1"),
                linked("usr/bin/curl", "bin/gone"),
                linked("usr/bin/ssh", "bin/other"),
                program("bin/ash"),
            ],
        )
    )
    assert listed(seen, "shell") == [("/bin/ash", ""), ("/bin/busybox", "/bin/sh")]
    assert listed(seen, "interpreter") == [("/usr/bin/perl", "/usr/bin/perl5.40.1")]
    assert [path for path, _ in listed(seen, "network tool")] == [
        "/bin/wget",
        "/usr/bin/curl",
        "/usr/bin/ssh",
    ]


def test_programs_are_looked_for_where_path_leads_and_each_folder_once() -> None:
    tools = [
        symlink("bin", "usr/bin"),
        program("usr/bin/bash"),
        program("usr/local/go/bin/go"),
        program("opt/tools/gcc"),
        program("srv/curl"),
    ]
    seen = surface(stacked(tools, Env=["PATH=/usr/local/go/bin:/opt/tools/"]))
    assert listed(seen, "shell") == [("/usr/bin/bash", "")]
    assert listed(seen, "compiler") == [("/opt/tools/gcc", ""), ("/usr/local/go/bin/go", "")]
    assert not seen.network_tools


def test_findings_name_layer_and_instruction_and_a_removed_file_is_none() -> None:
    history = [
        {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
        {"created_by": "RUN /bin/sh -c install curl # buildkit"},
        {"created_by": 'CMD ["x"]', "empty_layer": True},
        {"created_by": "RUN /bin/sh -c chmod u+s /bin/su; rm /bin/nc # buildkit"},
    ]
    seen = surface(
        stacked(
            [program("bin/su"), program("bin/nc"), program("bin/sh")],
            [program("usr/bin/curl")],
            [program("bin/su", 0o4755), whiteout("bin/nc")],
            history=history,
        )
    )
    assert [(f.path, f.layer, f.instruction) for f in seen.network_tools] == [
        ("/usr/bin/curl", 1, "RUN install curl")
    ]
    (setuid,) = seen.setuid
    assert (setuid.path, setuid.layer) == ("/bin/su", 3)
    assert setuid.instruction == "RUN chmod u+s /bin/su; rm /bin/nc"
    assert "chmod u-s" in setuid.remedy
    (shell,) = seen.shells
    assert (shell.layer, shell.instruction) == (0, "ADD file:1 in /")


def test_modes() -> None:
    seen = surface(
        stacked(
            [
                program("bin/su", 0o4755),
                program("bin/chage", 0o2755),
                program("bin/both", 0o6711),
                file("bin/data", b"x", 0o4644),
                chmod(folder("srv/shared"), 0o2775),
                chmod(folder("tmp"), 0o1777),
                chmod(folder("srv/open"), 0o777),
                file("srv/open.txt", b"", 0o666),
                file("srv/closed.txt", b"", 0o660),
                symlink("srv/link", "open.txt"),
            ]
        )
    )
    assert [found.path for found in seen.setuid] == ["/bin/both", "/bin/su"]
    assert [found.path for found in seen.setgid] == ["/bin/both", "/bin/chage"]
    assert listed(seen, "setuid")[1] == ("/bin/su", "4755, owner 0:0")
    assert listed(seen, "world-writable") == [("/srv/open", "0777"), ("/srv/open.txt", "0666")]


def test_capabilities_of_all_names_of_a_file() -> None:
    raw = struct.pack("<5I", 0x02000001, 1 << 13 | 1 << 10, 0, 0, 0)
    seen = surface(
        stacked(
            [
                chmod(program("usr/bin/ping"), 0o755, raw),
                hardlink("usr/bin/ping4", "usr/bin/ping"),
                chmod(program("usr/bin/gone"), 0o755, raw),
                chmod(program("usr/bin/cured"), 0o755, raw),
            ],
            [
                whiteout("usr/bin/gone"),
                program("usr/bin/cured"),
                hardlink("usr/bin/ping6", "usr/bin/ping"),
            ],
        )
    )
    names = "cap_net_bind_service, cap_net_raw"
    assert listed(seen, "capability") == [
        ("/usr/bin/ping", names),
        ("/usr/bin/ping4", names),
        ("/usr/bin/ping6", names),
    ]
    assert [found.layer for found in seen.capabilities] == [0, 0, 1]


@pytest.mark.parametrize(
    ("spec", "name", "number", "group", "group_number"),
    [
        ("", "root", 0, "root", 0),
        ("0", "root", 0, "root", 0),
        ("root", "root", 0, "root", 0),
        ("toor", "toor", 0, "root", 0),
        ("app", "app", 1000, "app", 1001),
        ("1000", "app", 1000, "app", 1001),
        ("app:web", "app", 1000, "web", 33),
        ("app:33", "app", 1000, "web", 33),
        ("65532", "", 65532, "root", 0),
        ("65532:65532", "", 65532, "", 65532),
        ("broken", "broken", 0, "root", 0),
    ],
)
def test_users(spec: str, name: str, number: int, group: str, group_number: int) -> None:
    seen = surface(stacked([file("etc/passwd", PASSWD), file("etc/group", GROUP)], User=spec))
    who = seen.user
    assert (who.name, who.number, who.group, who.group_number) == (
        name,
        number,
        group,
        group_number,
    )
    assert who.root == (number == 0) == bool(seen.count("root user"))
    assert not who.problem
    assert who.more_groups == ((50,) if name == "app" and ":" not in spec else ())


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("nobody", "unable to find user nobody: no matching entries in passwd file"),
        ("nobody:no", "unable to find user nobody: no matching entries in passwd file"),
        ("app:no", "unable to find group no: no matching entries in group file"),
        ("-1", "uids and gids must be in range 0-2147483647"),
        ("4294967295", "uids and gids must be in range 0-2147483647"),
        ("9" * 5000, f"unable to find user {'9' * 5000}: no matching entries in passwd file"),
    ],
)
def test_users_that_no_container_starts_with(spec: str, problem: str) -> None:
    seen = surface(stacked([file("etc/passwd", PASSWD), file("etc/group", GROUP)], User=spec))
    assert seen.user.problem == problem
    assert [found.detail for found in seen.of("unknown user")] == [problem]
    assert not seen.user.root


def test_without_lists_of_users() -> None:
    assert user(stacked([file("x")])).name == "root"
    assert user(stacked([file("x")], User="65532")).number == 65532
    assert user(stacked([file("x")], User="root")).problem


def test_settings_name_the_instruction_that_made_them() -> None:
    history = [
        {"created_by": "ADD rootfs"},
        {"created_by": "USER 0", "empty_layer": True},
        {"created_by": "EXPOSE map[9000/udp:{}]", "empty_layer": True},
        {"created_by": "/bin/sh -c #(nop)  EXPOSE 8080", "empty_layer": True},
        {"created_by": "EXPOSE map[70/tcp:{} 71/tcp:{}]", "empty_layer": True},
        {"created_by": 'ENTRYPOINT ["/bin/sh" "-c" "x"]', "empty_layer": True},
    ]
    seen = surface(
        stacked(
            [file("x")],
            history=history,
            User="0",
            ExposedPorts={"8080/tcp": {}, "9000/udp": {}, "70/tcp": {}, "odd": {}},
            Entrypoint=["/bin/sh", "-c", "x"],
            Labels={"a": "b"},
            Env=["A=1=2"],
            Healthcheck={"Test": ["NONE"]},
        )
    )
    assert seen.ports == ("odd", "70/tcp", "8080/tcp", "9000/udp")
    assert [(found.detail, found.layer) for found in seen.of("port")] == [
        ("odd", 4),
        ("70/tcp", 4),
        ("8080/tcp", 3),
        ("9000/udp", 2),
    ]
    (root,) = seen.of("root user")
    assert (root.path, root.detail, root.layer, root.instruction) == ("", "USER 0", 1, "USER 0")
    assert [found.layer for found in seen.of("shell form")] == [5]
    assert seen.healthcheck == ("NONE",)
    assert (seen.labels, seen.env) == ({"a": "b"}, {"A": "1=2"})


def test_root_by_default_comes_from_no_instruction() -> None:
    (root,) = surface(stacked([file("x")])).of("root user")
    assert (root.detail, root.layer, root.instruction) == ("no USER", None, "")
    assert re.search(r"USER \d", root.remedy)


@pytest.mark.parametrize(
    ("settings", "form"),
    [
        ({}, "none"),
        ({"Cmd": ["/app"]}, "exec"),
        ({"Cmd": ["/bin/sh", "-c", "app"]}, "shell"),
        ({"Entrypoint": ["/app"], "Cmd": ["/bin/sh", "-c", "x"]}, "exec"),
        ({"Entrypoint": ["/bin/sh", "-c", "app"], "Cmd": ["x"]}, "shell"),
        ({"Entrypoint": ["/bin/bash", "-c", "app"]}, "exec"),
        ({"Entrypoint": ["/bin/bash", "-c", "app"], "Shell": ["/bin/bash", "-c"]}, "shell"),
        ({"Entrypoint": ["/bin/sh"]}, "exec"),
    ],
)
def test_forms(settings: dict[str, object], form: str) -> None:
    seen = surface(stacked([file("x")], **settings))
    assert seen.entrypoint_form == form
    assert seen.count("shell form") == (form == "shell")


def test_health_checks() -> None:
    check = {"Test": ["CMD", "/app", "-check"], "Interval": 5}
    assert surface(stacked([], Healthcheck=check)).healthcheck == ("CMD", "/app", "-check")
    assert surface(stacked([])).healthcheck is None


SOME = st.text("/.:-ac0é\0\n")


@given(
    st.dictionaries(
        st.sampled_from(["User", "ExposedPorts", "Entrypoint", "Cmd", "Shell", "Labels"])
        | st.just("Healthcheck"),
        st.recursive(
            st.none() | st.integers() | SOME,
            lambda inner: st.lists(inner) | st.dictionaries(SOME, inner),
            max_leaves=5,
        ),
    ),
    st.binary(),
)
def test_never_fails_on_any_configuration(settings: dict[str, object], passwd: bytes) -> None:
    made = stacked([file("etc/passwd", passwd), file("etc/group", passwd)], **settings)
    assert surface(made).findings is not None
