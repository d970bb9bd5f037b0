"""Say what a failed build means: from the engine's words to cause and cure."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from stagelab.bases.refusals import refusal
from stagelab.builds import kernel
from stagelab.errors import BuildError, BuildFailed, BuildStopped, OptionUnsupported

if TYPE_CHECKING:
    from stagelab.builds.dockerfile import Dockerfile, Instruction
    from stagelab.builds.facts import Step
    from stagelab.builds.guard import Breach

LOG_LINES = 12
"""How many lines of the failed step's log an error carries."""

_EXIT = re.compile(r"(?:exit code:|non-zero code:) (\d+)")
_AT_LINE = re.compile(r"(?:parse error|Dockerfile)[^\n]*?\bline (\d+)|Dockerfile:(\d+)")
_NO_SPACE = re.compile(r"no space left on device", re.IGNORECASE)
_MISSING_FILE = re.compile(
    r"file not found in build context|failed to (?:compute cache key|walk)|"
    r"failed to calculate checksum|no source files were specified|"
    r"(?:COPY|ADD) failed: .*(?:file does not exist|no such file or directory)",
    re.IGNORECASE,
)
_NO_SHELL = re.compile(r'exec: "/bin/sh": stat /bin/sh: no such file')
_WRONG_FORMAT = re.compile(r"exec format error", re.IGNORECASE)
_NO_SECRET = re.compile(r"secret (?:\"?)([^\s\":]+)(?:\"?):? not found|no active sessions")
_NEEDS_BUILDKIT = re.compile(r"requires BuildKit", re.IGNORECASE)
_UNKNOWN_INSTRUCTION = re.compile(r"unknown instruction: (\S+)", re.IGNORECASE)
_NO_TARGET = re.compile(
    r"target stage .* could not be found|failed to reach build target", re.IGNORECASE
)
_NO_UPLOAD = re.compile(r"//build-context-\w+")
_NO_IMAGE = re.compile(
    r"pull access denied|failed to resolve source metadata|no such host|manifest (?:for .* )?"
    r"(?:unknown|not found)|repository does not exist|failed to do request|toomanyrequests|"
    r"invalid from flag value|failed to load cache key|connection refused|i/o timeout|not found$|"
    r"proxyconnect|x509:|network is unreachable|too many requests|server misbehaving",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\b(?:for|of) ([\w./-]+:[\w.-]+)")
_NO_CREDENTIALS = re.compile(
    r"no basic auth credentials|\b401\b|authorization failed|\bunauthorized\b", re.IGNORECASE
)
_KEYWORDS = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
]


def failure(
    error: str,
    *,
    source: Dockerfile,
    step: Step | None,
    target: str | None = None,
) -> BuildError:
    """Turn the engine's error line into an error that can be acted upon.

    Args:
        error: The engine's words.
        source: The Dockerfile.
        step: The step that failed, None if the build ended outside any.
        target: The stage that was asked for.
    """
    line = step.line if step else _line_in(error)
    instruction = _instruction_at(source, line)
    cause, fix = _explain(error, source, step, instruction, target)
    if _NEEDS_BUILDKIT.search(error):
        return OptionUnsupported(cause, fix=fix, detail=error)
    stage = step.stage if step else None
    if stage is None and instruction is not None:
        stage = next((s.name for s in source.stages if instruction in s.instructions), None)
    return BuildFailed(
        cause,
        fix=fix,
        detail=error,
        stage=stage,
        step=str(instruction) if instruction else (step.instruction if step else None),
        line=line,
        log=_log_end(step),
    )


def stopped(breach: Breach, error: str, *, source: Dockerfile, step: Step | None) -> BuildStopped:
    """Say that a build was stopped because it went beyond a limit.

    Args:
        breach: Which.
        error: The engine's words, "" if it had none.
        source: The Dockerfile.
        step: The step that was carried out, None if none was reached.
    """
    instruction = _instruction_at(source, step.line if step else None)
    return BuildStopped(
        f"{_where(step, instruction)} had not ended, and the build was stopped {breach.why}.",
        fix=breach.fix,
        detail=error,
        stage=step.stage if step else None,
        step=str(instruction) if instruction else (step.instruction if step else None),
        line=step.line if step else None,
        log=_log_end(step),
    )


