"""Archives that are not as they should be: damaged, or made to do harm."""

from __future__ import annotations

import gzip
import io
import json
import struct
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stagelab.errors import ArchiveDamaged, ImageError, StagelabError
from stagelab.image import xray
from stagelab.image.stream import PIECE, ByteStream, decompressed

from .archives import (
    config,
    digest,
    docker_archive,
    file,
    folder,
    hardlink,
    oci_archive,
    symlink,
    tar,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stagelab.image import XRay

LAYER = tar([file("a", b"x" * 3000), file("b", b"y" * 5000)])
GOOD = docker_archive([LAYER])
EXAMPLES = settings(max_examples=100, deadline=None)
MEMORY = 256 << 20
"""Bytes that a reader of a hostile archive may take, the interpreter and its modules included."""


@contextmanager
def nothing_outside(home: Path) -> Iterator[None]:
    """Fail if anything but the cache, which lies in this folder, is written beside it."""
    above = home.parent

    def told() -> dict[Path, tuple[int, int, int]]:
        found = {}
        for path in above.rglob("*"):
            if home not in (path, *path.parents):
                state = path.lstat()
                found[path] = (state.st_mode, state.st_size, state.st_mtime_ns)
        return found

    before = told()
    yield
    assert told() == before
    assert not [path for path in home.rglob("*") if not path.is_relative_to(home / "cache")][1:]


def look(tmp_path: Path, raw: bytes) -> XRay:
    """X-ray these bytes; nothing but the cache is written."""
    path = tmp_path / "bad.tar"
    path.write_bytes(raw)
    with nothing_outside(tmp_path / "home"):
        return xray(path)


def refused(tmp_path: Path, raw: bytes) -> ArchiveDamaged:
    with pytest.raises(ArchiveDamaged) as caught:
        look(tmp_path, raw)
    assert caught.value.cause
    assert caught.value.fix
    return caught.value


def layer_refused(tmp_path: Path, layer: bytes) -> ArchiveDamaged:
    return refused(tmp_path, docker_archive([layer]))


def patched(raw: bytes, at: int, field: bytes) -> bytes:
    """Put something into the first header, and make its checksum right again."""
    block = bytearray(raw[:512])
    block[at : at + len(field)] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + raw[512:]


def extended(records: bytes, kind: bytes = b"x") -> bytes:
    """Give an extended header with these records."""
    info = tarfile.TarInfo("pax")
    info.type, info.size = kind, len(records)
    return info.tobuf(tarfile.USTAR_FORMAT) + records + bytes(-len(records) % 512)


def record(key: str, value: bytes) -> bytes:
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


# cut off, or not what it says


def told(seen: XRay) -> object:
    return [layer.diff_id for layer in seen.layers], list(seen.tree), seen.size_bytes


WHOLE = {
    "docker": GOOD,
    "oci": oci_archive([LAYER, tar([file("c", bytes(range(250)) * 3)])]),
    "oci gzip": oci_archive([LAYER], gzip.compress),
    "oci zstd": oci_archive([LAYER], zstandard.compress),
    "gzipped": gzip.compress(GOOD),
    "zstd": zstandard.compress(GOOD),
}


@EXAMPLES
@given(layout=st.sampled_from(sorted(WHOLE)), share=st.floats(0, 1, exclude_max=True))
@example("docker", 0.0)
def test_cut_off_anywhere(layout: str, share: float) -> None:
    whole = WHOLE[layout]
    cut = whole[: int(share * len(whole))]
    with tempfile.TemporaryDirectory() as made:
        right = told(look(Path(made), whole))
        try:
            assert told(look(Path(made), cut)) == right
        except ImageError as error:
            assert error.cause  # noqa: PT017 - either is right
            assert error.fix  # noqa: PT017
        else:
            lost = whole[len(cut) :]
            assert layout in ("gzipped", "zstd") or not lost.strip(b"\0")


@pytest.mark.parametrize("kept", [100, 700, 4000, 8000, len(LAYER) + 900])
def test_where_it_was_cut_off_is_told(tmp_path: Path, kept: int) -> None:
    assert refused(tmp_path, GOOD[:kept]).detail


@EXAMPLES
@given(
    layout=st.sampled_from(sorted(WHOLE)),
    flips=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4
    ),
)
def test_any_changed_bytes_give_right_facts_or_our_error(
    layout: str, flips: list[tuple[float, int]]
) -> None:
    raw = bytearray(WHOLE[layout])
    for share, flip in flips:
        raw[int(share * len(raw))] ^= flip
    with tempfile.TemporaryDirectory() as made:
        right = look(Path(made), WHOLE[layout])
        try:
            seen = look(Path(made), bytes(raw))
        except StagelabError:  # any other error fails the test
            return
        # The bytes were some that say nothing, such as a time. Or they were of a description that
        # no digest protects: then it may name fewer layers, but never others.
        assert {layer.diff_id for layer in seen.layers} <= {layer.diff_id for layer in right.layers}
        assert set(seen.tree) <= set(right.tree)


