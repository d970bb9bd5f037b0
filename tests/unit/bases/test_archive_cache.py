from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from stagelab.bases import cache, cached_archives, delete_archives


@pytest.fixture
def place() -> Path:
    path = cache.place("alpine", "0123456789ab")
    path.parent.mkdir(parents=True)
    return path


def put(path: Path, data: bytes) -> None:
    with cache.writing(path) as out:
        out.write(data)


def test_what_is_written_is_intact_and_its_checksum_is_of_sha256sum(place: Path) -> None:
    assert not cache.intact(place)
    put(place, b"archive")
    assert cache.intact(place)
    said = place.with_name(f"{place.name}.sha256").read_text()
    assert said == f"{hashlib.sha256(b'archive').hexdigest()}  {place.name}\n"
    assert sorted(path.name for path in place.parent.iterdir()) == [
        place.name,
        f"{place.name}.sha256",
    ]


@pytest.mark.parametrize("damage", ["changed", "truncated", "unsummed", "empty sum"])
def test_damage_is_seen(place: Path, damage: str) -> None:
    put(place, b"archive")
    summed = place.with_name(f"{place.name}.sha256")
    match damage:
        case "changed":
            place.write_bytes(b"arch1ve")
        case "truncated":
            place.write_bytes(b"archiv")
        case "unsummed":
            summed.unlink()
        case "empty sum":
            summed.write_text("")
    assert not cache.intact(place)


def test_a_failed_writing_leaves_the_old_one_and_no_other(place: Path) -> None:
    put(place, b"old")
    with pytest.raises(TypeError), cache.writing(place) as out:
        out.write("half")  # type: ignore[arg-type]  # fails as a full disk would
    assert place.read_bytes() == b"old"
    assert cache.intact(place)
    assert len(list(place.parent.iterdir())) == 2


def test_two_that_write_at_once_leave_one_whole_archive(place: Path) -> None:
    data = bytes(3_000_000)
    barrier = threading.Barrier(4)

    def write() -> None:
        barrier.wait()
        put(place, data)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.intact(place)
    assert len(list(place.parent.iterdir())) == 2


def test_only_the_courses_own_archives_are_deleted(place: Path) -> None:
    put(place, b"12345")
    theirs = place.with_name("bases.tar")
    theirs.write_bytes(b"an instructor's")
    (place.parent / f"{cache.MAKING}x").mkdir()
    (place.parent / f"{cache.MAKING}x" / "root.tar").write_bytes(b"123")
    assert cached_archives() == (place,)
    assert delete_archives() == 8
    assert list(place.parent.iterdir()) == [theirs]


def test_an_empty_cache_has_nothing() -> None:
    assert cached_archives() == ()
    assert delete_archives() == 0
