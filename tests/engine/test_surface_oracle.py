"""Attack surface and starts of real images, against `find`, `getcap` and what really happens."""

from __future__ import annotations

import json
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stagelab.builds import build
from stagelab.containers import run, serve
from stagelab.engine import tidy
from stagelab.engine.labels import labels
from stagelab.image.layer import LayerFacts, scan
from stagelab.image.spans import Swept
from stagelab.image.stack import Stack, stack
from stagelab.image.start import Start, start
from stagelab.image.stream import ByteStream
from stagelab.image.surface import surface
from tests.recorder import TOOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docker import DockerClient

    from stagelab.bases import Base
    from stagelab.builds import Build

KNOWN: dict[str, LayerFacts] = {}
"""Layers that have been read already, by diff ID."""

APPS = Path(__file__).parents[2] / "sample-apps"
MADE = """\
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends libcap2-bin
RUN mkdir -p /srv/open /srv/sticky /srv/team && cp /bin/true /srv/suid && cp /bin/true /srv/sgid \\
 && cp /bin/true /srv/data && cp /bin/true /srv/cap && ln /srv/cap /srv/cap2 \\
 && cp /bin/true /srv/inherits && cp /bin/true /srv/lost \\
 && chmod 4755 /srv/suid && chmod 2711 /srv/sgid && chmod 4644 /srv/data \\
 && chmod 777 /srv/open && chmod 1777 /srv/sticky && chmod 2775 /srv/team \\
 && touch /srv/open/file && chmod 666 /srv/open/file && ln -s file /srv/open/link \\
 && mkfifo -m 666 /srv/open/pipe \\
 && setcap cap_net_raw,cap_net_bind_service+ep /srv/cap && setcap cap_sys_admin+i /srv/inherits \\
 && setcap cap_net_raw+p /srv/lost
RUN setcap -r /srv/lost && chmod u-s /usr/bin/su && rm /usr/bin/chsh && chmod g+s /usr/bin/env
USER www-data
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert {"golang", "alpine", "debian"} <= set(bases)
    yield
    tidy()


@pytest.fixture(scope="module")
def made(bases: dict[str, Base], tmp_path_factory: pytest.TempPathFactory) -> Build:
    assert bases
    return build(tmp_path_factory.mktemp("made"), dockerfile=MADE)


def seen(client: DockerClient, image_id: str) -> Stack:
    with tempfile.TemporaryFile() as saved:
        saved.writelines(client.images.get(image_id).save())
        saved.seek(0)
        with tarfile.open(fileobj=saved) as archive:
            (manifest,) = json.loads(_member(archive, "manifest.json"))
            config = json.loads(_member(archive, manifest["Config"]))
            for path, diff_id in zip(manifest["Layers"], config["rootfs"]["diff_ids"], strict=True):
                if diff_id not in KNOWN:
                    raw = ByteStream([_member(archive, path)])
                    KNOWN[diff_id] = scan(raw, lambda diff_id=diff_id: Swept(diff_id))
    return stack(config, KNOWN)


def _member(archive: tarfile.TarFile, path: str) -> bytes:
    found = archive.extractfile(path)
    assert found is not None
    return found.read()


def inside(client: DockerClient, image_id: str, script: str) -> set[str]:
    said = client.containers.run(
        image_id,
        ["-c", script],
        entrypoint=["sh"],
        user="0",
        remove=True,
        network_mode="none",
        labels=labels() | TOOL,
    )
    return set(said.decode().splitlines())


def paths(findings: Iterable[object]) -> set[str]:
    return {str(getattr(finding, "path", "")) for finding in findings}


@pytest.mark.parametrize("base", ["alpine", "debian", "made"])
def test_modes_are_what_find_finds(
    client: DockerClient, bases: dict[str, Base], made: Build, base: str
) -> None:
    image = str(made.image.id) if base == "made" else bases[base].reference
    found = surface(seen(client, image))
    find = "find / -xdev"
    setuid = inside(client, image, f"{find} -type f -perm -4000 -perm /111")
    assert paths(found.setuid) == setuid
    assert paths(found.setgid) == inside(client, image, f"{find} -type f -perm -2000 -perm /111")
    writable = f"{find} -perm -0002 '(' -type f -o -type d ! -perm -1000 ')'"
    assert paths(found.world_writable) == inside(client, image, writable)
    if base == "made":
        assert {"/srv/suid", "/usr/bin/passwd"} <= setuid
        assert setuid.isdisjoint({"/srv/data", "/usr/bin/su", "/usr/bin/chsh"})
        assert {"/usr/bin/env", "/srv/sgid"} <= paths(found.setgid)
        assert paths(found.world_writable) >= {"/srv/open", "/srv/open/file"}


def test_capabilities_are_what_getcap_says(client: DockerClient, made: Build) -> None:
    found = surface(seen(client, str(made.image.id))).capabilities
    said = inside(client, str(made.image.id), "getcap -r / 2>/dev/null")
    theirs = {}
    for line in said:
        path, _, text = line.partition(" ")
        names, _, _ = text.replace("=", "+").partition("+")
        theirs[path] = set(names.split(","))
    assert {item.path: set(item.detail.split(", ")) for item in found} == theirs
    assert set(theirs) == {"/srv/cap", "/srv/cap2", "/srv/inherits"}
    assert all("setcap" in item.instruction for item in found)


def test_programs_are_what_the_shell_finds(client: DockerClient, bases: dict[str, Base]) -> None:
    for base in ("alpine", "debian"):
        image = bases[base].reference
        found = surface(seen(client, image))
        names = "sh bash dash ash apt-get dpkg apk gcc perl python3 wget curl nc telnet ftpget"
        where = f"for name in {names}; do which $name; done"
        real = f"for path in $({where}); do readlink -f $path; done; :"
        programs = [item for item in found.findings if item.kind in _PROGRAMS]
        # of hard links any name may stand first
        ours = paths(programs) | {name for item in programs for name in item.detail.split(", ")}
        assert inside(client, image, real) <= ours
        runs = f"for path in {' '.join(ours)}; do test -f $path -a -x $path && echo $path; done; :"
        assert inside(client, image, runs) == ours - {""}


_PROGRAMS = {"shell", "package manager", "compiler", "interpreter", "network tool"}


PEOPLE = "root:x:0:0::/:\napp:x:1000:1001::/:\ntoor:x:0:7::/:\nodd:x:words:5::/:\n"
GROUP = "root:x:0:\napp:x:1001:\nstaff:x:50:app,root\nadm:x:4:app\n"
USERS = ["", "app", "1000", "app:adm", "app:0", "1234", "1234:staff", "33:44", "toor", "odd"]


@pytest.mark.parametrize("spec", USERS)
def test_users_are_what_id_says(client: DockerClient, tmp_path: Path, spec: str) -> None:
    (tmp_path / "passwd").write_text(PEOPLE)
    (tmp_path / "group").write_text(GROUP)
    who = f"USER {spec}\n" if spec else ""
    text = f"FROM alpine:3.22\nCOPY passwd group /etc/\n{who}CMD id -u; id -g; id -G"
    image = build(tmp_path, dockerfile=text)
    user = surface(seen(client, str(image.image.id))).user
    number, group, *groups = map(int, run(image).stdout.split())
    assert (user.number, user.group_number) == (number, group)
    assert {group, *user.more_groups} == set(groups)


# start

FILES = {
    "script": b"#!/bin/sh\necho it runs\n",
    "lost": b"#!/usr/bin/python3\nprint(1)\n",
    "env": b"#!/usr/bin/env sh\necho it runs\n",
    "lost-env": b"#!/usr/bin/env python3\n",
    "env-word": b"#!/usr/bin/env sh -e\necho\n",
    "windows": b"#!/bin/sh\r\necho\r\n",
    "words": b"echo no first line\n",
    "empty": b"",
}
ON_ALPINE = """\
FROM alpine:3.22
COPY . /app/
RUN chmod 755 /app/* && mkdir /app/folder /hidden && cp /bin/busybox /app/true \\
 && cp /app/true /app/private && cp /app/true /app/closed && cp /app/true /hidden/true \\
 && ln -s true /app/echo && ln -s /nowhere /app/dangling \\
 && chmod 700 /app/private /hidden && chmod 644 /app/closed
"""
CASES = [
    ('ENTRYPOINT ["/app/true"]', "starts"),
    ('ENTRYPOINT ["/app/echo"]\nCMD ["1"]', "starts"),
    ('ENTRYPOINT ["/app/script"]', "starts"),
    ('WORKDIR /app\nENTRYPOINT ["./script"]', "starts"),
    ('ENV PATH=/app:/bin\nCMD ["script"]', "starts"),
    ('CMD ["echo", "1"]', "starts"),
    ("ENTRYPOINT /app/script", "starts"),
    ('USER 1234\nWORKDIR /hidden\nENTRYPOINT ["../app/script"]', "fails"),
    ("CMD ./nothing", "fails"),
    ("CMD /app/lost", "fails"),
    ('CMD ["/app/nothing"]', "fails"),
    ('WORKDIR /new\nCMD ["./script"]', "fails"),
    ('CMD ["nothing"]', "fails"),
    ('CMD ["/app/dangling"]', "fails"),
    ('CMD ["/app/folder"]', "fails"),
    ('CMD ["/app/script/x"]', "fails"),
    ('CMD ["/app/closed"]', "fails"),
    ('CMD ["/app/lost"]', "fails"),
    ('CMD ["/app/words"]', "fails"),
    ('CMD ["/app/env"]', "starts"),
    ('CMD ["/app/lost-env"]', "fails"),
    ('CMD ["/app/env-word"]', "fails"),
    ("CMD /app/lost-env", "fails"),
    ('CMD ["/app/windows"]', "fails"),
    ('CMD ["/app/empty"]', "fails"),
    ('USER 1234\nCMD ["/app/private"]', "fails"),
    ('USER 1234\nCMD ["/hidden/true"]', "fails"),
    ('USER 1234\nCMD ["/app/script"]', "starts"),
    ('USER nobody-knows\nCMD ["/app/script"]', "fails"),
    ('USER root:no-group\nCMD ["/app/script"]', "fails"),
]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def predicted(client: DockerClient, image: Build) -> Start:
    return start(seen(client, str(image.image.id)))


def happens(image: Build, prediction: Start) -> None:
    """Assert that what happens is what was predicted."""
    ran = run(image)
    if prediction.verdict == "starts":
        assert (ran.error, ran.ok) == ("", True), (ran.output, prediction)
    else:
        assert not ran.ok
        # env puts more words before the name
        said = prediction.expected_error.removeprefix("env: ")
        said = said.replace("is a directory", "permission denied")
        assert said.lower() in ran.output.lower().replace("is a directory", "permission denied")


@pytest.mark.parametrize(("settings", "verdict"), CASES)
def test_starts_on_alpine(client: DockerClient, context: Path, settings: str, verdict: str) -> None:
    image = build(context, dockerfile=ON_ALPINE + settings)
    prediction = predicted(client, image)
    assert prediction.verdict == verdict, prediction
    happens(image, prediction)


@pytest.mark.parametrize("command", ["CMD echo 1", 'CMD ["/script"]', 'CMD ["/nothing"]', ""])
def test_nothing_starts_from_an_empty_image(
    client: DockerClient, context: Path, command: str
) -> None:
    image = build(context, dockerfile=f"FROM scratch\nCOPY --chmod=755 script /\n{command}")
    prediction = predicted(client, image)
    assert prediction.verdict == "fails"
    happens(image, prediction)


def test_the_missing_loader_is_predicted(client: DockerClient) -> None:
    broken = build(APPS / "go-web", dockerfile="broken.Dockerfile")
    prediction = predicted(client, broken)
    assert (prediction.verdict, prediction.path) == ("fails", "/app/myapp")
    assert prediction.expected_error == "exec ./myapp: no such file or directory"
    assert "loader" in prediction.why
    happens(broken, prediction)
    cured = build(APPS / "go-web")
    assert predicted(client, cured).verdict == "starts"
    with serve(cured, 8080, ready="/healthz") as service:
        assert service.get("/healthz").status == 200


def test_a_dynamic_program_starts_where_its_loader_is(client: DockerClient) -> None:
    text = (APPS / "go-web" / "broken.Dockerfile").read_text("utf-8")
    moved = text.replace("FROM alpine:${ALPINE_VERSION}", "FROM debian:trixie-slim")
    image = build(APPS / "go-web", dockerfile=moved)
    prediction = predicted(client, image)
    assert (prediction.verdict, "loader" in prediction.why) == ("starts", True)
    with serve(image, 8080, ready="/healthz") as service:
        assert service.get("/healthz").status == 200


def test_another_machine_is_predicted(client: DockerClient) -> None:
    other = "arm64" if client.version()["Arch"] == "amd64" else "amd64"
    image = build(
        APPS / "go-hello",
        dockerfile=f"FROM golang:1.27 AS builder\nWORKDIR /app\nCOPY . .\n"
        f"RUN CGO_ENABLED=0 GOARCH={other} go build -o myapp\n"
        'FROM scratch\nCOPY --from=builder /app/myapp /\nENTRYPOINT ["/myapp"]\n',
    )
    prediction = predicted(client, image)
    assert prediction.expected_error == "exec /myapp: exec format error"
    assert other in prediction.why
    happens(image, prediction)