def test_not_an_archive_at_all(tmp_path: Path) -> None:
    assert "wrong checksum" in refused(tmp_path, b"hello " * 200).detail
    assert "manifest.json" in refused(tmp_path, b"").detail


def test_a_plain_tar_such_as_docker_export_writes(tmp_path: Path) -> None:
    assert "docker export" in refused(tmp_path, LAYER).fix


def test_contents_that_are_not_what_the_digest_says(tmp_path: Path) -> None:
    other = tar([file("a", b"z" * 3000)])
    assert refused(tmp_path, docker_archive([other], config([LAYER]))).detail == digest(LAYER)


def test_names_of_layers_are_not_believed(tmp_path: Path) -> None:
    other = tar([file("a", b"z" * 3000)])
    raw = tar(
        [
            file("blobs/" + digest(LAYER).replace(":", "/"), other),
            file("c.json", config([LAYER])),
            file("manifest.json", b'[{"Config": "c.json"}]'),
        ]
    )
    assert refused(tmp_path, raw).detail == digest(LAYER)


def test_descriptions_that_are_not_what_their_digest_says(tmp_path: Path) -> None:
    described = config([LAYER])
    raw = oci_archive([LAYER])
    assert described in raw
    other = raw.replace(b'"amd64"', b'"arm64"')
    assert "not what its digest says" in refused(tmp_path, other).detail


def test_several_images(tmp_path: Path) -> None:
    one, two = config([LAYER]), config([LAYER, LAYER])
    manifest = json.dumps([{"Config": "1.json"}, {"Config": "2.json"}]).encode()
    raw = tar([file("1.json", one), file("2.json", two), file("manifest.json", manifest)])
    with pytest.raises(ImageError, match="2 images"):
        look(tmp_path, raw)


def test_of_two_parts_of_one_name_the_last_counts(tmp_path: Path) -> None:
    described = config([LAYER])
    parts = [file("l", LAYER), file("c.json", b"{}"), file("c.json", described)]
    manifest = file("manifest.json", b'[{"Config": "./c.json"}]')
    assert look(tmp_path, tar([*parts, manifest])).size_bytes == 8000
    parts.reverse()
    assert "c.json" in refused(tmp_path, tar([*parts, manifest])).detail


# names


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/../evil", "a/b/../../../../evil"])
def test_paths_that_lead_outside(tmp_path: Path, name: str) -> None:
    assert layer_refused(tmp_path, tar([file(name, b"x")])).detail == name
    link = tar([file("a"), hardlink("b", name)])
    assert layer_refused(tmp_path, link).detail == name


def test_absolute_paths_and_links_stay_inside(tmp_path: Path) -> None:
    layer = tar(
        [
            file("/etc/passwd", b"root:x:0:0::/:/bin/sh\n"),
            symlink("/out", "/../../../../etc/shadow"),
            symlink("/up", "../../../../etc/passwd"),
            file("//etc///./hosts", b"1"),
        ]
    )
    seen = look(tmp_path, docker_archive([layer]))
    assert [entry.path for entry in seen.tree] == ["/etc/hosts", "/etc/passwd", "/out", "/up"]
    assert seen.file("/out") is None
    assert seen.read("/up") == b"root:x:0:0::/:/bin/sh\n"


