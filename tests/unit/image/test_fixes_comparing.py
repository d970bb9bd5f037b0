"""Fixes by a frozen index of the real archive: every one of them, exactly."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from stagelab.errors import ImageError
from stagelab.image.fixes import NOT_ASKED, Fix, Fixes, Index, published_fixes
from stagelab.image.fixes.comparing import architectures
from stagelab.image.fixes.index import Published, ReadSuite
from stagelab.image.fixes.versions import version_key
from stagelab.image.package import Package

BOOKWORM = {"ID": "debian", "VERSION_CODENAME": "bookworm"}


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.frozen(Path(__file__).parents[2] / "data" / "fixes" / "bookworm.json.gz")


def dpkg(
    name: str, version: str, source: str = "", source_version: str = "", architecture: str = "amd64"
) -> Package:
    return Package(
        name, version, "dpkg", architecture, source or name, source_version or version, "status"
    )


INSTALLED = [
    dpkg("apt", "2.6.1"),
    dpkg("libapt-pkg6.0", "2.6.1", "apt"),
    dpkg("apt-transport-https", "2.6.1", "apt", architecture="all"),
    dpkg("base-files", "12.4+deb12u15"),  # as published
    dpkg("bash", "5.2.15-2+b2", "bash", "5.2.15-2"),  # built again as +b13
    dpkg("libbrotli1", "1.0.9-2+b6", "brotli", "1.0.9-2"),  # +deb12u1 is higher than +b6
    dpkg("libssl3", "3.0.22-1~deb12u2", "openssl"),
    dpkg("openssl", "3.0.22-1", "openssl"),  # higher than any ~deb12u2
    dpkg("login", "1:4.13+dfsg1-1+b1", "shadow", "1:4.13+dfsg1-1"),
    dpkg("passwd", "1:4.13+dfsg1-1+deb12u1", "shadow"),
    dpkg("tzdata", "2025b-0+deb12u1", architecture="all"),
    dpkg("zlib1g", "1:1.2.13.dfsg-1", "zlib"),
    dpkg("nodejs", "20.1.0-1nodesource1"),
    dpkg("unzip", "6.0-28"),
    dpkg("jq", "not a version"),
    Package("requests", "1.0", "python"),
]


def test_every_fix_exactly(index: Index) -> None:
    found = published_fixes(INSTALLED, BOOKWORM, {}, index=index)
    security, main = "bookworm-security", "bookworm"
    rebuilt = Fix("bash", "5.2.15-2", "5.2.15-2", main, ("bash",))
    assert found.fixes == (
        Fix("apt", "2.6.1", "2.6.2", security, ("apt", "apt-transport-https", "libapt-pkg6.0")),
        rebuilt,
        Fix("brotli", "1.0.9-2", "1.0.9-2+deb12u1", security, ("libbrotli1",)),
        Fix("shadow", "1:4.13+dfsg1-1", "1:4.13+dfsg1-1+deb12u2", main, ("login", "passwd")),
        Fix("tzdata", "2025b-0+deb12u1", "2026f-0+deb12u1", security, ("tzdata",)),
        Fix("unzip", "6.0-28", "6.0-28+deb12u1", security, ("unzip",)),
    )
    assert [fix.source for fix in found if fix.rebuilt] == ["bash"]
    assert (found.status, found.count, len(found), bool(found)) == ("known", 6, 6, True)
    assert found.suites == found.assumed == ("bookworm", "bookworm-updates", "bookworm-security")
    assert found.as_of == "2026-11-23T11:22:37Z"
    assert (found.compared, found.elsewhere) == (13, ("jq", "nodejs"))
    assert found.cves is None  # no changelog was read


def test_none_is_zero_only_when_known(index: Index) -> None:
    current = published_fixes([dpkg("base-files", "12.4+deb12u15")], BOOKWORM, {}, index=index)
    assert (current.status, current.count, len(current), list(current)) == ("known", 0, 0, [])
    assert not current
    assert current.cves == ()


@pytest.mark.parametrize(
    ("packages", "release", "status", "words"),
    [
        ([], BOOKWORM, "not applicable", "no packages of dpkg"),
        ([Package("musl", "1.2", "apk")], {"ID": "alpine"}, "not applicable", "no packages"),
        ([dpkg("apt", "1")], {"ID": "kali", "VERSION_CODENAME": "x"}, "not applicable", "kali"),
        ([dpkg("apt", "1")], {}, "not applicable", "no os-release"),
        ([dpkg("apt", "1")], {"ID": "debian"}, "unavailable", "VERSION_CODENAME"),
        (
            [dpkg("apt", "1")],
            {"ID": "debian", "VERSION_CODENAME": "../x"},
            "unavailable",
            "VERSION_CODENAME",
        ),
    ],
)
def test_nothing_known_is_not_nothing(
    packages: list[Package], release: dict[str, str], status: str, words: str, index: Index
) -> None:
    found = published_fixes(packages, release, {}, index=index)
    assert (found.status, found.count, found.cves) == (status, None, None)
    assert words in found.reason
    for ask in (len, bool, list):
        with pytest.raises(ImageError) as caught:
            ask(found)
        assert found.reason in str(caught.value)


def test_nobody_asked() -> None:
    assert (NOT_ASKED.status, NOT_ASKED.count) == ("not asked", None)
    with pytest.raises(ImageError, match="fixes=True"):
        len(NOT_ASKED)


def test_as_json(index: Index) -> None:
    found = published_fixes(INSTALLED, BOOKWORM, {}, index=index)
    facts = json.loads(json.dumps(dataclasses.asdict(found)))
    assert facts["fixes"][0]["packages"] == ["apt", "apt-transport-https", "libapt-pkg6.0"]


def test_cves_of_those_that_were_read() -> None:
    one = Fix("a", "1", "2", "s", ("a",), ("CVE-2026-10000", "CVE-2026-9999"))
    found = Fixes("known", (one, Fix("b", "1", "2", "s", ("b",)), dataclasses.replace(one)))
    assert found.cves == ("CVE-2026-9999", "CVE-2026-10000")


def test_the_same_version_is_told_of_the_security_suite() -> None:
    suites = tuple(ReadSuite(name, "", "2026-01-01T00:00:00Z") for name in ("s", "s-security"))
    both = [Published(suite.name, "amd64", "a", "2", "a", "2") for suite in suites]
    for published in (both, both[::-1]):
        known = Index(suites, tuple(published)).highest("a", "amd64")
        assert known is not None
        assert known[1].suite == "s-security"


def test_a_frozen_index_is_the_same_again(index: Index, tmp_path: Path) -> None:
    index.save(tmp_path / "one")
    again = Index.frozen(tmp_path / "one")
    assert again == index
    again.save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_architectures() -> None:
    mixed = [dpkg("a", "1"), dpkg("b", "1"), dpkg("c", "1", architecture="i386")]
    assert architectures([*mixed, dpkg("d", "1", architecture="all")]) == ("amd64", "i386")
    assert architectures(mixed, "386") == ("i386", "amd64")
    assert architectures([dpkg("a", "1", architecture="all")], "arm") == ("armhf",)
    assert architectures([dpkg("a", "1", architecture="all")]) == ("amd64",)
    hostile = [dpkg("a", "1", architecture=name) for name in ("../../x", "a b", "é", "x" * 50)]
    assert architectures(hostile) == ("amd64",)


@pytest.mark.parametrize("bad", ["", "1 2", "1:", ":1", "9" * 300, "99999999999:1", "1\n", "1/2"])
def test_no_versions(bad: str) -> None:
    assert version_key(bad) is None
