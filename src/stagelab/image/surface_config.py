"""What an image's configuration tells of its attack surface.

Source: OCI image specification, "Image Configuration", `config`, with Docker's `Healthcheck` and
`Shell`. A missing health check is a fact and no finding: some orchestrators look at no image's, and
an attacker gains nothing by it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from stagelab.image.finding import in_settings, instructions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.finding import Finding
    from stagelab.image.stack import Stack
    from stagelab.image.users import User

Form = Literal["exec", "shell", "none"]

_SHELL = ("/bin/sh", "-c")


def words(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - a stranger's JSON
    """Give a list of the configuration; empty if it is none."""
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def form(stack: Stack) -> Form:
    """Tell in which form ENTRYPOINT was written, or CMD if there is no ENTRYPOINT.

    In shell form the builder puts the words of SHELL before the command.
    """
    command = words(stack.settings.get("Entrypoint")) or words(stack.settings.get("Cmd"))
    if not command:
        return "none"
    shells = {_SHELL, words(stack.settings.get("Shell")) or _SHELL}
    return "shell" if command[:-1] in shells else "exec"


def ports(stack: Stack) -> tuple[str, ...]:
    """Give the ports of EXPOSE, "8080/tcp", by number."""
    exposed = stack.settings.get("ExposedPorts")
    named = [str(port) for port in exposed] if isinstance(exposed, dict) else []
    return tuple(sorted(named, key=lambda port: (int(_digits(port) or 0), port)))


def healthcheck(stack: Stack) -> tuple[str, ...] | None:
    """Give the command of HEALTHCHECK, ("CMD", …); ("NONE",) if disabled, None if not set."""
    check = stack.settings.get("Healthcheck")
    return (words(check.get("Test")) or None) if isinstance(check, dict) else None


def labels(stack: Stack) -> dict[str, str]:
    """Give the labels, those of the base included."""
    named = stack.settings.get("Labels")
    return {str(k): str(v) for k, v in named.items()} if isinstance(named, dict) else {}


def settings(stack: Stack, who: User) -> Iterator[Finding]:
    """Give what is found in the configuration."""
    said = str(stack.settings.get("User") or "")
    place = instructions(stack, "USER").get("")
    if who.root:
        yield in_settings("root user", place, f"USER {said}" if said else "no USER")
    if who.problem:
        yield in_settings("unknown user", place, who.problem)
    exposed = instructions(stack, "EXPOSE")
    for port in ports(stack):
        place = exposed.get(port) or exposed.get(port.removesuffix("/tcp")) or exposed.get("")
        yield in_settings("port", place, port)
    if form(stack) == "shell":
        keyword = "ENTRYPOINT" if words(stack.settings.get("Entrypoint")) else "CMD"
        yield in_settings("shell form", instructions(stack, keyword).get(""))


def _digits(port: str) -> str:
    found = re.match(r"\d{1,9}", port, re.ASCII)
    return found[0] if found else ""
