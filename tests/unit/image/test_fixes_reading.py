"""Archives over HTTP: verified, kept, asked again, and said to be unavailable when they are."""

from __future__ import annotations

import lzma
import os
from typing import TYPE_CHECKING

import pytest

from stagelab.image.fixes import Fixes, keeping, published_fixes, reading
from stagelab.image.package import Package

from .fixes_archive import RELEASE, Archive, served, stanza

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSTALLED = [Package("libfoo1", "1:1.0-1+b2", "dpkg", "amd64", "foo", "1.0-1")]
INDEX = "/dists/noble-security/main/binary-amd64/Packages.xz"


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Archive]:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))  # this machine's apt knows other archives
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with served() as archive:
        monkeypatch.setenv("STAGELAB_ARCHIVES", archive.address)
        archive.publish("noble", stanza("libfoo1", "1:1.0-1+b2", Source="foo (1.0-1)"))
        archive.publish("noble-updates", stanza("other", "3"))
        archive.publish(
            "noble-security",
            stanza("aaa", "1") + stanza("libfoo1", "1:1.0-1+deb13u1", Source="foo (1.0-1+deb13u1)"),
            date="Mon, 23 Nov 2026 11:22:38 UTC",
        )
        yield archive


def look(**sources: bytes) -> Fixes:
    return published_fixes(INSTALLED, RELEASE, sources)


def test_what_is_published_is_found(archive: Archive) -> None:
    found = look()
    (fix,) = found
    assert (fix.source, fix.installed, fix.candidate) == ("foo", "1.0-1", "1.0-1+deb13u1")
    assert (fix.suite, fix.packages, fix.cves) == ("noble-security", ("libfoo1",), None)
    assert (found.as_of, found.reason) == ("2026-11-23T11:22:38Z", "")
    assert archive.statuses("InRelease") == archive.statuses("Packages.xz") == [200] * 3


