"""Records of packages: which files are some, what they name, and what damage does."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelab.errors import ArchiveDamaged, ImageError
from stagelab.image.package import Package
from stagelab.image.records import (
    MOST_LENGTH,
    MOST_PACKAGES,
    UNREADABLE,
    is_record,
    most_bytes,
    read,
)
from stagelab.image.records_dpkg import MOST_PARAGRAPH

from .rpm_database import (
    ARCH,
    EPOCH,
    NAME,
    RELEASE,
    SOURCE,
    SUMMARY,
    VERSION,
    database,
    endless,
    header,
    scripted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATUS = "/var/lib/dpkg/status"
FRAGMENT = "/var/lib/dpkg/status.d/base"
APK = "/lib/apk/db/installed"
RPM = "/var/lib/rpm/rpmdb.sqlite"
METADATA = "/usr/lib/python3/dist-packages/Pack-1.0.dist-info/METADATA"
NODE = "/srv/node_modules/left/package.json"
ALL = (STATUS, FRAGMENT, APK, RPM, METADATA, NODE)

DPKG_TEXT = b"""\
Package: libstdc++6
Status: install ok installed
Maintainer: Somebody <a@b.c>
Architecture: amd64
Multi-Arch: same
Source: gcc-14 (14.2.0-19)
Version: 14.2.0-19+b1
Description: library
 Version: 9 in a continued line
 .
 more

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: all

Package: half
Status: install reinstreq half-installed
Version: 1
Architecture: all

Package: held
Status: hold ok installed
Source: holder
Version: 1:2.0-3
Architecture: all

Package: no-state
Version: 1
"""
APK_TEXT = b"""\
C:Q1abcdefghijklmnopqrstuvwxyz=
P:musl-utils
V:1.2.5-r10
A:x86_64
o:musl
p:cmd:getent=1.2.5-r10
F:usr/bin
R:getent

