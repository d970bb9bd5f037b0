"""Which IPython runs us, if one does; IPython is never imported for the question."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

_TOLD = (Exception, KeyboardInterrupt)


def shell() -> Any | None:  # noqa: ANN401 - IPython ships no types
    """Give the IPython shell that runs us, None outside IPython."""
    ipython: Any = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def in_kernel() -> bool:
    """Tell whether a notebook's kernel runs us, and not a terminal."""
    return hasattr(shell(), "kernel")


def watch(shell: Any) -> None:  # noqa: ANN401 - IPython ships no types
    """Let this shell tell of every error by `stagelab.show.trouble`; once is enough.

    That is imported when there is something to tell of, so that a kernel starts as quickly as ever.
    """
    show_as_ipython = shell.showtraceback
    if getattr(show_as_ipython, "by_stagelab", False):
        return

    def of_cell(
        shell: Any,  # noqa: ANN401 - as above
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
        tb_offset: int | None = None,
    ) -> list[str]:
        del tb_offset
        try:
            from stagelab.show.trouble import tell  # noqa: PLC0415 - see above

            return tell(shell, kind, error, trace)
        except Exception:  # noqa: BLE001 - telling of an error must not hide it
            show_as_ipython((kind, error, trace))
            return []

    def of_others(exc_tuple: Any = None, *more: Any, **options: Any) -> None:  # noqa: ANN401 - as IPython has it
        """Tell of what fails outside a cell's own code: a view, a widget; `%tb` stays as it is."""
        _, error, trace = exc_tuple or sys.exc_info()
        if isinstance(error, _TOLD):
            of_cell(shell, type(error), error, trace)
        else:
            show_as_ipython(exc_tuple, *more, **options)

    of_others.by_stagelab = True  # type: ignore[attr-defined]
    shell.showtraceback = of_others
    shell.set_custom_exc(_TOLD, of_cell)


load_ipython_extension = watch
"""What `etc/ipython/ipython_kernel_config.json` names: every kernel of the course's environment
watches from its start, so that a restarted one can say that the cells above have to run."""