def _log_end(step: Step | None) -> str:
    return "\n".join((step.log if step else "").rstrip().splitlines()[-LOG_LINES:])


def _explain(  # noqa: C901, PLR0911, PLR0912 - a list of rules, each an `if` with a return
    error: str,
    source: Dockerfile,
    step: Step | None,
    instruction: Instruction | None,
    target: str | None,
) -> tuple[str, str]:
    where = _where(step, instruction)
    unknown = _UNKNOWN_INSTRUCTION.search(error)
    if unknown:
        return _explain_unknown(unknown.group(1), where, _line_in(error), instruction)
    if _NEEDS_BUILDKIT.search(error):
        return (
            f"{where} uses a feature that only BuildKit has, and this build ran classic.",
            'Build with builder="buildkit", or write the instruction without that flag.',
        )
    if target and _NO_TARGET.search(error):
        names = ", ".join(stage.name for stage in source.stages)
        return (
            f"The Dockerfile has no stage named {target!r}.",
            f"Give one of its stages as target: {names}.",
        )
    missing = _missing_secret(error, instruction)
    if missing:
        return (
            f"{where} requires the secret {missing!r}, and the build was not given it.",
            f'Give it: build(…, secrets={{"{missing}": …}}), as bytes, as a pathlib.Path or as '
            'stagelab.builds.Env("VARIABLE").',
        )
    if _NO_UPLOAD.search(error):
        return (
            "This engine cannot take a build context along with the request: with the containerd "
            "image store, some versions before 28 look for it on the network instead.",
            "Reach the engine by a Unix socket or by TCP, update it, or turn the containerd image "
            'store off; or build with builder="classic".',
        )
    if _WRONG_FORMAT.search(error + (step.log if step else "")):
        return (
            f"{where} ran a program that is made for another kind of processor.",
            "Use base images of this engine's platform, or compile for the other one (GOARCH) in a "
            "stage that runs here.",
        )
    if _NO_SPACE.search(error + (step.log if step else "")):
        return (
            "The engine has no disk space left.",
            "Free some: `stagelab clean` removes what the course made, `docker system df` shows "
            "the rest.",
        )
    mistyped = _mistyped_stage(error, source)
    if mistyped:
        return mistyped
    if _MISSING_FILE.search(error):
        return (
            f"{where} names a file that is not where it looks for it.",
            "Check the spelling and the case. COPY reads from the build context, less what "
            ".dockerignore leaves out; COPY --from=STAGE reads from that stage's files.",
        )
    if _NO_SHELL.search(error + (step.log if step else "")):
        return (
            f"{where} needs a shell, and this stage's base image has none.",
            "RUN what you need in an earlier stage and COPY --from its result, or choose a base "
            "with a shell for this one.",
        )
    exit_code = _EXIT.search(error)
    if exit_code and (starved := kernel.starved(exit_code.group(1), step.log if step else "")):
        return f"{where} {starved[0]}", starved[1]
    if exit_code:
        return (
            f"{where} ran, and its command ended with exit code {exit_code.group(1)}.",
            "Read the log's end for the command's own message, and correct the command or what "
            "it needs.",
        )
    if _NO_CREDENTIALS.search(error):
        return (
            f"{where} names an image whose registry wants a user name and a password.",
            "Log in once by `docker login REGISTRY`; what it writes to your config.json is used "
            "here, too.",
        )
    if _NO_IMAGE.search(error):
        return _explain_image(error, where, instruction)
    return f"{where} failed.", "Read the engine's words below and the Dockerfile line they name."


def _explain_image(error: str, where: str, instruction: Instruction | None) -> tuple[str, str]:
    cause = f"{where} needs a base image that is neither on this engine nor could be pulled."
    fix = (
        "Check the name's spelling; `stagelab bases` shows which base images are here and "
        "how to get the others."
    )
    refused = refusal(_wanted(error, instruction), error)
    if refused.scope == "image" or "denied" in error:  # a registry says so of a name it has not
        return cause, fix
    return f"{cause} {refused.cause}", f"{fix} {refused.fix}"