def test_device_nodes_are_told_and_not_made(tmp_path: Path) -> None:
    members = []
    for name, kind in (("null", tarfile.CHRTYPE), ("sda", tarfile.BLKTYPE)):
        info = tarfile.TarInfo(f"dev/{name}")
        info.type, info.devmajor, info.devminor, info.size = kind, 1, 3, 0
        members.append((info, b""))
    seen = look(tmp_path, docker_archive([tar(members)]))
    assert [(entry.path, entry.kind) for entry in seen.tree] == [
        ("/dev/null", "char"),
        ("/dev/sda", "block"),
    ]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_names_that_are_not_utf_8(tmp_path: Path, form: int) -> None:
    name = "caf\udce9" + ("/" + "y" * 90 + "\udcff" if form != tarfile.USTAR_FORMAT else "")
    raw = io.BytesIO()
    with tarfile.open(
        fileobj=raw, mode="w", format=form, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        archive.addfile(tarfile.TarInfo(name))
    seen = look(tmp_path, docker_archive([raw.getvalue()]))
    (entry,) = seen.tree
    assert entry.path.startswith("/caf\\xe9")
    assert json.dumps(seen.to_dict())


def test_nul_in_names(tmp_path: Path) -> None:
    layer = extended(record("path", b"a\0b")) + LAYER
    assert "a name" in layer_refused(tmp_path, layer).cause
    # in the header itself, and in GNU's long names, the name ends there
    seen = look(tmp_path, docker_archive([patched(LAYER, 0, b"n\0evil")]))
    assert "/n" in seen.tree
    long = extended(b"x" * 200 + b"\0evil", b"L") + LAYER
    assert "/" + "x" * 200 in look(tmp_path, docker_archive([long])).tree


def test_names_deeper_than_any_system_has(tmp_path: Path) -> None:
    layer = extended(record("path", b"a/" * 400_000)) + LAYER
    assert "beyond all measure" in layer_refused(tmp_path, layer).cause


def test_a_folder_that_is_its_own_link(tmp_path: Path) -> None:
    layer = tar([symlink("a", "a"), symlink("b", "c"), symlink("c", "b"), hardlink("d", "d")])
    seen = look(tmp_path, docker_archive([layer]))
    assert seen.file("/a/x") is seen.file("/b") is None
    assert seen.size_bytes == 0


# numbers


@pytest.mark.parametrize(
    "size",
    [
        b"-0000001000\0",
        b"-1\0\0\0\0\0\0\0\0\0\0",
        b"+0000000001\0",
        b"0_0000001\0\0\0",
        b"99999999999\0",
        b"zzz\0zzzzzzz\0",
        b"\xff" * 12,
        b"\x80" + b"\xff" * 11,
        b"\xbf" + b"\xff" * 11,
    ],
)
def test_sizes_that_no_file_has(tmp_path: Path, size: bytes) -> None:
    assert layer_refused(tmp_path, patched(LAYER, 124, size)).detail
    assert refused(tmp_path, patched(GOOD, 124, size)).detail


@pytest.mark.parametrize(
    "size", [b"77777777777\0", b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7, b"00000020000\0"]
)
def test_sizes_that_this_file_does_not_have(tmp_path: Path, size: bytes) -> None:
    assert layer_refused(tmp_path, patched(LAYER, 124, size)).detail


@pytest.mark.parametrize("size", [b"-1", b"9" * 20, b"9" * 5000, b"", b"1e3", b"1" * 19])
@pytest.mark.parametrize("key", ["size", "GNU.sparse.size", "GNU.sparse.realsize", "uid"])
def test_numbers_of_extended_headers(tmp_path: Path, size: bytes, key: str) -> None:
    layer = extended(record(key, size)) + LAYER
    if size == b"1" * 19 and key != "size":
        # a sparse file may claim to be as large as it likes: it does not take the bytes
        assert look(tmp_path, docker_archive([layer])).files == 2
    else:
        assert layer_refused(tmp_path, layer).detail


def test_a_negative_owner_is_what_the_kernel_takes_it_for(tmp_path: Path) -> None:
    seen = look(tmp_path, docker_archive([patched(LAYER, 108, b"\xff" * 7 + b"\xfe")]))
    (owned, _) = seen.tree
    assert owned.uid == 2**32 - 2


@pytest.mark.parametrize(
    "records",
    [
        b"no length",
        b"5 a=",
        b"0 a=b\n",
        b"-6 a=b\n",
        b"6 ab\n\n",
        b"999999 a=b\n",
        b"9" * 5000 + b" a=b\n",
        b"6 a=b\n" * 3 + b"x",
    ],
)
def test_extended_headers_that_cannot_be_read(tmp_path: Path, records: bytes) -> None:
    assert "an extended header" in layer_refused(tmp_path, extended(records) + LAYER).cause


def test_extended_headers_that_nothing_needs(tmp_path: Path) -> None:
    some = record("mtime", b"1.5") + record("SCHILY.xattr.user.x", bytes(range(256))) + bytes(9)
    for kind in (b"x", b"g"):
        assert look(tmp_path, docker_archive([extended(some, kind) + LAYER])).size_bytes == 8000


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_extended_headers_beyond_measure(tmp_path: Path, kind: bytes) -> None:
    layer = extended(b"5 a=\n" * 300_000, kind) + LAYER
    assert "extended header" in layer_refused(tmp_path, layer).cause


def test_an_extended_header_of_many_records(tmp_path: Path) -> None:
    # it would take hours if what is left were copied for each
    layer = (extended(b"5 a=\n" * 200_000) + header_of("x")) * 12
    (path := tmp_path / "records.tar").write_bytes(docker_archive([layer]))
    stays_small(path, ends="read")


# sparse files


def sparse(real: bytes, more: bytes = b"\0") -> bytes:
    """Give a layer with one old GNU sparse file of 600 stored bytes."""
    raw = tar([file("sparse", b"s" * 600)], tarfile.GNU_FORMAT)
    raw = patched(raw, 156, b"S")
    return patched(patched(raw, 482, more), 483, real)


def test_a_sparse_file_has_the_size_that_it_shows(tmp_path: Path) -> None:
    seen = look(tmp_path, docker_archive([sparse(b"%011o\0" % 5_000_000)]))
    entry = seen.file("/sparse")
    assert entry is not None
    assert (entry.size, entry.fingerprint) == (5_000_000, 0)


def test_sparse_files_with_a_crazy_map(tmp_path: Path) -> None:
    assert "cut off" in layer_refused(tmp_path, sparse(b"%011o\0" % 5, b"\1")[:1024]).detail
    assert layer_refused(tmp_path, sparse(b"-00000000001")).detail
    # a map that says of itself that it goes on and on ends with the layer
    endless = sparse(b"%011o\0" % 5, b"\1")[:512] + (bytes(504) + b"\1" + bytes(7)) * 5000
    assert "map of a sparse file" in layer_refused(tmp_path, endless).detail


# compressed parts


def compressed(blob: bytes) -> bytes:
    return tar([file("blobs/sha256/1", blob)])


def test_a_damaged_gzip_layer(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(LAYER))
    packed[40] ^= 0xFF
    refused(tmp_path, compressed(bytes(packed)))
    assert "gzip" in refused(tmp_path, compressed(gzip.compress(LAYER)[:-30])).detail


def test_gzip_with_something_behind_it(tmp_path: Path) -> None:
    error = refused(tmp_path, oci_archive([LAYER], lambda raw: gzip.compress(raw) + b"garbage"))
    assert "decompressed" in error.cause


def test_gzip_in_several_parts_is_one_layer(tmp_path: Path) -> None:
    raw = oci_archive([LAYER], lambda raw: gzip.compress(raw[:700]) + gzip.compress(raw[700:]))
    assert look(tmp_path, raw).size_bytes == 8000


@pytest.mark.parametrize("lost", [1, 5, 30])
def test_a_zstd_layer_that_is_cut_off(tmp_path: Path, lost: int) -> None:
    layer = tar([file("a", zstandard.compress(bytes(range(256)) * 9))])
    assert refused(tmp_path, oci_archive([layer], lambda raw: zstandard.compress(raw)[:-lost]))


def test_zstd_that_is_none(tmp_path: Path) -> None:
    error = refused(tmp_path, compressed(b"\x28\xb5\x2f\xfd" + b"\xff" * 100))
    assert "decompressed" in error.cause


def test_a_zstd_window_beyond_measure(tmp_path: Path) -> None:
    # frame header: a window of 2**(10 + 31) bytes
    assert refused(tmp_path, compressed(b"\x28\xb5\x2f\xfd\x00\xf8" + bytes(100)))


def test_an_archive_in_place_of_a_layer(tmp_path: Path) -> None:
    # it is a tar, so it is a layer of these files, and the images in it are none of ours
    assert look(tmp_path, docker_archive([GOOD])).files == 3
    deep = GOOD
    for _ in range(20):
        deep = docker_archive([deep])
    assert look(tmp_path, deep).layer_count == 1


def test_a_layer_compressed_twice_is_none(tmp_path: Path) -> None:
    raw = oci_archive([LAYER], lambda raw: gzip.compress(gzip.compress(raw)))
    assert refused(tmp_path, raw).detail == digest(LAYER)


def test_a_gzip_of_many_zeros_is_read_in_pieces() -> None:
    packed = gzip.compress(bytes(50 * PIECE))
    stream = decompressed(ByteStream([packed]))
    largest = total = 0
    while piece := stream.read_some(1 << 40):
        largest, total = max(largest, len(piece)), total + len(piece)
    assert total == 50 * PIECE
    assert largest <= PIECE


# descriptions


@pytest.mark.parametrize(
    "text",
    [
        b"[1]",
        b"{}",
        b'{"a":',
        b'[{"Config": {}}]',
        b"[[]]",
        b'[{"Config": "none.json"}]',
        b'[{"Config": "../../../etc/passwd"}]',
        b'[{"Config": "\\u0000\\ud800"}]',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"9" * 5000 + b"]",
        b"\xff\xfe[",
    ],
)
def test_a_manifest_of_another_form(tmp_path: Path, text: bytes) -> None:
    assert refused(tmp_path, tar([file("manifest.json", text)])).detail


BLOB = "blobs/sha256/1"


@pytest.mark.parametrize(
    "manifests",
    [
        3,
        "abc",
        [3],
        [{}],
        [{"digest": 3}],
        [{"digest": "sha256:1", "annotations": 3}],
        [{"digest": "../../etc/passwd"}],
        {"digest": "sha256:1"},
        None,
    ],
)
def test_an_index_of_another_form(tmp_path: Path, manifests: object) -> None:
    index = json.dumps({"manifests": manifests}).encode()
    assert refused(tmp_path, tar([file("index.json", index), file(BLOB, b"[1]")])).detail


def test_an_index_that_leads_to_itself(tmp_path: Path) -> None:
    # 50,000 ways to the fourth power
    index = json.dumps({"manifests": [{"digest": "sha256:1"}] * 50_000}).encode()
    raw = tar([file("index.json", index), file(BLOB, index)])
    (path := tmp_path / "loop.tar").write_bytes(raw)
    stays_small(path)


def test_an_index_that_leads_to_an_image_twice(tmp_path: Path) -> None:
    parts = []
    with tarfile.open(fileobj=io.BytesIO(oci_archive([LAYER]))) as archive:
        for info in archive:
            opened = archive.extractfile(info)
            parts.append((info.name, opened.read() if opened else b""))
    index = json.loads(dict(parts)["index.json"])
    index["manifests"] *= 2
    again = [*parts, ("index.json", json.dumps(index).encode())]
    assert look(tmp_path, tar([file(*part) for part in again])).size_bytes == 8000


def test_a_layer_again_and_again(tmp_path: Path) -> None:
    raw = docker_archive([LAYER], config([LAYER] * 2000))
    assert "more than 1000 layers" in refused(tmp_path, raw).detail
    many = tar([file(f"{number}") for number in range(700)])
    assert (
        "again and again" in refused(tmp_path, docker_archive([many], config([many] * 900))).cause
    )


@pytest.mark.parametrize("text", [b"[]", b'{"rootfs": 3}', b'{"rootfs": {"diff_ids": 3}}', b"{"])
def test_a_configuration_of_another_form(tmp_path: Path, text: bytes) -> None:
    assert refused(tmp_path, docker_archive([LAYER], text)).detail


FIELDS: dict[str, Any] = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2026-01-01T00:00:00Z",
    "config": {
        "User": "1:1",
        "ExposedPorts": {"80/tcp": {}},
        "Env": ["A=1", "PATH=/bin"],
        "Entrypoint": ["/a"],
        "Cmd": ["b"],
        "Shell": ["/bin/sh", "-c"],
        "OnBuild": ["RUN x"],
        "Volumes": {"/v": {}},
        "WorkingDir": "/",
        "StopSignal": "SIGTERM",
        "Labels": {"a": "b"},
        "Healthcheck": {"Test": ["CMD", "x"], "Interval": 1},
    },
    "history": [{"created_by": "COPY a", "comment": "c", "empty_layer": False}],
    "rootfs": {"type": "layers", "diff_ids": [digest(LAYER)]},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=3), some, max_size=3)
    ),
    max_leaves=5,
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    yield way
    pairs = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        pairs = enumerate(value)
    for key, inner in pairs:
        yield from _places(inner, (*way, key))


