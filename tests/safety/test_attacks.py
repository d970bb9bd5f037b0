"""Archives, contexts and lists that want to write elsewhere, or to take all memory or disk."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import resource
import socket
import stat
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from stagelab.bases import bundle, gosum, modules
from stagelab.builds.context import DEEPEST
from stagelab.builds.loading import load
from stagelab.engine import own
from stagelab.errors import (
    ArchiveDamaged,
    ContextError,
    EngineStartFailed,
    ModulesUnavailable,
)
from tests.helpers import add

Fill = Callable[[tarfile.TarFile], None]
BLOCK = tarfile.BLOCKSIZE


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """See that it takes no more of a processor's time, and not much memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


def packed(*fills: Fill, form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        add(archive, "Dockerfile", b"FROM scratch\nCOPY . /\n")
        for fill in fills:
            fill(archive)
    return file.getvalue()


def with_size(size: int) -> bytes:
    """Give an archive whose first entry's header declares a size, in GNU's base 256."""
    info = tarfile.TarInfo("Dockerfile")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = (size % (1 << 96)).to_bytes(12)
    if size >= 0:
        header[124] = 0x80
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(2 * BLOCK)


def many_long_names(count: int) -> bytes:
    """Give an archive of headers each of which says that the next one has a long name."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2
    one = info.tobuf(tarfile.GNU_FORMAT) + b"a\0".ljust(BLOCK, b"\0")
    return one * count + bytes(2 * BLOCK)


def a_link_for_a_folder(archive: tarfile.TarFile) -> None:
    add(archive, "down", type=tarfile.SYMTYPE, linkname="/etc")
    add(archive, "down/passwd", b"root::0:0::/:/bin/sh\n")


CONTEXTS = {
    "a name that leads up": packed(lambda a: add(a, "../evil", b"x")),
    "a name that leads up later": packed(lambda a: add(a, "a/../../evil", b"x")),
    "an absolute name": packed(lambda a: add(a, "/etc/evil", b"x")),
    "a link for a folder": packed(a_link_for_a_folder),
    "a hard link that leads out": packed(
        lambda a: add(a, "evil", type=tarfile.LNKTYPE, linkname="../../etc/passwd")
    ),
    "a hard link to itself": packed(
        lambda a: add(a, "evil", type=tarfile.LNKTYPE, linkname="evil")
    ),
    "a negative size": with_size(-BLOCK),
    "a very negative size": with_size(-(1 << 40)),
    "a huge size": with_size(1 << 60),
    "a time without end": packed(lambda a: add(a, "x", pax_headers={"mtime": "inf"})),
    "a time that is none": packed(lambda a: add(a, "x", pax_headers={"mtime": "nan"})),
    "folders without end": packed(lambda a: add(a, "d/" * 100_000 + "x", b"x")),
    "a name without end": packed(lambda a: add(a, "n" * 1_000_000, b"x")),
    "long names without end": many_long_names(5_000),
}


@pytest.mark.parametrize("data", CONTEXTS.values(), ids=CONTEXTS.keys())
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_archive_that_means_harm_is_no_context(
    data: bytes, pack: Callable[[bytes], bytes]
) -> None:
    with within(5), pytest.raises(ContextError):
        load(pack(data), "Dockerfile")


def test_devices_and_pipes_are_left_out() -> None:
    kinds = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE)
    data = packed(*(lambda a, k=kind: add(a, f"k{k[0]}", type=k, devmajor=1) for kind in kinds))
    kept = {entry.path for entry in load(data, "Dockerfile").entries}
    assert kept == {"Dockerfile", f"k{tarfile.CONTTYPE[0]}"}  # which POSIX calls a regular file


def test_a_context_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    from stagelab.builds import tarred  # noqa: PLC0415 - its limit is lowered for this test only

    monkeypatch.setattr(tarred, "_FREE", 1 << 20)
    bomb = bz2.compress(packed(lambda a: add(a, "zeros", bytes(1 << 25))))
    with within(10), pytest.raises(ContextError) as caught:
        load(bomb, "Dockerfile")
    assert "times its own size" in caught.value.detail
    assert load(gzip.compress(packed(lambda a: add(a, "x", os.urandom(1 << 16)))), "Dockerfile")


def test_a_dockerfile_of_elsewhere_is_not_looked_for_in_an_archive() -> None:
    for name in ("../../etc/passwd", "../Dockerfile", "down/../../up"):
        with pytest.raises(ContextError, match="cannot be read"):
            load(packed(), name)


def test_folders_without_end(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(DEEPEST + 800):  # deeper than any path may be long
        os.mkdir("deep-deep", dir_fd=here)
        below = os.open("deep-deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    try:
        with within(5), pytest.raises(ContextError, match="folders within each other"):
            load(tmp_path, "Dockerfile")
        (tmp_path / ".dockerignore").write_text("deep-deep\n")
        kept = [entry.path for entry in load(tmp_path, "Dockerfile").entries]
        assert kept == [".dockerignore", "Dockerfile"]
    finally:  # pytest cannot do it
        subprocess.run(["rm", "-rf", tmp_path / "deep-deep"], check=True)


def test_a_link_in_a_folder_is_sent_as_a_link_and_nothing_behind_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary").write_text("secret")
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (folder / "to-folder").symlink_to(outside)
    (folder / "to-file").symlink_to(outside / "canary")
    (folder / "to-itself").symlink_to(folder)
    context = load(folder, "Dockerfile")
    assert {entry.path: entry.size for entry in context.entries if not entry.is_file} == {
        "to-folder": 0,
        "to-file": 0,
        "to-itself": 0,
    }


def image(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            add(archive, name, data)
    return out.getvalue()


NESTED = b"[" * 500_000
MANIFEST = json.dumps([{"Config": "c.json", "RepoTags": ["alpine:3.22"]}]).encode()
BUNDLES = {
    "nested without end": image({"manifest.json": NESTED}),
    "a configuration nested without end": image({"manifest.json": MANIFEST, "c.json": NESTED}),
    "a configuration that is elsewhere": image(
        {"manifest.json": MANIFEST.replace(b"c.json", b"/etc/passwd")}
    ),
    "tags that are no texts": image(
        {"manifest.json": MANIFEST.replace(b'"alpine:3.22"', b"5"), "c.json": b"{}"}
    ),
    "a negative size": with_size(-BLOCK),
    "a huge size": with_size(1 << 60),
    "long names without end": many_long_names(5_000),
    "many descriptions": gzip.compress(
        image({f"{n}.json": bytes(1 << 20) for n in range(80)}), compresslevel=1
    ),
}


@pytest.mark.parametrize("data", BUNDLES.values(), ids=BUNDLES.keys())
def test_an_archive_of_images_that_means_harm_is_named_as_damaged(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "given.tar"
    path.write_bytes(data)
    with within(5), pytest.raises(ArchiveDamaged):
        bundle.read_archive(path)
    monkeypatch.setenv(bundle.VARIABLE, str(tmp_path))
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    found, notes = bundle.bundled()
    assert found == ()
    assert len(notes) == 1


@pytest.mark.parametrize(
    "line",
    [
        "../../../evil v1.0.0/go.mod h1:x",
        "example.org/../../../evil v1.0.0/go.mod h1:x",
        "example.org/mod ../../../../evil/go.mod h1:x",
        "/etc/evil v1.0.0 h1:x",
        "example.org//evil v1.0.0 h1:x",
        "example.org/./evil v1.0.0 h1:x",
        "example.org\\evil v1.0.0 h1:x",
        "C:/evil v1.0.0 h1:x",
        "example.org/mod v1.0.0",
        "one two three four",
    ],
)
def test_a_list_of_modules_leads_nowhere_else(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(modules.requests, "get", lambda url, **_: asked.append(url))
    (tmp_path / "go.sum").write_text(line + "\n")
    store = modules._Store(tmp_path / "home" / "modules", "http://127.0.0.1:9")
    with pytest.raises(ModulesUnavailable) as caught:
        for path, checksum in modules._needed(tmp_path):
            store.file(path, checksum)
    assert "go mod tidy" in caught.value.fix
    assert asked == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["go.sum"]


def test_a_module_that_unpacks_to_too_much_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "v1.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"m@v1/{number}", bytes(1 << 20))
    assert gosum.checksum(file).startswith("h1:")
    monkeypatch.setattr(gosum, "_MOST", 3 << 20)
    assert gosum.checksum(file) == ""


def _answers(address: str, server: modules._Server) -> bytes:
    with socket.create_connection((address, server.server_port), timeout=5) as line:
        line.sendall(b"GET /example.org/x/@v/v1.0.0.mod HTTP/1.0\r\n\r\n")
        try:
            return line.recv(100)
        except ConnectionResetError:
            return b""


def test_modules_are_served_to_this_machine_and_its_containers_only(tmp_path: Path) -> None:
    store = modules._Store(tmp_path, "off")
    server = modules._Server(("127.0.0.1", 0), lambda *a: modules._Handler(store, *a))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert _answers("127.0.0.1", server) == b""  # nobody is near as yet
        server.near = (ip_network("127.0.0.0/8"),)
        assert b"404" in _answers("127.0.0.1", server)
        server.near = (ip_network("172.17.0.0/16"), ip_network("::1/128"))
        assert _answers("127.0.0.1", server) == b""
    finally:
        server.shutdown()
        server.server_close()


def test_whoever_hangs_up_is_not_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "example.org/x/@v").mkdir(parents=True)
    (tmp_path / "example.org/x/@v/v1.0.0.zip").write_bytes(bytes(1 << 25))
    store = modules._Store(tmp_path, "off")
    server = modules._Server(("127.0.0.1", 0), lambda *a: modules._Handler(store, *a))
    server.near = (ip_network("127.0.0.0/8"),)
    server.daemon_threads = False  # so that closing waits for the answer's end
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with socket.create_connection(("127.0.0.1", server.server_port)) as line:
        line.sendall(b"GET /example.org/x/@v/v1.0.0.zip HTTP/1.0\r\n\r\n")
        assert b"200" in line.recv(100)
    server.shutdown()
    server.server_close()
    assert capsys.readouterr().err == ""


def test_what_the_course_keeps_is_the_users_own(tmp_path: Path) -> None:
    script = (
        "import stat; from pathlib import Path\n"
        "from stagelab.engine import temporary\n"
        "with temporary.folder('safety') as folder:\n"
        "    print(oct(stat.S_IMODE(Path(folder).stat().st_mode)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "0o700"


def test_the_own_engines_folder_is_the_users_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o777)
    mine.chmod(0o777)
    own._keep_private(mine)
    assert stat.S_IMODE(mine.stat().st_mode) == 0o700
    link = tmp_path / "link"
    link.symlink_to(mine)
    with pytest.raises(EngineStartFailed, match="somebody else"):
        own._keep_private(link)
    if os.geteuid() == 0:
        os.chown(mine, 65534, 65534)
        with pytest.raises(EngineStartFailed, match="somebody else"):
            own._keep_private(mine)
