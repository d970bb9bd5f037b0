"""Contexts of many files and of large ones arrive whole, as by the docker command."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from stagelab.bases import Base
from stagelab.builds import Build, build
from stagelab.engine import tidy
from stagelab.engine.labels import labels

GIB = 1 << 30
# The checksums of all files, in the order of their names: one line if the same files are there.
LISTED = """\
FROM alpine:3.22 AS sums
COPY . /x
RUN cd /x && find . -type f | sort | xargs -n 500 stat -c '%n %s %a' | sha256sum > /sum \\
    && find . -type f | sort | xargs -n 500 sha256sum | sha256sum >> /sum
FROM scratch
COPY --from=sums /sum /sum
"""
both_builders = pytest.mark.parametrize("builder", ["buildkit", "classic"])


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert "alpine" in bases
    yield
    tidy()


def sums(client: docker.DockerClient, image: str) -> bytes:
    container = client.containers.create(image, ["none"], labels=labels())
    try:
        stream, _ = container.get_archive("/sum")
        return b"".join(stream)[512:1024]
    finally:
        container.remove()


def by_command(folder: Path, engine_url: str) -> str:
    command = shutil.which("docker")
    assert command, "the docker command is installed with the engine"
    given = [word for pair in labels().items() for word in ("--label", "=".join(pair))]
    done = subprocess.run(
        [command, "build", "--quiet", *given, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder.parent),
            "DOCKER_BUILDKIT": "0",
            "DOCKER_HOST": engine_url,
        },
    )
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,000 small files in 100 folders."""
    root = tmp_path_factory.mktemp("many") / "project"
    for folder in range(100):
        (root / f"d{folder:03}").mkdir(parents=True)
        for number in range(100):
            path = root / f"d{folder:03}" / f"file-{number}.txt"
            path.write_bytes(b"%d %d\n" % (folder, number) * (number % 40))
            path.chmod(0o600 if number % 3 else 0o755)
    (root / "Dockerfile").write_text(LISTED)
    return root


@both_builders
def test_ten_thousand_small_files(
    client: docker.DockerClient, many: Path, engine_url: str, builder: str
) -> None:
    image = by_command(many, engine_url)
    expected = sums(client, image)
    client.images.remove(image)
    built = build(many, builder=builder)
    assert built.context_bytes == sum(p.stat().st_size for p in many.rglob("*") if p.is_file())
    assert sums(client, str(built.image.id)) == expected


def test_a_file_of_a_gibibyte(tmp_path: Path) -> None:
    """With the digest of what was written, and with memory that does not grow with the file."""
    digest = hashlib.sha256()
    with (tmp_path / "large").open("wb") as file:
        for _ in range(64):
            piece = os.urandom(1 << 20) * 16
            digest.update(piece)
            file.write(piece)
    text = "FROM alpine:3.22\nCOPY large /large\nRUN sha256sum /large\n"
    before = _peak_bytes()
    built: Build = build(tmp_path, dockerfile=text, builder="buildkit")
    assert built.context_bytes == GIB
    assert built.steps[-1].log.split()[0] == digest.hexdigest()
    assert _peak_bytes() - before < GIB // 8


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