@settings(max_examples=200, deadline=None)
@given(place=st.sampled_from(list(_places(FIELDS))), value=JSON)
def test_any_field_of_another_type(place: tuple[Any, ...], value: object) -> None:
    """The configuration is read or refused; whatever is told of it can be told in full."""
    described = json.loads(json.dumps(FIELDS))
    if place:
        holder = described
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = value
    else:
        described = value
    with tempfile.TemporaryDirectory() as made:
        try:
            seen = look(Path(made), docker_archive([LAYER], json.dumps(described).encode()))
        except StagelabError as error:
            assert error.cause  # noqa: PT017 - either is right
            assert error.fix  # noqa: PT017
            return
        assert seen.size_bytes in (0, 8000)
        assert json.dumps(seen.to_dict())
        assert str(seen)
        assert seen._repr_mimebundle_()


# beyond all measure: read by an interpreter of its own, which may compute for a bounded time and
# tells what memory it took

CHILD = """
import re, resource, sys
from pathlib import Path
from stagelab.errors import StagelabError
from stagelab.image import xray
resource.setrlimit(resource.RLIMIT_CPU, (40, 40))
ended = "read"
try:
    xray(Path(sys.argv[1]))
except StagelabError as error:
    ended = type(error).__name__
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # on macOS in bytes
status = Path("/proc/self/status")
if status.exists():  # Linux counts in the former what the parent had, too
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) * 1024
print(ended, peak)
"""