P:own
V:3-r0
A:noarch
"""


@pytest.mark.parametrize(
    "path",
    [
        *ALL,
        "/usr/lib/apk/db/installed",
        "/usr/lib/sysimage/rpm/rpmdb.sqlite",
        "/opt/x/Old.egg-info/PKG-INFO",
        "/opt/x/Older-1.0.egg-info",
        "/node_modules/left/package.json",
        "/srv/node_modules/@scope/name/package.json",
        "/srv/node_modules/a/node_modules/@scope/name/package.json",
        "/srv/node_modules/a/node_modules/b/package.json",
    ],
)
def test_records_are_known_by_their_place(path: str) -> None:
    assert is_record(path)
    assert most_bytes(path) > 0


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/var/lib/dpkg/status-old",
        "/var/lib/dpkg/status.d/base.md5sums",
        "/var/lib/dpkg/status.d/sub/base",
        "/srv/var/lib/dpkg/status",
        "/opt/x/Pack-1.0.dist-info/RECORD",
        "/opt/x/METADATA",
        "/package.json",
        "/srv/package.json",
        "/srv/node_modules/package.json",
        "/srv/node_modules/@scope/package.json",
        "/srv/node_modules/a/lib/package.json",
        "/srv/node_modules/@scope/name/lib/package.json",
        "/srv/my_node_modules/a/package.json",
        "/srv/node_modules/a/other-package.json",
        *UNREADABLE,
    ],
)
def test_other_files_are_no_records(path: str) -> None:
    assert not is_record(path)


def test_dpkg_names_what_is_installed_and_its_source() -> None:
    assert read(STATUS, [DPKG_TEXT]) == (
        Package("held", "1:2.0-3", "dpkg", "all", "holder", "1:2.0-3", STATUS),
        Package("libstdc++6", "14.2.0-19+b1", "dpkg", "amd64", "gcc-14", "14.2.0-19", STATUS),
    )


def test_a_fragment_needs_no_state_but_may_have_one() -> None:
    text = b"Package: base-files\nVersion: 13.8\nArchitecture: amd64\n"
    whole = (Package("base-files", "13.8", "dpkg", "amd64", "base-files", "13.8", FRAGMENT),)
    assert read(FRAGMENT, [text]) == whole
    assert read(FRAGMENT, [text + b"Status: install ok unpacked\n"]) == ()


def test_apk_names_the_origin() -> None:
    assert read(APK, [APK_TEXT]) == (
        Package("musl-utils", "1.2.5-r10", "apk", "x86_64", "musl", "1.2.5-r10", APK),
        Package("own", "3-r0", "apk", "noarch", "own", "3-r0", APK),
    )


@pytest.mark.parametrize(("path", "text"), [(STATUS, DPKG_TEXT), (APK, APK_TEXT)])
@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_pieces_may_be_cut_anywhere(path: str, text: bytes, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert read(path, pieces) == read(path, [text])


@pytest.mark.parametrize("size", [1 << 12, 1 << 20, 1 << 30])
def test_a_paragraph_may_be_longer_than_what_is_looked_at(size: int) -> None:
    files = b"R:name-of-a-file\n" * (3 * MOST_PARAGRAPH // 17)
    text = b"P:many\nV:1\n" + files + b"\nP:next\nV:2\n"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert [(item.name, item.version) for item in read(APK, pieces)] == [
        ("many", "1"),
        ("next", "2"),
    ]


def test_numbers_and_lengths_are_bounded() -> None:
    many = b"".join(b"P:%d\nV:1\n\n" % number for number in range(MOST_PACKAGES + 10))
    assert len(read(APK, [many])) == MOST_PACKAGES
    (long,) = read(APK, [b"P:" + b"a" * 5000 + b"\nV:1\n"])
    assert len(long.name) == MOST_LENGTH


def test_reading_stops_where_nothing_is_wanted_any_more() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 4096
            yield b"Name: x\nVersion: 1\n\n" + b"y" * 4076

    assert [item.name for item in read(METADATA, endless())] == ["x"]
    assert taken == most_bytes(METADATA)


def test_what_steers_a_terminal_is_not_passed_on() -> None:
    (item,) = read(APK, [b"P:a\x1b[2Jb\xe2\x80\xaec\nV:1\xff\n"])
    assert (item.name, item.version) == ("a\ufffd[2Jb\ufffdc", "1\ufffd")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_python_reads_headers_only(end: bytes) -> None:
    text = end.join(
        [
            b"Metadata-Version: 2.4",
            b"name: Pack",
            b"Version: 1.0",
            b"Classifier: x",
            b"",
            b"Name: other",
            b"Version: 2",
        ]
    )
    assert read(METADATA, [text]) == (
        Package("Pack", "1.0", "python", "", "Pack", "1.0", METADATA),
    )
    assert read(METADATA, [b"Name: x" + end + end + b"Version: 1"]) == ()


def test_node_needs_a_name_and_a_version() -> None:
    def packed(**fields: object) -> tuple[Package, ...]:
        return read(NODE, [json.dumps(fields).encode()])

    assert packed(name="@scope/name", version="1.0.0-rc.1") == (
        Package("@scope/name", "1.0.0-rc.1", "node", "", "@scope/name", "1.0.0-rc.1", NODE),
    )
    assert packed(name="x") == packed(version="1") == packed(name="x", version=1) == ()
    assert packed(name="", version="1") == packed(name=["x"], version="1") == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"name": ' + b"9" * 10_000 + b"}",
        b'{"name": "x", "version": "1", "pad": "' + b"x" * (1 << 20) + b'"}',
    ],
)
def test_json_that_cannot_be_read_names_nothing(text: bytes) -> None:
    assert read(NODE, [text]) == ()


def test_half_a_character_of_json_can_be_written_again() -> None:
    (item,) = read(NODE, [b'{"name": "a\\ud800", "version": "1"}'])
    assert item.name.encode() == "a\ufffd".encode()


def test_rpm_names_epoch_release_and_source(tmp_path: Path) -> None:
    held = database(
        tmp_path,
        header(
            {
                NAME: "openssl-libs",
                SUMMARY: "x" * 5000,
                EPOCH: 1,
                VERSION: "3.2.2",
                RELEASE: "6.el10",
                ARCH: "x86_64",
                SOURCE: "openssl-3.2.2-6.el10.src.rpm",
            }
        ),
        header({NAME: "plain", VERSION: "1", RELEASE: "2", ARCH: "noarch"}),
        header({NAME: "gpg-pubkey", VERSION: "abc", RELEASE: "def"}),
        header({NAME: "no-version"}),
    )
    assert read(RPM, [held[:1000], held[1000:]]) == (
        Package("openssl-libs", "1:3.2.2-6.el10", "rpm", "x86_64", "openssl", "3.2.2-6.el10", RPM),
        Package("plain", "1-2", "rpm", "noarch", "plain", "1-2", RPM),
    )


def test_rpm_passes_over_headers_that_are_damaged(tmp_path: Path) -> None:
    good = header({NAME: "good", VERSION: "1", RELEASE: "2"})
    bad = header({NAME: "bad", VERSION: "1", RELEASE: "2"})
    held = database(
        tmp_path,
        b"",
        b"\0" * 7,
        b"\xff" * 64,
        bad[:-1],
        bad[:8] + b"\0\0\3\xe8\0\0\0\6\xff\xff\xff\xff\0\0\0\1" + bad[24:],
        bad.replace(b"bad\0001\0002\0", b"bad\0001\0002!"),
        "text",
        17,
        None,
        good,
    )
    assert [(item.name, item.version) for item in read(RPM, [held])] == [
        ("bad", "1"),
        ("good", "1-2"),
    ]


def test_rpm_of_a_damaged_database_names_nothing(tmp_path: Path) -> None:
    rows = [header({NAME: f"p{n}", VERSION: "1", SUMMARY: "x" * 900}) for n in range(50)]
    held = database(tmp_path, *rows)
    assert len(read(RPM, [held])) == 50
    for cut in (0, 1, 100, 5000, len(held) // 2):
        assert read(RPM, [held[:cut]]) == ()
    assert read(RPM, [b"no database" * 1000]) == ()


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE Other (a)",
        "CREATE TABLE Packages (hnum INTEGER)",
        "CREATE TABLE T (a); CREATE VIEW Packages AS SELECT 1 AS hnum, x'00' AS blob FROM T",
        "CREATE VIEW Packages AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
        " SELECT x AS hnum, zeroblob(100) AS blob FROM c",
        "CREATE TABLE Packages (hnum, blob AS (zeroblob(1000000000)));"
        " INSERT INTO Packages (hnum) VALUES (1)",
    ],
)
def test_rpm_runs_nothing_that_a_database_asks_for(tmp_path: Path, script: str) -> None:
    assert read(RPM, [scripted(tmp_path, script)]) == ()


def test_rpm_ends_where_pages_have_rows_without_end(tmp_path: Path) -> None:
    blob = header({NAME: "x", VERSION: "1"})
    assert [item.name for item in read(RPM, [endless(tmp_path, blob)])] == ["x"]
    assert read(RPM, [endless(tmp_path, "text")]) == ()


def test_rpm_leaves_no_copy_and_says_when_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held = database(tmp_path, header({NAME: "x", VERSION: "1"}))
    (tmp_path / "made.sqlite").unlink()
    assert [item.name for item in read(RPM, [held])] == ["x"]
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(ImageError) as caught:
        read(RPM, [held])
    assert "TMPDIR" in caught.value.fix


@pytest.mark.parametrize("path", ALL)
def test_damage_of_the_archive_itself_is_told(path: str) -> None:
    def broken() -> Iterator[bytes]:
        yield b"P"
        raise ArchiveDamaged("cut off", fix="get it again")

    with pytest.raises(ArchiveDamaged):
        read(path, broken())


@pytest.mark.parametrize("path", ALL)
@settings(max_examples=40, deadline=None)
@given(pieces=st.lists(st.binary(max_size=200), max_size=4))
def test_random_bytes_never_raise(path: str, pieces: list[bytes]) -> None:
    assert isinstance(read(path, pieces), tuple)


@settings(max_examples=40, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 8191), st.integers(0, 255)), min_size=1, max_size=20)
)
def test_a_database_with_random_damage_never_raises(
    changes: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [header({NAME: f"p{n}", VERSION: "1", EPOCH: n}) for n in range(3)]
    held = bytearray(database(tmp_path_factory.getbasetemp(), *rows))
    for at, byte in changes:
        held[at] = byte
    assert len(read(RPM, [bytes(held)])) <= 3
