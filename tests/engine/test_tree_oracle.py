"""The merged file system and its contents against `find`, `stat` and `sha256sum` in a container."""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import tarfile
from typing import TYPE_CHECKING, NamedTuple

import pytest

from stagelab.builds import build
from stagelab.engine.labels import labels
from stagelab.image import xray
from tests.recorder import TOOL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from docker import DockerClient
    from docker.models.images import Image

    from stagelab.bases import Base
    from stagelab.image import XRay

# What the engine puts into every container: folders that it mounts, whose contents in the image
# are hidden then, and files that it writes.
MOUNTED = ("/dev", "/proc", "/sys")
WRITTEN = {"/.dockerenv", "/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf"}

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
}

# Each RUN is a layer. `deep` is a name of 120 bytes and `deeper` one of 200 in it, so that paths
# are longer than any field of a tar's header.
ODD = r"""
FROM debian:trixie-slim
ADD capable.tar /made/
RUN set -e; mkdir -p /made/folder /made/gone/inner /made/opaque; cd /made; \
    echo one > file; ln file second; ln second folder/third; chown 1234:70000 file; \
    ln -s ../file folder/link; ln -s /nowhere dangling; ln -s folder to-folder; \
    cp /bin/true setuid; chmod 6755 setuid; mkfifo -m 640 pipe; \
    mknod char c 1 3; mknod block b 7 9; truncate -s 5M sparse; echo end >> sparse; \
    deep=$(printf 'n%.0s' $(seq 120)); deeper=$(printf 'm%.0s' $(seq 200)); \
    mkdir -p "$deep/$deeper"; echo long > "$deep/$deeper/$(printf 'x%.0s' $(seq 150))"; \
    ln -s "$deep/$deeper/$(printf 'x%.0s' $(seq 150))" to-long; \
    echo odd > 'ünï cødé "q" $x'; echo raw > "$(printf 'caf\351')"; echo minus > ./-minus; \
    echo a > gone/inner/a; echo b > opaque/b; mkdir sticky; chmod 1777 sticky; \
    echo 1 > hidden; echo mode > mode; : > .wh
RUN set -e; cd /made; rm -r gone; rm second; chmod 600 mode; rm hidden; mkdir hidden; \
    echo in > hidden/in; echo more >> -minus || echo more >> ./-minus
RUN set -e; cd /made; rm -r opaque; mkdir opaque; echo c > opaque/c; rm -r hidden; echo 2 > hidden
RUN set -e; cd /made; rm -r folder; ln -s sticky folder; chown -h 7:8 dangling; rm /etc/issue
"""


class Lies(NamedTuple):
    """What lies at a path."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    link: str


@pytest.fixture(autouse=True)
def own_cache(bases: dict[str, Base], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of any layer."""
    assert bases
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))


