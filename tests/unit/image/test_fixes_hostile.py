"""What comes from an image or an archive is read, or not, and raises nothing of its own."""

from __future__ import annotations

import contextlib
import hashlib
import lzma

from hypothesis import given, settings
from hypothesis import strategies as st

from stagelab.image.fixes.changelogs import cves_since, entries
from stagelab.image.fixes.deb import changelog
from stagelab.image.fixes.release import parse_release
from stagelab.image.fixes.stanzas import rows, slim
from stagelab.image.fixes.suites import named_sources, suites_of
from stagelab.image.fixes.versions import version_key
from stagelab.image.fixes.web import ArchiveUnusable

PARTS = [
    *("deb", " ", "\n", "http://m.example/debian", "trixie", "main", "[", "]", "#", ":", "Types"),
    *("URIs", "Suites", "Date", "SHA256", "Package", "Version", "Source", "(", ")", "1~2", "\t"),
    *("foo (1.0-1) x; y", "CVE-2026-12345", "2026", "Mon, 23 Nov 2026 11:22:38 UTC", "\x00"),
]
TEXT = st.lists(st.sampled_from(PARTS), max_size=60).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"])
)
FEW = settings(max_examples=150, deadline=None)


@FEW
@given(TEXT)
def test_lists_of_sources(text: str) -> None:
    named = named_sources({"a.list": text.encode(), "b.sources": text.encode()})
    for suite in suites_of({"ID": "debian", "VERSION_CODENAME": "trixie"}, named):
        assert all(address.startswith("http") for address in suite.addresses)


@FEW
@given(TEXT)
def test_releases(text: str) -> None:
    for release in (text, f"Date: {text}\n"):
        with contextlib.suppress(ArchiveUnusable):
            assert parse_release(release, "x").date.endswith("Z")


@FEW
@given(TEXT, st.integers(0, 3))
def test_stanzas(text: str, cut: int) -> None:
    packed = lzma.compress(text.encode())
    digest = hashlib.sha256(packed).hexdigest()
    kept = slim([packed[at : at + 7] for at in range(0, len(packed), 7)], digest, "x")
    list(rows(kept, {"foo", ""}, {"foo", ""}))
    list(rows(kept[: len(kept) - cut], {"foo"}, {"foo"}))


@FEW
@given(TEXT)
def test_changelogs_and_versions(text: str) -> None:
    cves_since(entries(text), "1.0-1")
    version_key(text)


@FEW
@given(st.binary(max_size=300))
def test_packages(raw: bytes) -> None:
    assert changelog(raw, "foo") is None
    assert changelog(b"!<arch>\n" + raw, "foo") is None


def test_no_row_is_lost_between_blocks() -> None:
    stanzas = "".join(f"Package: foo{at % 3}\nVersion: {at}\n\n" for at in range(120_000))
    packed = lzma.compress(stanzas.encode())
    kept = slim([packed], hashlib.sha256(packed).hexdigest(), "x")
    assert [int(row.version) for row in rows(kept, {"foo1"}, ())] == list(range(1, 120_000, 3))
    assert sum(1 for _ in rows(kept, (), {"foo0", "foo1", "foo2"})) == 120_000
