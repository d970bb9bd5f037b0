"""Making with a pretended mmdebstrap: what is run, said, kept, cancelled."""

from __future__ import annotations

import errno
import json
import sys
import tarfile
import threading
import time
from pathlib import Path

import pytest

from stagelab.bases import cache, cached_archives, catalogue
from stagelab.bases.standin import KEY_LABEL, cached, make
from stagelab.bases.standin.mmdebstrap import install
from stagelab.bases.standin.platforms import platform
from stagelab.bases.standin.workshop import Workshop
from stagelab.engine.labels import COURSE_LABEL, SESSION_LABEL, STAND_IN_LABEL
from stagelab.errors import StandInFailed

DEBIAN = catalogue()["debian"]

PRETENDED = """\
import io, os, sys, tarfile, time
with open(os.environ["CALLS"], "a") as calls:
    print(os.environ["SOURCE_DATE_EPOCH"], *sys.argv[1:], file=calls)
print("I: running apt-get update...", file=sys.stderr, flush=True)
{behaviour}
target = next(a for a in sys.argv if a.endswith(".tar"))
with tarfile.open(target, "w") as tar:
    info = tarfile.TarInfo("./etc/os-release")
    info.size = 9
    tar.addfile(info, io.BytesIO(b"ID=debian"))
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pretended mmdebstrap first on PATH; gives the file of its calls."""
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setattr("stagelab.bases.standin.mmdebstrap.host_sources", lambda _: ())
    monkeypatch.setattr("stagelab.bases.standin.mmdebstrap._KEYRING", Path(__file__))
    pretend(tmp_path, "")
    return tmp_path / "calls"


def pretend(tmp_path: Path, behaviour: str) -> None:
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!{sys.executable}\n" + PRETENDED.format(behaviour=behaviour))
    program.chmod(0o755)


def quiet(*_: object) -> None:
    pass


def test_an_archive_is_made_once_and_carries_its_labels(calls: Path) -> None:
    said: list[str] = []
    path = make([DEBIAN], "amd64", lambda text, *_: said.append(text))["debian"]
    assert said[0] == "Stand-in for debian: reading Debian's package lists"
    assert cached(DEBIAN, "amd64") == path
    assert cached(DEBIAN, "arm64") is None
    with tarfile.open(path) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        config = json.load(tar.extractfile(manifest[0]["Config"]))  # type: ignore[arg-type]
    assert manifest[0]["RepoTags"] == [DEBIAN.reference]
    labels = config["config"]["Labels"]
    assert labels[STAND_IN_LABEL] == "debian"
    assert labels[KEY_LABEL] in path.name
    assert labels[COURSE_LABEL] == "1"
    assert SESSION_LABEL not in labels
    assert config["history"][0]["created_by"].startswith("mmdebstrap --variant=minbase trixie;")
    assert [one.name for one in cache.folder().iterdir() if one.name.startswith(".")] == []
    (call,) = calls.read_text().splitlines()
    assert call.startswith(f"{DEBIAN.recipe.epoch} --architectures=amd64 --variant=minbase ")
    first = path.read_bytes()
    assert make([DEBIAN], "amd64", quiet) == {"debian": path}
    assert len(calls.read_text().splitlines()) == 1
    path.write_bytes(first[:1000])
    make([DEBIAN], "amd64", quiet)
    assert path.read_bytes() == first


def test_a_failure_says_the_programs_words_and_leaves_nothing(calls: Path, tmp_path: Path) -> None:
    pretend(tmp_path, "print('E: no route to host', file=sys.stderr); sys.exit(25)")
    with pytest.raises(StandInFailed, match="for debian") as caught:
        make([DEBIAN], "amd64", quiet)
    assert caught.value.detail.endswith("E: no route to host")
    assert list(cache.folder().iterdir()) == []
    assert len(calls.read_text().splitlines()) == 1


def test_the_default_archive_helps_out_when_the_hosts_mirror_fails(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "stagelab.bases.standin.mmdebstrap.host_sources", lambda _: ("deb http://m x main",)
    )
    pretend(tmp_path, "if 'http://m' in ' '.join(sys.argv): sys.exit(25)")
    make([DEBIAN], "amd64", quiet)
    first, second = calls.read_text().splitlines()
    assert first.endswith(".tar deb http://m x main")
    assert second.endswith(".tar")


def test_one_failure_ends_the_others(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, "time.sleep(30)")

    def fail(*_: object) -> None:
        while not calls.exists():
            time.sleep(0.01)
        raise StandInFailed("no", fix="none")

    monkeypatch.setitem(make.__globals__["_MAKINGS"], "alpine", fail)
    started = time.monotonic()
    with pytest.raises(StandInFailed, match="no"):
        make([DEBIAN, catalogue()["alpine"]], "amd64", quiet)
    assert time.monotonic() - started < 5
    assert list(cache.folder().iterdir()) == []


def test_a_full_disk_is_told(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del calls

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("stagelab.bases.standin.making.write_archive", full)
    with pytest.raises(StandInFailed, match="disk is full") as caught:
        make([DEBIAN], "amd64", quiet)
    assert "STAGELAB_HOME" in caught.value.fix
    assert cached_archives() == ()


def shop(folder: Path, said: list[str] | None = None) -> Workshop:
    return Workshop(folder, platform("amd64"), b"", (said if said is not None else []).append)


def test_a_program_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(StandInFailed, match="it failed") as caught:
        shop(tmp_path).run(["no-such-program"], failed="it failed", fix="fix it")
    assert "no-such-program" in caught.value.detail


def test_work_that_is_cancelled_ends_its_program(tmp_path: Path) -> None:
    one = shop(tmp_path)
    threading.Timer(0.2, one.cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(StandInFailed):
        one.run([sys.executable, "-c", "import time; time.sleep(30)"], failed="x", fix="y")
    assert time.monotonic() - started < 5


def on_path(monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    monkeypatch.setattr(
        "stagelab.bases.standin.mmdebstrap.shutil.which",
        lambda name: name if name in programs else None,
    )


def test_what_is_missing_is_installed_by_root_after_an_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, "apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    monkeypatch.setattr("stagelab.bases.standin.mmdebstrap._KEYRING", tmp_path / "none")
    log, listed = tmp_path / "log", tmp_path / "listed"
    apt = tmp_path / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\n[ "$1" = update ] && touch {listed}\n[ -e {listed} ]\n'
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    said: list[str] = []
    install(shop(tmp_path, said))
    assert said == ["installing mmdebstrap and debian-archive-keyring"]
    wanted = (
        "-o DPkg::Lock::Timeout=120 install -y --no-install-recommends "
        "mmdebstrap debian-archive-keyring"
    )
    assert log.read_text().splitlines() == [wanted, "update", wanted]


def test_without_root_the_command_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(monkeypatch, "apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    with pytest.raises(StandInFailed, match="only root") as caught:
        install(shop(tmp_path))
    assert caught.value.fix.startswith("Run: sudo apt-get install -y")


def test_elsewhere_than_on_debian_a_bundle_is_advised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch)
    with pytest.raises(StandInFailed, match="Debian or Ubuntu only") as caught:
        install(shop(tmp_path))
    assert "STAGELAB_BUNDLE" in caught.value.fix
