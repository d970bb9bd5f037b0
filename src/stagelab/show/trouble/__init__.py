"""Errors in a notebook: what happened, the cure and the original words in place of a traceback.

`stagelab._ipython.watch` lets IPython hand every error to `tell`. In a notebook a box is shown with
its plain text twin, and then the kernel sends the error itself, with one line in place of the
traceback; `%tb` still gives that. In a terminal the twin's lines are printed.
"""

from __future__ import annotations

import sys
import traceback
from dataclasses import replace
from types import TracebackType
from typing import Any

from IPython.core.error import UsageError

from stagelab.errors import BuildCancelled, BuildFailed, StagelabError
from stagelab.show.trouble import code, names, sdk, system, view
from stagelab.show.trouble.facts import Section, Trouble, original
from stagelab.show.trouble.place import Place, place

__all__ = ["Trouble", "explain", "tell"]


def tell(
    shell: Any,  # noqa: ANN401 - IPython ships no types
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> list[str]:
    """Show an error that a cell has not caught, and let IPython know of it.

    Gives:
        The lines that IPython keeps of it.
    """
    shell._get_exc_info((kind, error, trace))  # noqa: SLF001 - so that `%tb` and `%debug` find it
    if isinstance(error, UsageError) and not names.missing_magic(error):
        shell.show_usage_error(error)
        return [f"UsageError: {error}"]
    at = place(trace, shell)
    own = _tracebacks_of(shell, kind, error, trace)
    trouble = explain(error, at, shell=shell, trace="\n".join(own))
    lines = view.text(trouble).splitlines()
    if hasattr(shell, "kernel"):
        _show_box(shell, kind, error, trouble)
        shell._last_traceback = lines  # noqa: SLF001 - of the reply, which tells a program that runs notebooks
    else:
        shell._showtraceback(kind, error, own if trouble.plain else lines)  # noqa: SLF001 - the only way to the output
    if shell.call_pdb:
        shell.debugger(force=True)
    return lines


def explain(  # noqa: PLR0911 - a list of rules, each an `if` with a return
    error: BaseException,
    at: Place | None = None,
    *,
    shell: Any = None,  # noqa: ANN401 - IPython ships no types
    trace: str = "",
) -> Trouble:
    """Explain any error.

    Args:
        error: The error.
        at: Where it came from.
        shell: The IPython shell whose cell it ended, None if there is none.
        trace: IPython's own traceback.
    """
    at = at or Place()
    name = type(error).__name__
    if isinstance(error, StagelabError):
        return _ours(error, at)
    if isinstance(error, KeyboardInterrupt):
        return _stopped(at)
    found = system.explain(error)
    if found:
        title = "This computer"
        return Trouble(title, name, *found, where=at.where, sections=original(error))
    engine = sdk.explain(error, at)
    if engine:
        return replace(engine, where=at.where)
    if isinstance(error, SyntaxError) and not at.raised_in_code:
        return code.syntax(error)
    unknown = names.missing_magic(error) if isinstance(error, UsageError) else None
    if at.owner == "cell" or isinstance(error, ImportError):
        unknown = unknown or names.explain(error, shell)
    if unknown:
        return Trouble("The notebook", name, *unknown, where=at.where, sections=original(error))
    asked_for = isinstance(error, LookupError | AttributeError) and at.raised_on_purpose
    if at.owner == "course" and not asked_for:
        return code.courses(error, at, trace)
    return code.learners(error, at, trace)


def _ours(error: StagelabError, at: Place) -> Trouble:
    where, sections = at.where, original(error.detail)
    if isinstance(error, BuildFailed):
        where = (*_in_dockerfile(error), *where)
        if error.log:
            sections = (*sections, Section("The log's end", error.log))
    name = type(error).__name__
    mild = isinstance(error, BuildCancelled)
    return Trouble(error.title, name, error.cause, error.fix, where, sections, mild=mild)


def _in_dockerfile(error: BuildFailed) -> tuple[str, ...]:
    if not (error.stage or error.line):
        return ()  # a step of the builder's own, such as the pull of what it took for an image
    stage = f"stage {error.stage}" if error.stage else ""
    line = f"line {error.line}" if error.line else ""
    said = ": ".join(filter(None, [", ".join(filter(None, [stage, line])), error.step or ""]))
    return (f"In the Dockerfile: {said}",)


def _stopped(at: Place) -> Trouble:
    fix = "Run the cell again when you like; what the cells before it have made is still there."
    if at.passed("course"):
        said = "You stopped the cell. What the course ran on the engine for it has been ended."
    elif at.passed("sdk"):
        said = "You stopped the cell. What it had asked the engine for may go on there."
        fix += (
            " `client.containers.list()` shows the containers that run, and "
            "`container.remove(force=True)` ends one."
        )
    else:
        said = "You stopped the cell."
    return Trouble("Stopped", "KeyboardInterrupt", said, fix, at.where, mild=True)


def _show_box(
    shell: Any,  # noqa: ANN401 - IPython ships no types
    kind: type[BaseException],
    error: BaseException,
    trouble: Trouble,
) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    bundle = {"text/html": str(view.html(trouble)), "text/plain": view.text(trouble)}
    shell.display_pub.publish(data=bundle, metadata={})
    short = [f"{trouble.name}: see the box above."]
    shell._showtraceback(kind, error, short)  # noqa: SLF001 - the only way to send the error


def _tracebacks_of(
    shell: Any,  # noqa: ANN401 - IPython ships no types
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> list[str]:
    """Give IPython's own traceback, or Python's if that cannot be made."""
    try:
        if isinstance(error, SyntaxError):
            return list(shell.SyntaxTB.structured_traceback(kind, error, []))
        return list(shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=1))
    except Exception:  # noqa: BLE001 - too many files are open, or the error's own words fail
        return traceback.format_exception(kind, error, trace)
