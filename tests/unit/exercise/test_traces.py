"""A secret's bytes are found in every layer and in the description, compressed or not."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from stagelab.exercise import traces as module
from stagelab.exercise.traces import traces

NEEDLE = b"made-up-secret"


def tar(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def look(
    monkeypatch: pytest.MonkeyPatch, archive: bytes, *diff_ids: str, step: int = 700
) -> object:
    def pieces() -> Iterator[bytes]:
        for start in range(0, len(archive), step):
            yield archive[start : start + step]

    monkeypatch.setattr(module, "source_of", lambda *_: SimpleNamespace(pieces=pieces))
    return traces(SimpleNamespace(), NEEDLE, diff_ids=diff_ids)


def test_layers_that_hold_it_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    clean, dirty = tar(a=b"nothing"), tar(b=b"x" * 5000 + NEEDLE)
    found = look(monkeypatch, tar(one=clean, two=dirty), digest(clean), digest(dirty))
    assert found == module.Traces(frozenset({digest(dirty)}), described=False)


def test_compressed_layers_are_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    dirty = tar(b=NEEDLE)
    found = look(monkeypatch, tar(two=gzip.compress(dirty)), digest(dirty))
    assert found == module.Traces(frozenset({digest(dirty)}), described=False)


def test_the_description_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = tar(a=b"nothing")
    found = look(monkeypatch, tar(config=b'{"Env": ["X=' + NEEDLE + b'"]}', l=layer), digest(layer))
    assert found == module.Traces(frozenset(), described=True)
    assert found


@pytest.mark.parametrize("step", [1, 3, 511, 4096])
def test_it_is_found_across_pieces_and_not_where_it_is_not(
    monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    dirty, other = tar(b=b"12345" + NEEDLE), tar(b=NEEDLE[:-1] + b"." + NEEDLE[1:])
    assert look(monkeypatch, tar(l=dirty), digest(dirty), step=step)
    assert not look(monkeypatch, tar(l=other), digest(other), step=step)
