"""Checks of this machine, whatever the engine."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import metadata

from stagelab.engine.checks import Check
from stagelab.engine.examining import Question

_OLDEST_PYTHON = (3, 11)
_REGISTRY = "https://index.docker.io/v1/"
"""Where an engine without settings of its own looks for official images."""

_REGISTRY_SECONDS = 1.2
_PROXY_WANTS_NAME = 407
_SERVER_ERRORS = 500
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def python() -> Check:
    """Check the version of Python."""
    said = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < _OLDEST_PYTHON:
        return Check(
            "Python", ok=False, found=said, fix="Install Python 3.11 or newer, and run with it."
        )
    return Check("Python", ok=True, found=said)


def packages() -> Check:
    """Check that every package the course depends on is here, in a version that serves."""
    from packaging.requirements import Requirement  # noqa: PLC0415  (slow, and may be missing)

    wanted = [Requirement(line) for line in metadata.requires("stagelab") or ()]
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = []
    for one in needed:
        version = _version(one.name)
        if version is None:
            wrong.append(one.name)
        elif not one.specifier.contains(version, prereleases=True):
            wrong.append(f"{one.name} {one.specifier} (here: {version})")
    if wrong:
        return Check(
            "packages",
            ok=False,
            found="missing: " + ", ".join(wrong),
            fix="Run `./course start --once`, or `conda env update --file environment.yml`.",
        )
    return Check(
        "packages", ok=True, found=f"all {len(needed)}, docker {_version('docker')} among them"
    )


def first() -> list[Question]:
    """List what everything else rests on."""
    return [Question("Python", python), Question("packages", packages)]


def last() -> list[Question]:
    """List JupyterLab, git, the browser that only the tests use, and the registry."""
    return [
        Question("JupyterLab", _jupyterlab),
        Question("git", _git, needed=False),
        Question("Chromium", _chromium, needed=False),
        Question("registry", registry, needed=False, late=_registry_late()),
    ]


def registry() -> Check:
    """Check whether Docker Hub answers this machine (the engine may have another way)."""
    import requests  # noqa: PLC0415  (slow, and may be missing)

    try:
        status = requests.head(_REGISTRY, timeout=_REGISTRY_SECONDS).status_code
    except requests.RequestException as error:
        return _unreachable(type(error).__name__)
    if status == _PROXY_WANTS_NAME or status >= _SERVER_ERRORS:
        return _unreachable(f"something answers in its place, with status {status}")
    return Check("registry", ok=True, found="Docker Hub answers")


def _unreachable(why: str) -> Check:
    found, fix = _registry_late(why)
    return Check("registry", ok=None, found=found, fix=fix)


def _registry_late(why: str = "no answer in time") -> tuple[str, str]:
    return (
        f"Docker Hub is not reachable from here ({why})",
        "Nothing, if the base images are there. Else `./course bases stand-ins`.",
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
