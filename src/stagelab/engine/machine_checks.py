"""Checks of this machine, whatever the engine."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from importlib import metadata
from threading import Thread

import requests

from stagelab.engine.checks import Check

_OLDEST_PYTHON = (3, 11)
_REGISTRY = "https://index.docker.io/v1/"
"""Where an engine without settings of its own looks for official images."""

_REGISTRY_SECONDS = 1.5
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def python() -> Check:
    """Check the version of Python."""
    said = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < _OLDEST_PYTHON:
        return Check(
            "Python", ok=False, found=said, fix="Install Python 3.11 or newer, and run with it."
        )
    return Check("Python", ok=True, found=said)


def packages() -> Check:
    """Check that every package that the course depends on is installed."""
    wanted = [line for line in metadata.requires("stagelab") or () if "extra ==" not in line]
    names = [match[0] for line in wanted if (match := _NAME.match(line))]
    missing = [name for name in names if not _version(name)]
    if missing:
        return Check(
            "packages",
            ok=False,
            found="missing: " + ", ".join(missing),
            fix="Run `./course start --once`, or `conda env update --file environment.yml`.",
        )
    return Check(
        "packages", ok=True, found=f"all {len(names)}, docker {_version('docker')} among them"
    )


def rest() -> list[Check]:
    """Check JupyterLab, git, and the browser that only the tests use."""
    return [_jupyterlab(), _git(), _chromium()]


def registry() -> Check:
    """Check whether Docker Hub answers this machine (the engine may have another way)."""
    answers: list[str] = []

    def ask() -> None:
        try:
            requests.head(_REGISTRY, timeout=_REGISTRY_SECONDS)
            answers.append("")
        except requests.RequestException as error:
            answers.append(type(error).__name__)

    # the time limit of requests does not hold for looking the name up
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_REGISTRY_SECONDS)
    if answers == [""]:
        return Check("registry", ok=True, found="Docker Hub answers")
    why = answers[0] if answers else f"no answer within {_REGISTRY_SECONDS} s"
    return Check(
        "registry",
        ok=None,
        found=f"Docker Hub is not reachable from here ({why})",
        fix="Nothing, if the base images are there. Else `./course bases stand-ins`.",
    )


def _jupyterlab() -> Check:
    version = _version("jupyterlab")
    if version:
        return Check("JupyterLab", ok=True, found=version)
    return Check(
        "JupyterLab", ok=False, found="not installed", fix="`python -m pip install jupyterlab`"
    )


def _git() -> Check:
    path = shutil.which("git")
    if path:
        return Check("git", ok=True, found=path)
    return Check(
        "git", ok=None, found="not installed", fix="Only needed to fetch newer lessons: install it."
    )


def _chromium() -> Check:
    for name in _BROWSERS:
        path = shutil.which(name)
        if path:
            return Check("Chromium", ok=True, found=path)
    return Check(
        "Chromium",
        ok=None,
        found="not installed",
        fix="Only the tests need it; on Debian or Ubuntu `./course test` installs it as root.",
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