def _explain_unknown(
    keyword: str, where: str, line: int | None, instruction: Instruction | None
) -> tuple[str, str]:
    if instruction is not None and line is not None and instruction.line < line:
        return (
            f"{where} has a heredoc, which the builder of this engine does not know.",
            "Write the commands in one instruction, joined by `&&`, or use a newer engine.",
        )
    close = difflib.get_close_matches(keyword.upper(), _KEYWORDS, n=1)
    hint = f"Did you mean {close[0]}?" if close else "See the Dockerfile reference."
    return f"{keyword} is no Dockerfile instruction.", f"Correct the keyword. {hint}"


def _mistyped_stage(error: str, source: Dockerfile) -> tuple[str, str] | None:
    """Recognise `COPY --from=bulider`: the engine takes an unknown stage name for an image."""
    named = [stage.name for stage in source.stages if stage.named]
    for instruction in source.instructions:
        for origin in instruction.origins:
            if not origin or source.stage(origin) or origin.split("/")[-1] not in error:
                continue
            close = difflib.get_close_matches(origin.lower(), named, n=1)
            if close:
                option = "--from" if instruction.flag("from") else "from"
                return (
                    f"Line {instruction.line}: no stage is named {origin!r}, so the engine took it "
                    "for an image and tried to pull that.",
                    f"Write {option}={close[0]}; the stages here are {', '.join(named)}.",
                )
            if named and _NO_IMAGE.search(error) and not _EXIT.search(error):
                return (
                    f"Line {instruction.line} takes from {origin!r}: that is no stage here, so the "
                    "engine took it for an image, which is neither here nor could be pulled.",
                    f"If a stage is meant, write its name: {', '.join(named)}. If an image is "
                    "meant, check its spelling and its tag.",
                )
    return _mistyped_base(error, source)


def _mistyped_base(error: str, source: Dockerfile) -> tuple[str, str] | None:
    """Recognise `FROM bulider`, as above; FROM knows the stages above it only."""
    if _EXIT.search(error) or not _NO_IMAGE.search(error):
        return None
    for stage in source.stages:
        above = [each.name for each in source.stages[: stage.index] if each.named]
        if not stage.base or stage.base.lower() in above or stage.base not in error:
            continue
        close = difflib.get_close_matches(stage.base.lower(), above, n=1)
        if close:
            return (
                f"Line {stage.line}: no stage above is named {stage.base!r}, so the engine took it "
                "for an image and tried to pull that.",
                f"Write FROM {close[0]}; the stages above are {', '.join(above)}.",
            )
    return None


def _wanted(error: str, instruction: Instruction | None) -> str:
    """Give the reference of the image that an instruction needs, as far as it is known."""
    if instruction is not None and instruction.keyword == "FROM":
        words = [word for word in instruction.value.split() if not word.startswith("--")]
        return words[0]
    named = instruction.flag("from") if instruction is not None else None
    found = named or next(iter(_REFERENCE.findall(error)), "")
    return found or "the image"


def _missing_secret(error: str, instruction: Instruction | None) -> str | None:
    """Name the required secret that a step did not get; None if that is not the trouble."""
    if instruction is None or not _NO_SECRET.search(error):
        return None
    for mount in instruction.mounts:
        if mount.get("type") == "secret":
            target = mount.get("target") or mount.get("dst") or mount.get("destination")
            return mount.get("id") or mount.get("source") or (target or "").split("/")[-1]
    return None


def _where(step: Step | None, instruction: Instruction | None) -> str:
    if instruction is not None:
        return f"Line {instruction.line}, `{_short(str(instruction))}`,"
    if step is not None:
        return f"The step `{_short(step.instruction)}`"
    return "The build"


def _short(text: str, width: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _line_in(error: str) -> int | None:
    match = _AT_LINE.search(error)
    return int(match.group(1) or match.group(2)) if match else None


def _instruction_at(source: Dockerfile, line: int | None) -> Instruction | None:
    if line is None:
        return None
    return next((i for i in source.instructions if i.line <= line <= i.end_line), None)
