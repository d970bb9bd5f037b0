"""`test`: every check of the course, on a real engine, without leftovers."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from stagelab.errors import StagelabError

if TYPE_CHECKING:
    from stagelab.engine.connecting import Found

HELP = "Get ready as start does, then run every test; what follows is passed on to pytest."
EXAMPLE = "./course test -k cleanup   (on another engine: --engine unix:///path)"

_CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)
_PACKAGES = ("altair", "hypothesis", "mypy", "playwright", "pytest", "ruff", "trustme", "yaml")
_BESIDE = ("tests/notebooks", "tests/safety", "tests/unit")
"""They leave the engine alone, and can run while others wait for it."""

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--yes", action="store_true", help="agree to install an engine if there is none"
    )
    parser.add_argument(
        "--engine",
        metavar="URL",
        help="the engine to run on, as DOCKER_HOST names it; none is started, stopped or "
        "installed, and base images that are brought to it are removed again",
    )
    parser.add_argument(
        "--stand-ins",
        action="store_true",
        help="with --engine: where no registry answers, make stand-ins for the base images there",
    )
    parser.set_defaults(passes_on=True)


def run(arguments: argparse.Namespace) -> int:
    """Run the checks, then pytest; 0 if all passed. The engine is left as it was found."""
    from stagelab.cli import places  # noqa: PLC0415  (--help must not wait for these)
    from stagelab.cli.prepare import get_bases  # noqa: PLC0415
    from stagelab.engine import own  # noqa: PLC0415

    _check_packages()
    session = f"test-{secrets.token_hex(4)}"
    os.environ["STAGELAB_SESSION"] = session
    root = places.root()
    ran = own.is_running()
    found = _find(arguments)
    before = _present(found) if arguments.engine else None
    try:
        get_bases(found, stand_ins=True if arguments.stand_ins else None)
        _get_browser()
        with tempfile.TemporaryDirectory() as folder:
            return _run_all(root, found, arguments.rest, Path(folder))
    finally:
        _leave(found, session, running=ran or arguments.engine is not None, before=before)


def _find(arguments: argparse.Namespace) -> Found:
    """Find the engine that is named, or get the one that the course uses."""
    from stagelab.cli.prepare import get_engine  # noqa: PLC0415  (--help must not wait for these)
    from stagelab.engine.connecting import find  # noqa: PLC0415

    if arguments.engine is None:
        return get_engine(yes=arguments.yes or not sys.stdin.isatty())
    os.environ["DOCKER_HOST"] = arguments.engine  # for pytest and the notebooks' kernels, too
    found = find(start=False)
    version = found.client.version()["Version"]
    print(f"Engine: {found.endpoint}, {version}, {found.client.info()['Driver']} storage")
    return found


def _present(found: Found) -> set[str]:
    """Give the references of the base images that are there."""
    from stagelab.bases import survey  # noqa: PLC0415  (--help must not wait for it)

    return {row.reference for row in survey(found.client) if row.base is not None}


def _check_packages() -> None:
    """See that the packages for the tests are there: a conda environment has only the course's.

    Raises:
        StagelabError: One is missing.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise StagelabError(
            f"The tests need packages that are not installed here: {', '.join(missing)}.",
            fix='Install them in the course\'s folder: python -m pip install -e ".[test]"',
        )


def _run_all(root: Path, found: Found, rest: list[str], folder: Path) -> int:
    from stagelab.exercise import record  # noqa: PLC0415  (--help must not wait for it)

    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        record.VARIABLE: str(folder / "progress.json"),  # what the tests solve is nobody's progress
    }
    if found.endpoint.searched:
        environment["DOCKER_HOST"] = found.endpoint.url
    failed = [" ".join(check) for check in _CHECKS if _python(check, root, environment) != 0]
    if rest:
        code = _python(("pytest", *rest), root, environment)
    else:
        code = _everything(root, environment, folder / "beside.txt")
    if failed:
        print(f"Failed before pytest: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed or code else 0


def _everything(root: Path, environment: dict[str, str], beside: Path) -> int:
    """Run all of pytest's tests, those that leave the engine alone beside the others.

    Args:
        root: The course's folder.
        environment: Variables of the tests.
        beside: File for what the former print; it is shown when all are done.
    """
    words = ("pytest", *_BESIDE)
    with beside.open("wb") as said:
        quiet = subprocess.Popen(
            _command(words), cwd=root, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        others = (f"--ignore={folder}" for folder in _BESIDE)
        code = _python(("pytest", *others), root, environment)
        code = quiet.wait() or code
    finally:
        quiet.terminate()
        quiet.wait()
    print(f"\n$ {' '.join(words)}\n{beside.read_text('utf-8', errors='replace')}", flush=True)
    return code


def _python(words: tuple[str, ...], root: Path, environment: dict[str, str]) -> int:
    print(f"\n$ {' '.join(words)}", flush=True)
    return subprocess.run(_command(words), cwd=root, env=environment, check=False).returncode


def _command(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", *words]


def _get_browser() -> None:
    """Install what the browser tests need, where the course may and it is missing.

    That is Chromium, and the library that Playwright's driver is linked to.
    """
    from stagelab.cli.waiting import waiting  # noqa: PLC0415
    from stagelab.engine import apt  # noqa: PLC0415

    missing = [] if any(shutil.which(name) for name in _BROWSERS) else ["chromium"]
    if find_library("atomic") is None:
        missing.append("libatomic1")
    if not missing or not apt.available():
        return
    names = " ".join(missing)
    print(f"The browser tests need Chromium: installing the system's packages {names}.")
    with waiting() as display:
        try:
            apt.install(missing, display)
        except apt.AptFailed as error:
            raise StagelabError(
                f"What the browser tests need could not be installed: {names}.",
                fix=f"Check the network, or install it yourself: apt-get install {names}",
                detail=error.tail,
            ) from error


def _leave(found: Found, session: str, *, running: bool, before: set[str] | None) -> None:
    """Remove what the session made, and stop the own engine if it did not run before.

    Args:
        found: The engine.
        session: The session of the tests.
        running: The own engine ran before, or is nothing of these tests.
        before: The base images that were there; others are removed. None leaves them all.
    """
    from stagelab.engine import clean, own  # noqa: PLC0415

    clean(found.client, session=session)
    for reference in () if before is None else _present(found) - before:
        found.client.images.remove(reference)
    if not running and own.is_running():
        own.stop()
