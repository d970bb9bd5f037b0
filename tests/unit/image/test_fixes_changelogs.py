"""CVE numbers from the changelogs of published packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stagelab.image.fixes import changelogs, published_fixes
from stagelab.image.fixes.changelogs import cves_since, entries
from stagelab.image.fixes.deb import changelog
from stagelab.image.package import Package

from .fixes_archive import RELEASE, Archive, deb, served, stanza

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.fixes import Fix

TEXT = """\
foo (1:1.0-1+deb13u2) noble-security; urgency=high

  * Repairs CVE-2026-10001 and CVE-2026-9999 (Closes: #1).
  * Again CVE-2026-9999; NOTCVE-2020-1234x.

 -- Someone <someone@example.org>  Mon, 23 Nov 2026 11:22:38 +0000

foo (1:1.0-1+deb13u1) noble-security; urgency=high

  * CVE-2025-1111

 -- Someone <someone@example.org>  Mon, 23 Nov 2025 11:22:38 +0000

foo (1:1.0-1) noble; urgency=medium

  * CVE-2024-2222

 -- Someone <someone@example.org>  Mon, 23 Nov 2024 11:22:38 +0000
"""


def test_entries_and_those_newer() -> None:
    told = entries(TEXT)
    assert told == (
        ("1:1.0-1+deb13u2", ("CVE-2026-10001", "CVE-2026-9999")),
        ("1:1.0-1+deb13u1", ("CVE-2025-1111",)),
        ("1:1.0-1", ("CVE-2024-2222",)),
    )
    assert cves_since(told, "1:1.0-1+deb13u1") == ("CVE-2026-9999", "CVE-2026-10001")
    assert cves_since(told, "1:1.0-1+deb13u2") == ()
    assert len(cves_since(told, "2.0")) == 4  # without the epoch it is lower
    assert cves_since(told, "no version") == ()
    assert entries("") == entries("no changelog\n") == ()


@pytest.mark.parametrize("form", ["xz", "zst", "gz", ""])
def test_packages_in_each_form(form: str) -> None:
    assert changelog(deb("libfoo1", TEXT, form=form), "libfoo1") == TEXT
    assert changelog(deb("libfoo1", TEXT, form=form, name="changelog.gz"), "libfoo1") == TEXT
    assert changelog(deb("libfoo1", TEXT, form=form), "other") is None


def test_packages_that_cannot_be_read() -> None:
    whole = deb("libfoo1", TEXT)
    for at in range(0, len(whole) - 1, 7):
        assert changelog(whole[:at], "libfoo1") in (None, TEXT)
    for at in range(8, len(whole), 5):
        changed = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        changelog(changed, "libfoo1")  # gives something or nothing, and raises nothing
    assert changelog(b"", "libfoo1") is None
    assert changelog(b"!<arch>\n" + b"x" * 200, "libfoo1") is None


def test_a_package_that_grows_beyond_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagelab.image.fixes.deb._MOST_DATA", 1000)
    monkeypatch.setattr("stagelab.image.fixes.deb._STEP", 600)
    for form in ("xz", "zst"):
        assert changelog(deb("libfoo1", TEXT * 400, form=form), "libfoo1") is None


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with served() as archive:
        monkeypatch.setenv("STAGELAB_ARCHIVES", archive.address)
        small = deb("foo-doc", "", name="copyright")
        large = deb("libfoo1", TEXT + "x" * 100)
        built = {"Source": "foo (1:1.0-1+deb13u2)"}
        archive.publish("noble", stanza("bar", "2", b"no package", Source="bar (1)"))
        archive.publish("noble-updates", stanza("baz", "2:3", deb("baz", TEXT)))
        archive.publish(
            "noble-security",
            stanza("libfoo1", "1:1.0-1+deb13u2+b1", large, **built)
            + stanza("foo-doc", "1:1.0-1+deb13u2", small, **built),
        )
        archive.files |= {
            "/pool/foo-doc.deb": small,
            "/pool/libfoo1.deb": large,
            "/pool/bar.deb": b"no package",
            "/pool/baz.deb": deb("baz", TEXT),
        }
        yield archive


INSTALLED = [
    Package("libfoo1", "1:1.0-1+b1", "dpkg", "amd64", "foo", "1:1.0-1"),
    Package("bar", "1", "dpkg", "amd64", "bar", "1"),
    Package("baz", "2:2", "dpkg", "amd64", "baz", "2:2"),
]


def look() -> dict[str, Fix]:
    found = published_fixes(INSTALLED, RELEASE, {}, changelogs=True)
    return {fix.source: fix for fix in found}


def test_cves_of_what_is_newer(archive: Archive) -> None:
    found = look()
    assert found["foo"].cves == ("CVE-2025-1111", "CVE-2026-9999", "CVE-2026-10001")
    assert found["bar"].cves == ()  # the same source, built again: nothing is fetched
    assert found["bar"].rebuilt
    assert found["baz"].cves == ()  # none of its entries is newer than 2:2
    fetched = [path for path, _ in archive.asked if path.startswith("/pool")]
    assert fetched == ["/pool/foo-doc.deb", "/pool/libfoo1.deb", "/pool/baz.deb"]
    archive.asked.clear()
    assert look() == found
    assert not [path for path, _ in archive.asked if path.startswith("/pool")]


def test_what_cannot_be_had_is_not_known(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.files["/pool/libfoo1.deb"] = archive.files["/pool/libfoo1.deb"].replace(b"odd", b"ODD")
    assert look()["foo"].cves is None  # another digest
    monkeypatch.setattr(changelogs, "MOST_BYTES", 10)
    assert look()["foo"].cves is None
    monkeypatch.undo()


def test_no_more_packages_than_the_bound(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelogs, "MOST_DOWNLOADS", 2)
    found = look()
    assert found["foo"].cves  # security updates go first
    assert found["baz"].cves is None
    assert archive.statuses("baz.deb") == []


def test_a_package_that_is_not_there(archive: Archive) -> None:
    del archive.files["/pool/foo-doc.deb"]
    found = look()
    assert found["foo"].cves  # the next one of the source has it
    assert found["baz"].cves == ()


def test_an_archive_that_answers_no_more(archive: Archive) -> None:
    kept = published_fixes(INSTALLED, RELEASE, {})
    archive.stop()
    found = look()
    assert sorted(found) == [fix.source for fix in kept]
    assert [fix.cves for fix in found.values()] == [(), None, None]
