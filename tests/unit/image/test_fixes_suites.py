"""Which suites are compared, and where they are looked for."""

from __future__ import annotations

import pytest

from stagelab.image.fixes.archives import is_public, set_addresses
from stagelab.image.fixes.suites import Source, named_sources, suites_of

TRIXIE = {"ID": "debian", "VERSION_CODENAME": "trixie"}
ONE_LINE = b"""\
# deb http://commented.example/debian trixie main
deb [arch=amd64 signed-by=/usr/share/x.gpg] http://mirror.example/debian/ trixie main contrib
deb-src http://mirror.example/debian trixie main
 deb https://mirror.example/debian-security trixie-security main # behind
deb cdrom:[Debian]/ trixie main
deb file:///srv/debian trixie main
deb http://user:word@mirror.example/debian trixie main
deb http://flat.example/repository ./
deb http://mirror.example/debian trixie-backports main
nonsense
"""
DEB822 = b"""\
Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
 http://second.example/debian
Suites: trixie trixie-updates
Components: main
 non-free-firmware
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
Enabled: no

Types: deb-src
URIs: http://source.example/debian
Suites: trixie
Components: main
"""


def test_one_line_sources() -> None:
    main = "http://mirror.example/debian"
    assert named_sources({"/etc/apt/sources.list": ONE_LINE}) == (
        Source(main, "trixie", ("main", "contrib")),
        Source("https://mirror.example/debian-security", "trixie-security", ("main",)),
        Source(main, "trixie-backports", ("main",)),
    )


def test_deb822_sources() -> None:
    parts = ("main", "non-free-firmware")
    assert named_sources({"/etc/apt/sources.list.d/debian.sources": DEB822}) == (
        Source("http://mirror.example/debian", "trixie", parts),
        Source("http://mirror.example/debian", "trixie-updates", parts),
        Source("http://second.example/debian", "trixie", parts),
        Source("http://second.example/debian", "trixie-updates", parts),
    )


def test_bounds_of_lists() -> None:
    many = b"".join(b"deb http://m.example/debian s%d main\n" % at for at in range(5000))
    assert len(named_sources({"a.list": many})) == 100
    assert named_sources({"a.list": b"\xff\x00" * 9, "b.sources": b"\xff: \x00\n :\n\n" * 9}) == ()
    assert named_sources({"a.list": b"deb " + b"[" * 60000 + b"\n" + many})


def test_all_three_whatever_is_named() -> None:
    named = named_sources({"/etc/apt/sources.list": b"deb http://m.example/debian trixie main x"})
    release, updates, security = suites_of(TRIXIE, named)
    assert [suite.name for suite in (release, updates, security)] == [
        "trixie",
        "trixie-updates",
        "trixie-security",
    ]
    assert [release.assumed, updates.assumed, security.assumed] == [False, True, True]
    assert release.components == ("main", "x")
    assert updates.components == ("main",)
    assert security.addresses == ("http://m.example/debian-security", "http://m.example/debian")


def test_order_of_addresses() -> None:
    named = named_sources({"/etc/apt/sources.list": ONE_LINE})
    known = (Source("http://host.example/debian", "trixie", ("main",)),)
    release, _, security = suites_of(TRIXIE, named, ("http://set.example/d",), known)
    assert release.addresses[:3] == (
        "http://set.example/d",
        "http://host.example/debian",
        "http://mirror.example/debian",
    )
    assert security.addresses[:3] == (
        "http://set.example/d",
        "https://mirror.example/debian-security",
        "http://host.example/debian-security",
    )


def test_ubuntu_and_others() -> None:
    ubuntu = {"ID": "ubuntu", "UBUNTU_CODENAME": "noble"}
    assert suites_of(ubuntu, ())[0].components == ("main", "universe")
    assert suites_of(ubuntu, ())[0].origin == "Ubuntu"
    assert suites_of({"ID": "alpine", "VERSION_CODENAME": "x"}, ()) == ()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("http://mirror.example/debian", True),
        ("https://mirror.example:8443/debian", True),
        ("http://localhost/debian", False),
        ("http://mirror/debian", False),
        ("http://169.254.1.1/debian", False),
        ("http://127.1/debian", False),
        ("http://[::1]/debian", False),
        ("http://metadata.internal/debian", False),
        ("http://host.localhost./debian", False),
    ],
)
def test_hosts_that_an_image_may_name(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "STAGELAB_ARCHIVES", "http://mirror/debian/ ftp://x/y https://m:8/ubuntu file:///x"
    )
    assert set_addresses() == ("http://mirror/debian", "https://m:8/ubuntu")
    monkeypatch.delenv("STAGELAB_ARCHIVES")
    assert set_addresses() == ()