def stays_small(path: Path, *, most: int = MEMORY, ends: str = "ArchiveDamaged") -> None:
    with nothing_outside(path.parent / "home"):
        ran = subprocess.run(
            [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=True
        )
    name, peak = ran.stdout.split()
    assert name == ends
    assert int(peak) < most


def test_a_billion_zeros(tmp_path: Path) -> None:
    path = tmp_path / "zeros.tar"
    with path.open("wb") as made:
        made.truncate(10**9)
    stays_small(path)


def zeros(compressor: Callable[[bytes], bytes], count: int) -> bytes:
    """Give a compressed layer with a file of zeros; a piece of them is compressed once."""
    header = tarfile.TarInfo("zeros")
    header.size = count
    pieces = [compressor(header.tobuf(tarfile.GNU_FORMAT))]
    pieces += [compressor(bytes(10**8))] * (count // 10**8)
    return b"".join(pieces)


@pytest.mark.parametrize("compressor", [gzip.compress, zstandard.compress])
def test_a_billion_zeros_in_a_compressed_layer(
    tmp_path: Path, compressor: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "bomb.tar"
    path.write_bytes(compressed(zeros(compressor, 10**9)))
    assert path.stat().st_size < 2_000_000
    stays_small(path)


def test_many_compressed_layers_grow_no_more_than_one(tmp_path: Path) -> None:
    path = tmp_path / "bombs.tar"
    bomb = zeros(zstandard.compress, 10**8)
    path.write_bytes(tar([file(f"blobs/sha256/{number}", bomb) for number in range(1000)]))
    stays_small(path)


def header_of(name: str) -> bytes:
    return tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT)


def test_a_million_entries(tmp_path: Path) -> None:
    path = tmp_path / "many.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as made:
        info = tarfile.TarInfo("layer.tar")
        info.size = 1_000_000 * 512
        made.write(info.tobuf(tarfile.GNU_FORMAT))
        # a header made by hand: tarfile takes half a minute for a million
        block = bytearray(header_of("0000000"))
        total = sum(block) - sum(block[:7]) - sum(block[148:156]) + 8 * 32
        for number in range(1_000_000):
            name = b"%07d" % number
            block[:7] = name
            block[148:156] = b"%06o\0 " % (total + sum(name))
            made.write(block)
    stays_small(path, most=400 << 20)


def test_many_deep_names(tmp_path: Path) -> None:
    path = tmp_path / "deep.tar"
    layer = b"".join(
        extended(record("path", f"{number}/".encode() + b"a/" * 2000)) + header_of("x")
        for number in range(500)
    )
    path.write_bytes(docker_archive([layer]))
    stays_small(path)


def test_many_global_headers(tmp_path: Path) -> None:
    path = tmp_path / "global.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as made:
        for number in range(600):
            made.write(extended(record(f"key{number}", b"v" * 1_000_000), b"g"))
    stays_small(path)


def test_many_kept_files(tmp_path: Path) -> None:
    path = tmp_path / "kept.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as made:
        info = tarfile.TarInfo("layer.tar")
        info.size = 40 * ((10 << 20) + 512)
        made.write(info.tobuf(tarfile.GNU_FORMAT))
        for number in range(40):
            info = tarfile.TarInfo(f"etc/apt/sources.list.d/{number}")
            info.size = 10 << 20
            made.write(info.tobuf(tarfile.GNU_FORMAT) + b"#" * info.size)
    stays_small(path)


def test_go_programs_with_endless_lists_of_modules(tmp_path: Path) -> None:
    modules = b"S" * 16 + b"dep\tx\tv1\n" * 300_000 + b"E" * 16
    length, count = b"", len(modules)
    while count >= 0x80:
        length, count = length + bytes([count & 0x7F | 0x80]), count >> 7
    info = b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x01v" + length + bytes([count]) + modules
    head = struct.pack("<QQIHHHHHH", 64, 0, 0, 64, 56, 1, 0, 0, 0)
    head = b"\x7fELF\x02\x01\x01".ljust(32, b"\0") + head
    segment = struct.pack("<IIQQQQQQ", 1, 6, 128, 0, 0, len(info), len(info), 0)
    program = (head + segment).ljust(128, b"\0") + info
    path = tmp_path / "go.tar.gz"
    layer = tar([file(f"bin/{number}", program, 0o755) for number in range(60)])
    path.write_bytes(gzip.compress(docker_archive([layer]), 1))
    stays_small(path)


@pytest.mark.parametrize("most", [4 << 20, 9 << 20])
def test_descriptions_of_many_small_parts(tmp_path: Path, most: int) -> None:
    text = b"[" + b"[]," * (most // 3 - 2) + b"[]]"
    (path := tmp_path / "parts.tar").write_bytes(tar([file("manifest.json", text)]))
    stays_small(path)


def test_a_history_of_blanks(tmp_path: Path) -> None:
    # it would take hours if each blank were tried as a beginning
    history = [{"created_by": " " * 2_000_000 + "x"}]
    (path := tmp_path / "blanks.tar").write_bytes(docker_archive([LAYER], config([LAYER], history)))
    stays_small(path, ends="read")


# the stream


def test_a_stream_peeks_without_moving() -> None:
    stream = ByteStream([b"ab", b"", b"cd", b"e"])
    assert stream.peek(3) == b"abc"
    assert stream.position == 0
    assert stream.read(4) == b"abcd"
    assert stream.skip(5) == 1
    assert stream.read(1) == b""
    assert io.BytesIO(b"".join(ByteStream([b"xyz"]).pieces(3))).read() == b"xyz"


@given(
    pieces=st.lists(st.binary(max_size=9), max_size=8),
    steps=st.lists(
        st.tuples(st.sampled_from(["read", "some", "skip", "peek"]), st.integers(1, 20)),
        max_size=12,
    ),
)
def test_a_stream_gives_what_the_pieces_hold(
    pieces: list[bytes], steps: list[tuple[str, int]]
) -> None:
    whole, stream = b"".join(pieces), ByteStream(pieces)
    tapped = []
    stream.tap = lambda part: tapped.append(bytes(part))
    at = 0
    for step, count in steps:
        rest = whole[at : at + count]
        if step == "read":
            assert stream.read(count) == rest
            at += len(rest)
        elif step == "skip":
            assert stream.skip(count) == len(rest)
            at += len(rest)
        elif step == "peek":
            assert stream.peek(count) == rest
        else:
            part = stream.read_some(count)
            assert rest.startswith(part)
            assert bool(part) is bool(rest)
            at += len(part)
        assert stream.position == at
    assert b"".join(tapped) == whole[:at]


def test_folders_and_files_of_one_name(tmp_path: Path) -> None:
    layer = tar([folder("a"), file("a/b", b"1"), file("a", b"22"), folder("a"), file("a", b"333")])
    assert look(tmp_path, docker_archive([layer])).merged_bytes == 3
