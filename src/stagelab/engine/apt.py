"""Install packages of Debian or Ubuntu, with progress."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from stagelab import _home

Progress = Callable[[str, int | None, int | None], None]
"""Told what is waited for, how much is done and how much there is (None where not known)."""

_LOG_LINES = 12
_PERCENT = 100
_PHASES = {"dlstatus": "Fetching packages", "pmstatus": "Unpacking and setting up packages"}


class AptFailed(Exception):
    """apt-get said no.

    Args:
        tail: The last lines that it printed.
        log: File of all that it printed.
    """

    def __init__(self, tail: str, log: Path) -> None:
        super().__init__(tail)
        self.tail = tail
        self.log = log


def available() -> bool:
    """Tell whether this user can install packages here: Debian, Ubuntu or kin, and root."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return bool(family & {"debian", "ubuntu"})


def install(packages: Iterable[str], progress: Progress) -> None:
    """Install packages without what they only recommend, from the machine's own sources.

    Args:
        packages: Their names.
        progress: Told what is waited for.

    Raises:
        AptFailed: They could not be fetched or set up.
    """
    names = list(packages)
    log = _home.data_dir() / "apt.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    fresh = not _known(names)
    if fresh:
        _update(log, progress)
    try:
        _install(names, log, progress)
    except AptFailed:
        if fresh:
            raise
        _update(log, progress)  # the lists may be older than what the archive still has
        _install(names, log, progress)


def _install(names: list[str], log: Path, progress: Progress) -> None:
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    _apt(command, log, progress)


def _update(log: Path, progress: Progress) -> None:
    progress("Fetching the lists of packages", None, None)
    _apt(["apt-get", "update"], log, progress)


def _known(names: Iterable[str]) -> bool:
    """Tell whether the lists of packages are there, by whether they know these packages."""
    done = subprocess.run(
        ["apt-cache", "show", "--quiet", *names], capture_output=True, check=False
    )
    return done.returncode == 0


def _apt(command: list[str], log: Path, progress: Progress) -> None:
    """Run apt-get and follow the status lines that it writes to a file descriptor.

    They are `phase:package:percent:words`; see README.progress-reporting of apt.
    """
    reading, writing = os.pipe()
    options = [f"APT::Status-Fd={writing}", "Dpkg::Use-Pty=0", "DPkg::Lock::Timeout=300"]
    settings = [word for option in options for word in ("--option", option)]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [command[0], *settings, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=(writing,),
            env=environment,
        )
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                _tell(line, progress)
    finally:
        code = process.wait()
    if code != 0:
        words = log.read_text(encoding="utf-8", errors="replace").splitlines()
        raise AptFailed("\n".join(words[-_LOG_LINES:]), log)


def _tell(line: str, progress: Progress) -> None:
    phase, _, rest = line.partition(":")
    parts = rest.rsplit(":", 2) if phase == "dlstatus" else rest.split(":", 2)
    try:
        percent = float(parts[1])
    except (IndexError, ValueError):
        return
    if phase in _PHASES:
        progress(_PHASES[phase], round(percent), _PERCENT)
