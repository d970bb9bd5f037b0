"""Recognise that the kernel refused a RUN step something, or killed it."""

from __future__ import annotations

import re

_SIGKILL = "137"  # 128 + the signal's number
_KILLED = re.compile(r"signal: killed|^(?:.*\s)?Killed\s*$|out of memory|cannot allocate memory",
                     re.IGNORECASE | re.MULTILINE)  # fmt: skip
NO_PROCESS = re.compile(
    r"can't fork|cannot fork|fork: .*Resource temporarily unavailable|fork/exec .*: resource "
    r"temporarily unavailable|newosproc|pthread_create failed",
    re.IGNORECASE,
)
"""What programs say when no more processes or threads can be started."""


def starved(exit_code: str, log: str) -> tuple[str, str] | None:
    """Explain a step that ran out of memory or processes.

    Args:
        exit_code: Of its command.
        log: What it printed.

    Returns:
        What happened, as the end of a sentence, and what to do; None if it was something else.
    """
    end = log[-4096:]
    if NO_PROCESS.search(end):
        return (
            "could start no more processes: there were as many as the engine lets a build have.",
            "Let it start fewer, and wait for those that it starts.",
        )
    if exit_code == _SIGKILL or _KILLED.search(end):
        return (
            "was killed by the kernel, most likely because it needed more memory than there is.",
            "Let it need less: fewer jobs at once, less data. Or give the engine more memory: "
            "Docker Desktop and the like have a setting for it.",
        )
    return None
