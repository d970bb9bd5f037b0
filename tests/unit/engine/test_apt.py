from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stagelab.engine import apt

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file descriptors passed on")

Told = list[tuple[str, int | None, int | None]]


def put_on_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch, apt_get: str, known: int = 0
) -> None:
    for name, script in (("apt-get", apt_get), ("apt-cache", f"exit {known}")):
        tool = folder / name
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_progress_follows_the_status_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """fd=/dev/fd/${2#APT::Status-Fd=}
echo "dlstatus:1:12.5:Retrieving file 1 of 8" > $fd
echo "nonsense" > $fd
echo "pmstatus:docker.io:80.2:Unpacking docker.io (amd64): now" > $fd"""
    put_on_path(tmp_path, monkeypatch, script)
    told: Told = []
    apt.install(["docker.io"], lambda *words: told.append(words))
    assert told == [
        ("Fetching packages", 12, 100),
        ("Unpacking and setting up packages", 80, 100),
    ]


def test_unknown_packages_make_it_fetch_the_lists_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, monkeypatch, f'echo "$@" >> {tmp_path}/calls', known=100)
    apt.install(["docker.io"], lambda *_: None)
    first, second = (tmp_path / "calls").read_text().splitlines()
    assert first.endswith(" update")
    assert second.endswith("install --yes --no-install-recommends docker.io")


def test_a_failure_fetches_the_lists_anew_and_then_tells_the_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"""echo "$@" >> {tmp_path}/calls
case "$*" in *" update") exit 0;; esac
echo "E: 404  Not Found"; exit 100"""
    put_on_path(tmp_path, monkeypatch, script)
    with pytest.raises(apt.AptFailed) as caught:
        apt.install(["docker.io"], lambda *_: None)
    assert "404  Not Found" in caught.value.tail
    assert caught.value.log.exists()
    calls = [line.split()[6] for line in (tmp_path / "calls").read_text().splitlines()]
    assert calls == ["install", "update", "install"]
