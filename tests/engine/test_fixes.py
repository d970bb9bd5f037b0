"""Published fixes by the real archive, against what apt itself says in a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stagelab.engine.labels import labels
from stagelab.image.fixes import Fixes, published_fixes
from stagelab.image.fixes.archives import machine_sources
from stagelab.image.fixes.index import Index
from stagelab.image.fixes.reading import read_index
from stagelab.image.fixes.suites import named_sources, suites_of
from stagelab.image.fixes.versions import version_key
from stagelab.image.package import Package
from tests.recorder import TOOL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker import DockerClient
    from docker.models.containers import Container

    from stagelab.bases import Base

SOURCES = "/etc/apt/sources.list"
BEFORE = "bookworm"
OLDER = ("netbase", "sensible-utils")  # from the release before: they are older whatever happens
WANTED = 3
TRIED = 15


@pytest.fixture(scope="module", autouse=True)
def own_cache(bases: dict[str, Base], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep indexes apart from the user's, once the bases are there."""
    assert bases
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("STAGELAB_HOME", str(home))
        yield home


@pytest.fixture(scope="module")
def container(client: DockerClient, bases: dict[str, Base]) -> Iterator[Container]:
    running = client.containers.run(
        bases["debian"].reference, ["sleep", "1200"], detach=True, init=True, labels=labels() | TOOL
    )
    try:
        yield running
    finally:
        running.remove(force=True)


def sh(container: Container, command: str) -> str:
    """Give what a command prints, "" if it fails."""
    code, raw = container.exec_run(["sh", "-c", command], environment={"LC_ALL": "C"}, demux=True)
    return str((raw[0] or b"").decode()) if code == 0 else ""


def installed(container: Container) -> list[Package]:
    form = "${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\\n"
    return [
        Package(name, version, "dpkg", architecture, source, source_version)
        for name, version, architecture, source, source_version in (
            line.split() for line in sh(container, f"dpkg-query -W -f '{form}'").splitlines()
        )
    ]


def os_release(container: Container) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in sh(container, "cat /etc/os-release").splitlines())
    return {key: value.strip('"') for key, value in pairs}


def look(container: Container, *, changelogs: bool = False) -> Fixes:
    return published_fixes(
        installed(container),
        os_release(container),
        {SOURCES: sh(container, f"cat {SOURCES}").encode()},
        changelogs=changelogs,
    )


def upgradable(container: Container) -> dict[str, str]:
    """Give the packages that apt would upgrade, with their new versions."""
    lines = sh(container, "apt list --upgradable 2>/dev/null").splitlines()
    return {line.split("/")[0]: line.split()[1] for line in lines if "/" in line}


def older_ones(container: Container, index: Index, release: str) -> list[str]:
    """Give packages, the smallest first, whose version in the release itself is the lower one."""
    found = []
    for item in index.published:
        highest = index.highest(item.name, item.architecture)
        mine = version_key(item.version)
        if item.suite == release and highest and mine is not None and mine < highest[0]:
            found.append((item.size, item.name, item.version))
    have = {item.name for item in installed(container)}
    return [f"{name}={version}" for _, name, version in sorted(found) if name not in have]


@pytest.fixture(scope="module")
def aged(container: Container) -> Container:
    """The container with packages for which there are newer ones."""
    no_translations = "echo 'Acquire::Languages \"none\";' > /etc/apt/apt.conf.d/90languages"
    assert sh(container, f"{no_translations} && apt-get update -q")
    here = os_release(container)
    release = here["VERSION_CODENAME"]
    named = named_sources({SOURCES: sh(container, f"cat {SOURCES}").encode()})
    lists = f"/var/lib/apt/lists/*_{release}-security_main_binary-*_Packages*"
    helper = "/usr/lib/apt/apt-helper cat-file"
    told = sh(container, f"for list in {lists}; do {helper} $list; done | sed -n 's/^Package: //p'")
    names = [name for name in told.split() if name.startswith("lib")]
    known = machine_sources("debian", release)
    index = read_index(
        suites_of(here, named, (), known),
        names=names,
        sources=(),
        architectures=[sh(container, "dpkg --print-architecture").strip()],
        trusted={source.address for source in known},
    )
    install = "apt-get install -y -q --no-install-recommends --allow-downgrades"
    done = 0
    for item in older_ones(container, index, release)[:TRIED]:
        done += bool(sh(container, f"{install} '{item}'"))
        if done == WANTED:
            break
    assert done
    before = f"sed 's/{release}/{BEFORE}/g' {SOURCES} > /etc/apt/sources.list.d/before.list"
    assert not sh(container, f"{before} && apt-get update -q >&2")
    for name in OLDER:
        version = sh(container, f"apt-cache madison {name} | grep {BEFORE}/ | cut -d'|' -f2")
        assert sh(container, f"{install} {name}={version.split()[0]}")
    sh(container, "rm /etc/apt/sources.list.d/before.list")
    return container


@pytest.fixture(scope="module")
def theirs(aged: Container) -> dict[str, str]:
    """What apt would upgrade in it."""
    assert sh(aged, "apt-get update -q")
    return upgradable(aged)


def test_the_upgradable_packages_are_those_that_apt_says(
    aged: Container, theirs: dict[str, str]
) -> None:
    found = look(aged)
    assert found.status == "known"
    assert set(OLDER) < set(theirs)
    assert {name for fix in found for name in fix.packages} == set(theirs)
    assert (found.assumed, found.elsewhere) == ((), ())
    assert any(fix.suite.endswith("-security") for fix in found)


def test_grouped_by_source_as_apt_says(aged: Container, theirs: dict[str, str]) -> None:
    wanted = " ".join(f"{name}={version}" for name, version in theirs.items())
    sources: dict[str, tuple[str, set[str]]] = {}
    for shown in sh(aged, f"apt-cache show {wanted}").strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in shown.splitlines() if ": " in line)
        name = fields["Package"]
        source, _, version = fields.get("Source", name).partition(" ")
        place = sources.setdefault(source, (version.strip("()") or fields["Version"], set()))
        place[1].add(name)
    assert {fix.source: (fix.candidate, set(fix.packages)) for fix in look(aged)} == sources


def test_cves_are_those_of_the_changelogs(aged: Container) -> None:
    found = look(aged, changelogs=True)
    security = [fix for fix in found if fix.suite.endswith("-security") and not fix.rebuilt]
    assert any(fix.cves for fix in security)
    assert look(aged, changelogs=True) == found  # from what is kept


def test_what_is_left_after_an_upgrade_is_what_apt_holds_back(aged: Container) -> None:
    assert look(aged).count
    assert sh(aged, "apt-get upgrade -y -q")
    held = upgradable(aged)
    assert {name for fix in look(aged) for name in fix.packages} == set(held)
    assert not set(OLDER) & set(held)
