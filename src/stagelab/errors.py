"""Everything that can go wrong, as one tree.

::

    StagelabError
    ├── EngineError              the engine itself
    │   ├── EngineNotFound           no engine anywhere we look
    │   ├── EngineUnreachable        one is named or found, but does not answer us
    │   ├── EngineConfigInvalid      a Docker context or config.json that cannot be used
    │   └── EngineStartFailed        the course's own engine could not be installed or started
    ├── BaseError                a base image
    │   ├── BaseUnavailable          neither here, nor pulled, nor made
    │   ├── PullFailed               a registry or the way to it said no
    │   ├── StandInFailed            a stand-in could not be made
    │   └── ModulesUnavailable       Go modules are neither here nor to be had
    ├── BuildError               a build
    │   ├── ContextError             the build context or the Dockerfile cannot be read or sent
    │   ├── SecretUnavailable        a secret that is given to a build cannot be read
    │   ├── OptionUnsupported        this builder or engine has no such option
    │   ├── BuildFailed              an instruction failed (stage, step, line, log)
    │   │   └── BuildStopped             it took more than it may, and was stopped
    │   └── BuildCancelled           stopped before its end
    ├── RunError                 a container
    │   ├── StartFailed              it could not be started
    │   └── RunTimeout               it did not end in time and was stopped
    ├── ImageError               an image or an archive of one
    │   ├── ImageNotFound            no such image on this engine
    │   └── ArchiveDamaged           an image archive that cannot be read
    └── ExerciseError            an exercise that is not as it should be

Every error says three things: `cause` (what happened and most likely why, in a sentence), `fix`
(what to do about it on this system) and `detail` (the engine's or system's original words, "" when
there are none). In IPython it shows as those three and not as a traceback: `stagelab.show.trouble`
tells of it.
"""

from __future__ import annotations

import textwrap
from typing import Literal

__all__ = [
    "ArchiveDamaged",
    "BaseError",
    "BaseUnavailable",
    "BuildCancelled",
    "BuildError",
    "BuildFailed",
    "BuildStopped",
    "ContextError",
    "EngineConfigInvalid",
    "EngineError",
    "EngineNotFound",
    "EngineStartFailed",
    "EngineUnreachable",
    "ExerciseError",
    "ImageError",
    "ImageNotFound",
    "ModulesUnavailable",
    "OptionUnsupported",
    "PullFailed",
    "RunError",
    "RunTimeout",
    "SecretUnavailable",
    "StagelabError",
    "StandInFailed",
    "StartFailed",
]


class StagelabError(Exception):
    """Base of every error of this package.

    Args:
        cause: What happened and most likely why, one sentence or two.
        fix: What to do about it; imperative, with the command where there is one.
        detail: The engine's or system's original words, "" when there are none.
    """

    title = "Something went wrong"

    def __init__(self, cause: str, *, fix: str, detail: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.fix = fix
        self.detail = detail.strip()

    def __str__(self) -> str:
        parts = [self.cause, f"Fix: {self.fix}"]
        if self.detail:
            label = "The original words:"
            parts.append(label + "\n" + textwrap.indent(self.detail, "    "))
        return "\n".join(parts)


class EngineError(StagelabError):
    """Something about the container engine itself."""

    title = "The engine"


class EngineNotFound(EngineError):
    """No engine was found in any of the places an engine usually is."""


class EngineUnreachable(EngineError):
    """An engine is named or found, but does not answer, or not to this user."""


class EngineConfigInvalid(EngineError):
    """A Docker context that does not exist or a config.json that does not parse."""


class EngineStartFailed(EngineError):
    """The course's own engine could not be installed or started."""


class BaseError(StagelabError):
    """Something about a base image."""

    title = "A base image"


class BaseUnavailable(BaseError):
    """A base image is neither on the engine, nor could it be pulled or made."""


class PullFailed(BaseError):
    """A registry, or the way to it, refused a pull.

    Args:
        cause: As in `StagelabError`.
        fix: As in `StagelabError`.
        detail: The engine's error line.
        scope: What else fails for the same reason: nothing but this "image", every image of this
            "registry", or everything on this "engine" (its disk is full).
    """

    def __init__(
        self,
        cause: str,
        *,
        fix: str,
        detail: str = "",
        scope: Literal["image", "registry", "engine"] = "image",
    ) -> None:
        super().__init__(cause, fix=fix, detail=detail)
        self.scope = scope


class StandInFailed(BaseError):
    """A stand-in base image could not be made from distribution packages."""


class ModulesUnavailable(BaseError):
    """Go modules that a build needs are neither on this computer nor to be had."""


class BuildError(StagelabError):
    """Something about a build."""

    title = "The build"


class ContextError(BuildError):
    """The build context or its Dockerfile cannot be read or sent."""


class SecretUnavailable(BuildError):
    """A secret that is given to a build cannot be read; no error ever tells a secret's value."""


class OptionUnsupported(BuildError):
    """The chosen builder, or this engine, has no such option."""


class BuildFailed(BuildError):
    """An instruction of the Dockerfile failed.

    Args:
        cause: As in `StagelabError`.
        fix: As in `StagelabError`.
        detail: The engine's error line.
        stage: Name of the stage, `stage-N` if it has none, None if the build failed outside any.
        step: The instruction as in the Dockerfile, None if none was reached.
        line: Its first line in the Dockerfile, 1-based, None if unknown.
        log: The last lines that the instruction printed.
    """

    def __init__(
        self,
        cause: str,
        *,
        fix: str,
        detail: str = "",
        stage: str | None = None,
        step: str | None = None,
        line: int | None = None,
        log: str = "",
    ) -> None:
        super().__init__(cause, fix=fix, detail=detail)
        self.stage = stage
        self.step = step
        self.line = line
        self.log = log

    def __str__(self) -> str:
        text = super().__str__()
        if self.log:
            text += "\nThe log's end:\n" + textwrap.indent(self.log.rstrip(), "    ")
        return text


class BuildStopped(BuildFailed):
    """The build took more time, disk or memory than it may: it was stopped, and nothing of it runs.

    Stage, step, line and log are those of the instruction that was running.
    """


class BuildCancelled(BuildError):
    """The build was stopped before its end; nothing of it is running any more."""


class RunError(StagelabError):
    """Something about a container that we ran."""

    title = "The container"


class StartFailed(RunError):
    """The engine could not start the container's program."""


class RunTimeout(RunError):
    """The container did not end in time and was stopped and removed.

    Args:
        cause: As in `StagelabError`.
        fix: As in `StagelabError`.
        detail: What it printed last.
        why: What kept it from ending, in a sentence, "" if that is not known.
    """

    def __init__(self, cause: str, *, fix: str, detail: str = "", why: str = "") -> None:
        super().__init__(cause, fix=fix, detail=detail)
        self.why = why


class ImageError(StagelabError):
    """Something about an image or an archive of one."""

    title = "The image"


class ImageNotFound(ImageError):
    """No such image on this engine."""


class ArchiveDamaged(ImageError):
    """An image archive is truncated, inconsistent or unsafe."""


class ExerciseError(StagelabError):
    """An exercise or its solution is not as it should be."""

    title = "The exercise"
