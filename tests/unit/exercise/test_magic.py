"""`%%dockerfile` binds a cell's text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from stagelab.builds import DockerfileText
from stagelab.errors import ExerciseError
from stagelab.exercise.magic import dockerfile_text, load_ipython_extension
from tests.unit.exercise.conftest import ANSWER


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    load_ipython_extension(shell)
    yield shell
    InteractiveShell.clear_instance()


def test_the_cell_is_bound(shell: InteractiveShell) -> None:
    shell.run_cell("%%dockerfile mine\nFROM alpine:${V}\nRUN echo {mine} $HOME\n").raise_error()
    assert shell.user_ns["mine"] == "FROM alpine:${V}\nRUN echo {mine} $HOME\n"
    assert isinstance(shell.user_ns["mine"], DockerfileText)


def test_a_solutions_cell_binds_the_solution(shell: InteractiveShell) -> None:
    shell.run_cell(ANSWER).raise_error()
    text = shell.user_ns["answer"]
    assert text.splitlines()[:2] == ["FROM scratch", "COPY main.go /"]
    assert "SOLUTION" not in text
    assert "#>" not in text


@pytest.mark.parametrize("name", ["", "two words", "1st", "a-b"])
def test_a_name_is_needed(shell: InteractiveShell, name: str) -> None:
    with pytest.raises(UsageError, match="%%dockerfile answer"):
        shell.run_cell_magic("dockerfile", name, "FROM scratch\n")


def test_a_cell_without_a_text_is_empty(shell: InteractiveShell) -> None:
    shell.run_cell("%%dockerfile empty\n\n").raise_error()
    assert not shell.user_ns["empty"].strip()


def test_markers_out_of_order_are_told() -> None:
    with pytest.raises(ExerciseError, match="This cell, line 1"):
        dockerfile_text("# END SOLUTION\n")
