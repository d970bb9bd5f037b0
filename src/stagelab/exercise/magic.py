"""`%%dockerfile NAME`: write a Dockerfile in a cell; its text is bound to the variable NAME."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.builds import DockerfileText
from stagelab.exercise import markers

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell


def dockerfile_text(cell: str) -> DockerfileText:
    """Give a cell's Dockerfile: solution markers and starter lines are no part of it.

    Raises:
        ExerciseError: The markers are not in order.
    """
    return DockerfileText(markers.split(cell, where="This cell").reference)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magic; IPython calls this for `%load_ext`."""
    from IPython.core.error import UsageError  # noqa: PLC0415 - the library works without IPython

    def dockerfile(line: str, cell: str) -> None:
        name = line.strip()
        if not name.isidentifier():
            raise UsageError(
                "%%dockerfile needs the name of one variable, as in: %%dockerfile answer"
            )
        shell.user_ns[name] = dockerfile_text(cell)

    register: Callable[..., None] = shell.register_magic_function
    register(dockerfile, magic_kind="cell")
