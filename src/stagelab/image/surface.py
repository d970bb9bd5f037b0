"""The attack surface of an image: what an attacker who gets in would find."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stagelab._render import Shown
from stagelab.image import surface_config as config
from stagelab.image.surface_files import files
from stagelab.image.surface_programs import programs
from stagelab.image.users import User, user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stagelab.image.finding import Finding
    from stagelab.image.stack import Stack
    from stagelab.image.surface_config import Form
    from stagelab.image.surface_words import FindingKind


@dataclass(frozen=True, slots=True)
class Surface(Shown):
    """The attack surface of an image.

    Attributes:
        user: Who a container's program runs as.
        findings: All that an attacker could use: programs by kind and path, then files by path,
            then settings.
        entrypoint_form: How ENTRYPOINT was written, or CMD if there is no ENTRYPOINT.
        ports: As in the configuration, "8080/tcp".
        healthcheck: The command, ("CMD", "/app", "-check"); ("NONE",) if a base's is disabled;
            None if there is none.
        env: Environment variables.
        labels: Labels, those of the base included.
    """

    user: User
    findings: tuple[Finding, ...]
    entrypoint_form: Form
    ports: tuple[str, ...]
    healthcheck: tuple[str, ...] | None
    env: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)

    def of(self, kind: FindingKind) -> tuple[Finding, ...]:
        """Give the findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    def count(self, kind: FindingKind) -> int:
        """Count the findings of one kind."""
        return len(self.of(kind))

    @property
    def shells(self) -> tuple[Finding, ...]:
        """Shells, by a name in the usual folders of programs and those of PATH."""
        return self.of("shell")

    @property
    def package_managers(self) -> tuple[Finding, ...]:
        """Package managers, likewise."""
        return self.of("package manager")

    @property
    def compilers(self) -> tuple[Finding, ...]:
        """Compilers, likewise."""
        return self.of("compiler")

    @property
    def interpreters(self) -> tuple[Finding, ...]:
        """Interpreters of programming languages, likewise; shells and awk are not among them."""
        return self.of("interpreter")

    @property
    def network_tools(self) -> tuple[Finding, ...]:
        """Programs that bring files in or out, likewise."""
        return self.of("network tool")

    @property
    def setuid(self) -> tuple[Finding, ...]:
        """Programs that run with their owner's rights whoever starts them."""
        return self.of("setuid")

    @property
    def setgid(self) -> tuple[Finding, ...]:
        """Programs that run with their group's rights whoever starts them."""
        return self.of("setgid")

    @property
    def world_writable(self) -> tuple[Finding, ...]:
        """Files, and folders without the sticky bit, that everybody may write to."""
        return self.of("world-writable")

    @property
    def capabilities(self) -> tuple[Finding, ...]:
        """Programs that get capabilities from their file."""
        return self.of("capability")


def surface(stack: Stack) -> Surface:
    """Find what an attacker could use; reads nothing more than what is known of the layers."""
    who = user(stack)
    return Surface(
        user=who,
        findings=(*programs(stack), *files(stack), *config.settings(stack, who)),
        entrypoint_form=config.form(stack),
        ports=config.ports(stack),
        healthcheck=config.healthcheck(stack),
        env=stack.env,
        labels=config.labels(stack),
    )
