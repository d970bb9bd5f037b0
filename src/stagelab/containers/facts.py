"""What a container did: frozen facts, in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from stagelab._render import Shown

STOPPED = "Stopped: "
"""Before the reason why a container was stopped, in a line of its own below what it printed."""


def with_reason(printed: str, stopped: str) -> str:
    """Give what a container printed and, below it, why it was stopped, if it was.

    Args:
        printed: What it printed.
        stopped: Why it was stopped, "" if it was not.
    """
    if not stopped:
        return printed
    between = "" if printed.endswith("\n") or not printed else "\n"
    return f"{printed}{between}{STOPPED}{stopped}\n"


@dataclass(frozen=True, slots=True)
class Run(Shown):
    """A container that ran to its end, or could not start.

    Attributes:
        image: What was run, by name or ID.
        command: The arguments that were given, behind the entrypoint if that was given too.
        exit_code: Of its main process; None if it could not start.
        stdout: What it wrote there, decoded as UTF-8.
        stderr: Likewise.
        seconds: From start to end, by our clock.
        error: The engine's words if it could not start, else "".
        stopped: Why it was stopped before its end, in a sentence: it needed more memory, wrote or
            printed more than it may. "" if it ended by itself.
    """

    image: str
    command: tuple[str, ...]
    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    error: str = ""
    stopped: str = ""

    @property
    def ok(self) -> bool:
        """Whether it started and ended with exit code 0."""
        return self.exit_code == 0

    @property
    def output(self) -> str:
        """What there is to read: both outputs and why it was stopped, or why it did not start."""
        return self.error or with_reason(self.stdout + self.stderr, self.stopped)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response of a service.

    Attributes:
        status: Its status code.
        body: Decoded as UTF-8.
        headers: By name in lower case.
    """

    status: int
    body: str
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Health:
    """What an image's health check (HEALTHCHECK) found.

    Attributes:
        status: "healthy", "unhealthy", "starting" before the first check ended, or "none" if the
            image has no health check.
        exit_code: Of the last check, -1 if it could not be started; None before the first.
        output: What the last check printed, or the engine's words why it could not be started.
    """

    status: str
    exit_code: int | None
    output: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a service ended when it was asked to (SIGTERM, then SIGKILL).

    Attributes:
        seconds: From the request to the end, by our clock.
        exit_code: Of its main process.
        killed: Whether SIGTERM was not enough: it goes on for as long as it is let.
    """

    seconds: float
    exit_code: int
    killed: bool