@pytest.fixture
def odd(client: DockerClient, tmp_path: Path) -> Iterator[Callable[[str], Image]]:
    """Build an image that has one of everything; it is removed in the end."""
    made = []

    def of(builder: str) -> Image:
        context = tmp_path / "context"
        context.mkdir()
        capable = tarfile.TarInfo("capable")
        capable.size, capable.mode = 3, 0o755
        # permitted and effective: cap_net_bind_service and cap_net_raw (bits 10 and 13)
        value = "\1\0\0\2\0\x24" + "\0" * 14
        capable.pax_headers = {"SCHILY.xattr.security.capability": value}
        with tarfile.open(context / "capable.tar", "w", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(capable, io.BytesIO(b"cap"))
        built = build(
            context,
            dockerfile=ODD,
            builder=builder,  # type: ignore[arg-type] # one of its words
            client=client,
            quiet=True,
        )
        made.append(built.image.id)
        return built.image

    yield of
    for image_id in made:
        client.images.remove(image_id, force=True)


def inside(client: DockerClient, image: str, script: str, *arguments: str) -> str:
    """Run a shell script as root in a container; bytes that are not UTF-8 come as escapes.

    The engine's log keeps only UTF-8, so the output comes through it as base64.
    """
    told: bytes = client.containers.run(
        image,
        ["-c", f"{{ {script}; }} | base64", "sh", *arguments],
        entrypoint=["/bin/sh"],
        user="0:0",
        remove=True,
        network_mode="none",
        labels=labels() | TOOL,
    )
    return base64.b64decode(told).decode(errors="backslashreplace")


def is_the_engines(path: str) -> bool:
    return path in WRITTEN or any(f"{path}/".startswith(f"{above}/") for above in MOUNTED)


def found(client: DockerClient, image: str) -> tuple[dict[str, Lies], int]:
    """Give what lies at each path, and the bytes of all regular files, each inode once."""
    states = inside(
        client, image, "find / -xdev -print0 | xargs -0 stat -c '%f %u %g %s %i %n'"
    ).splitlines()
    links = inside(
        client,
        image,
        "find / -xdev -type l -exec sh -c "
        """'for name; do printf "%s\\n" "$name"; readlink -n "$name"; echo; done' sh {} +""",
    ).splitlines()
    targets = dict(zip(links[::2], links[1::2], strict=True))
    lying, sizes = {}, {}
    for line in states:
        mode, uid, gid, size, inode, path = line.split(" ", 5)
        if path == "/" or is_the_engines(path):
            continue
        kind = KINDS[stat.S_IFMT(int(mode, 16))]
        regular = int(size) if kind == "file" else 0
        sizes[inode] = regular
        lying[path] = Lies(
            kind,
            stat.S_IMODE(int(mode, 16)),
            int(uid),
            int(gid),
            regular,
            targets.get(path, ""),
        )
    return lying, sum(sizes.values())


def told(seen: XRay) -> dict[str, Lies]:
    return {
        entry.path: Lies(
            entry.kind,
            entry.mode,
            entry.uid,
            entry.gid,
            entry.size,
            entry.link if entry.kind == "symlink" else "",
        )
        for entry in seen.tree
        if not is_the_engines(entry.path)
    }


def hold_to_the_container(client: DockerClient, image: Image, seen: XRay) -> None:
    theirs, total = found(client, str(image.id))
    ours = told(seen)
    assert ours.keys() == theirs.keys()
    assert {p: (what, theirs[p]) for p, what in ours.items() if what != theirs[p]} == {}
    hidden = sum(entry.size for entry in seen.tree if is_the_engines(entry.path))
    assert seen.merged_bytes - hidden == total
    assert seen.files == sum(layer.added - layer.removed for layer in seen.layers)
    assert seen.waste.reclaimable_bytes == seen.size_bytes - seen.merged_bytes
    assert seen.waste.reclaimable_bytes == sum(item.size_bytes for item in seen.waste.worst)


def hold_to_the_contents(client: DockerClient, image: Image, seen: XRay, *paths: str) -> None:
    sums = inside(client, str(image.id), 'sha256sum -- "$@"', *paths).splitlines()
    theirs = [line.lstrip("\\").partition(" ")[0] for line in sums]
    assert [hashlib.sha256(seen.read(path)).hexdigest() for path in paths] == theirs


@pytest.mark.parametrize("name", ["alpine", "debian"])
def test_a_base_is_what_a_container_finds(
    client: DockerClient, bases: dict[str, Base], name: str
) -> None:
    image = client.images.get(bases[name].reference)
    seen = xray(image)
    hold_to_the_container(client, image, seen)
    files = [entry.path for entry in seen.tree if entry.size and not is_the_engines(entry.path)]
    hold_to_the_contents(client, image, seen, *files[:: len(files) // 3])


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_one_of_everything_is_what_a_container_finds(
    client: DockerClient, odd: Callable[[str], Image], builder: str
) -> None:
    image = odd(builder)
    seen = xray(image)
    hold_to_the_container(client, image, seen)
    made = {path.removeprefix("/made/"): what for path, what in told(seen).items()}
    # the image has what the oracle is to judge
    assert {what.kind for what in made.values()} == set(KINDS.values())
    assert max(map(len, made)) > 400
    assert made["setuid"].mode == 0o6755
    assert (made["file"].uid, made["file"].gid) == (1234, 70_000)
    assert made["sparse"].size == 5 * 2**20 + 4
    assert made["folder"].link == "sticky"
    assert "caf\\xe9" in made
    assert 'ünï cødé "q" $x' in made
    assert not made.keys() & {"gone", "gone/inner/a", "second", "opaque/b", "hidden/in"}
    capable = [item.path for item in seen.surface.capabilities]
    assert capable == ["/made/capable"]
    long = next(path for path in told(seen) if len(path) > 400)
    hold_to_the_contents(client, image, seen, "/made/sparse", "/made/file", "/made/-minus", long)
    changes = [(change.what, change.size_bytes) for change in seen.history_of("/made/hidden")]
    assert changes == [("added", 2), ("changed", 0), ("changed", 2)]  # a folder in between


def test_a_saved_file_and_two_images_at_once_give_the_same(
    client: DockerClient,
    bases: dict[str, Base],
    odd: Callable[[str], Image],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = odd("buildkit"), client.images.get(bases["alpine"].reference)
    both = xray(first, second)
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "another"))
    assert [seen.to_dict() for seen in (xray(first), xray(second))] == [
        seen.to_dict() for seen in both
    ]
    path = tmp_path / "saved.tar"
    with path.open("wb") as file:
        for piece in first.save():
            file.write(piece)
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "a third"))
    saved, fresh = xray(path).to_dict(), both[0].to_dict()
    for name in ("name", "image_id"):  # the archive may call it by its configuration's digest
        del saved[name], fresh[name]
    assert saved == fresh
    assert list(xray(path).tree) == list(both[0].tree)