def test_no_credentials_are_sent(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password word\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    archive.files["/moved"] = archive.files.pop("/dists/noble/InRelease")
    archive.redirects["/dists/noble/InRelease"] = "/moved"
    assert look().count == 1
    assert {headers.get("Authorization") for headers in archive.headers} == {None}


def test_archives_that_only_the_image_names_through_a_proxy(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAGELAB_ARCHIVES")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", archive.address)
    found = look(**{"/etc/apt/sources.list": b"deb http://mirror.example noble-security main"})
    assert (found.count, found.assumed) == (1, ("noble", "noble-updates"))
    assert {path for path, _ in archive.asked if "noble-security" in path} == {
        "http://mirror.example/dists/noble-security/InRelease",
        "http://mirror.example/dists/noble-security/main/binary-amd64/Packages.xz",
    }


def test_a_second_look_asks_only_whether_it_is_still_right(archive: Archive) -> None:
    first = look()
    archive.asked.clear()
    assert look() == first
    assert archive.statuses("InRelease") == [304] * 3
    assert archive.statuses("Packages.xz") == []
    archive.publish("noble-security", stanza("libfoo1", "1:1.0-2"))
    archive.asked.clear()
    assert look().fixes[0].candidate == "1:1.0-2"
    assert archive.statuses("InRelease") == [304, 304, 200]
    assert archive.statuses("Packages.xz") == [200]


def test_without_network_what_is_kept_serves_with_its_date(archive: Archive) -> None:
    first = look()
    archive.stop()
    found = look()
    assert found.fixes == first.fixes
    assert found.as_of == first.as_of
    assert "noble-security (2026-11-23T11:22:38Z)" in found.reason
    keeping.store_json("release", f"{archive.address}/dists/noble/InRelease", {"text": 3})
    never = look()
    assert (never.status, never.count, never.suites) == ("unavailable", None, found.suites)
    assert "noble:" in never.reason
    assert "refused" in never.reason


def test_no_archive_is_known_anywhere(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    assert archive
    monkeypatch.delenv("STAGELAB_ARCHIVES")
    found = look()
    assert found.status == "unavailable"
    assert "STAGELAB_ARCHIVES" in found.reason


def test_a_suite_that_is_gone_serves_as_it_was(archive: Archive) -> None:
    first = look()
    del archive.files["/dists/noble-updates/InRelease"]
    found = look()
    assert found.fixes == first.fixes
    assert "noble-updates (2026-11-21T09:15:44Z)" in found.reason
    assert "security" not in found.reason


def test_a_suite_without_packages(archive: Archive) -> None:
    archive.publish("noble-security", "")
    assert look().count == 0


def test_by_hash(archive: Archive) -> None:
    archive.publish("noble-security", stanza("libfoo1", "1:1.0-3"), by_hash=True, signed=False)
    del archive.files[INDEX]
    assert look().fixes[0].candidate == "1:1.0-3"


def test_components_that_the_image_names(archive: Archive) -> None:
    more = {
        "main": stanza("x", "1"),
        "universe": stanza("y", "1"),
        "extra": stanza("libfoo1", "1:2"),
    }
    archive.publish("noble-security", indexes=more)
    assert look().count == 0
    line = b"deb http://mirror.example/ubuntu noble-security main extra absent"
    found = look(**{"/etc/apt/sources.list": line})
    assert found.fixes[0].candidate == "1:2"
    assert found.assumed == ("noble", "noble-updates")


def test_another_digest(archive: Archive) -> None:
    archive.files[INDEX] = lzma.compress(stanza("libfoo1", "1:9").encode())
    size = len(archive.files[INDEX])
    release = archive.files["/dists/noble-security/InRelease"].decode()
    lines = [
        f" {line.split()[0]} {size} {line.split()[2]}" if "Packages.xz" in line else line
        for line in release.splitlines()
    ]
    archive.files["/dists/noble-security/InRelease"] = "\n".join(lines).encode()
    found = look()
    assert (found.status, found.count) == ("unavailable", None)
    assert "SHA256" in found.reason
    assert INDEX in found.reason


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda raw: raw[: len(raw) // 2], "cut off"),
        (lambda raw: raw[:40] + b"\xff" * 20 + raw[60:], "decompressed"),
        (lambda raw: raw + b"more", "more than"),
        (lambda _: b"<html>sign in</html>", "decompressed"),
    ],
)
def test_damaged_indexes(archive: Archive, damage: object, words: str) -> None:
    assert callable(damage)
    archive.files[INDEX] = damage(archive.files[INDEX])
    found = look()
    assert found.status == "unavailable"
    assert words in found.reason


def test_no_release_file(archive: Archive) -> None:
    archive.files["/dists/noble/InRelease"] = b"<html>sign in</html>"
    assert "no Release file" in look().reason


def test_a_suite_of_another_publisher_is_not_it(archive: Archive) -> None:
    archive.publish("noble", stanza("libfoo1", "1:9"), origin="Someone")
    found = look()
    assert found.status == "unavailable"
    assert "noble/noble of Someone, not noble of Ubuntu" in found.reason


def test_an_architecture_that_is_not_published(archive: Archive) -> None:
    assert archive
    found = published_fixes([Package("aa", "1", "dpkg", "sparc")], RELEASE, {})
    assert "no packages of sparc" in found.reason


def test_an_image_does_not_get_us_to_call_on_this_machine(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAGELAB_ARCHIVES")
    found = look(**{"/etc/apt/sources.list": f"deb {archive.address} noble main".encode()})
    assert found.status == "unavailable"
    assert "no public host" in found.reason
    assert archive.asked == []


def test_redirects(archive: Archive) -> None:
    path = "/dists/noble/InRelease"
    archive.files["/moved"] = archive.files.pop(path)
    archive.redirects[path] = "/moved"
    assert look().count == 1
    archive.redirects["/moved"] = "/moved"
    archive.files["/dists/noble/InRelease"] = b""
    keeping.store("release", archive.address + path, b"")
    assert "too many redirects" in look().reason


def test_bounds(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagelab.image.fixes.stanzas._MOST_TEXT", 200)
    assert "more than 200 bytes of text" in look().reason
    monkeypatch.setattr(reading, "_MOST_INDEX", 10)
    assert "main/binary-amd64/Packages.xz has" in look().reason
    monkeypatch.setattr(reading, "_MOST_RELEASE", 100)
    assert "more than 100 bytes" in look().reason
    assert archive.asked


def test_a_stanza_without_end(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagelab.image.fixes.stanzas._MOST_STANZA", 1000)
    archive.publish("noble", "Package: a\n" + "X: y\n" * 1000)
    assert "a stanza of more than" in look().reason


@pytest.mark.parametrize("damage", [b"", b"x" * 10, b"x" * 100])
def test_a_damaged_entry_is_made_again(archive: Archive, own_cache: Path, damage: bytes) -> None:
    first = look()
    for path in (own_cache.parent / "fixes").rglob("*-*"):
        path.write_bytes(damage)
    archive.asked.clear()
    assert look() == first
    assert archive.statuses("InRelease") == [200] * 3


def test_the_folder_is_bounded_and_has_no_halves(
    archive: Archive, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert archive
    look()
    folder = own_cache.parent / "fixes"
    kept = [path for path in folder.rglob("*-*") if path.is_file()]
    assert len(kept) == 6
    assert not list(folder.rglob("new-*"))
    os.utime(kept[0], (1, 1))
    monkeypatch.setattr(keeping, "MOST_BYTES", sum(path.stat().st_size for path in kept))
    keeping.store("release", "other", b"x")
    assert not kept[0].exists()
    assert keeping.load("release", "other") == b"x"


def test_a_folder_that_cannot_be_written_does_no_harm(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert archive
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "file"))
    assert look().count == 1
