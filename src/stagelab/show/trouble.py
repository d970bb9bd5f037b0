"""Errors of the SDK in a notebook: cause, cure and the engine's words in place of a traceback.

Our own errors show themselves so already (`StagelabError`). Cells that call the Docker SDK bare
can meet the SDK's; in IPython those are told in the same form.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import requests
from docker import errors as sdk

_LOG_LINES = 12


def explain(error: BaseException) -> list[str]:
    """Give the lines that tell of an SDK error."""
    cause, fix = _cause(error)
    words = str(getattr(error, "explanation", None) or error)
    lines = [f"The Docker SDK: {type(error).__name__}", cause, f"Fix: {fix}"]
    lines += ["The original words:", *(f"    {line}" for line in words.splitlines())]
    log = _log(error)
    if log:
        lines += ["The log's end:", *(f"    {line}" for line in log)]
    return lines


def install(shell: Any) -> None:  # noqa: ANN401 - IPython ships no types
    """Let this IPython shell tell of SDK errors in our form."""
    shell.set_custom_exc((sdk.DockerException, requests.ConnectionError), _show)


def _show(
    shell: Any,  # noqa: ANN401 - IPython ships no types
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    del trace, tb_offset
    lines = explain(error)
    shell._showtraceback(kind, error, lines)  # noqa: SLF001 - the hook's only way to the output
    return lines


def _cause(error: BaseException) -> tuple[str, str]:
    if isinstance(error, sdk.BuildError):
        return (
            "An instruction of the Dockerfile failed.",
            "Read the log's end for the command's own message, and correct that instruction.",
        )
    if isinstance(error, sdk.ImageNotFound):
        return (
            "There is no such image on this engine.",
            "Build it first: run the cells above this one from the top.",
        )
    if isinstance(error, sdk.ContainerError):
        return (
            f"The container's program ended with exit code {error.exit_status}.",
            "Read what it printed, below.",
        )
    if isinstance(error, sdk.APIError):
        return (
            "The engine refused the request.",
            "Read the engine's words below; run the cells above this one from the top.",
        )
    return (
        "The engine cannot be reached.",
        "Check that it runs: `stagelab doctor` looks at every part and names the cure.",
    )


def _log(error: BaseException) -> list[str]:
    if not isinstance(error, sdk.BuildError):
        return []
    text = "".join(str(line.get("stream", "")) for line in error.build_log)
    return text.rstrip().splitlines()[-_LOG_LINES:]
