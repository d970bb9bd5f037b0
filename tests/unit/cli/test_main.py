from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from rich.console import Console

import stagelab
from stagelab.cli import doctor, main, prepare
from stagelab.cli.parser import make_parser
from stagelab.cli.waiting import waiting
from stagelab.engine import Check, Diagnosis
from stagelab.engine.checks import EngineFacts
from stagelab.engine.report import report
from stagelab.errors import BuildCancelled, EngineNotFound

COMMANDS = ("start", "doctor", "engine", "bases", "xray", "clean", "test", "bench")


def test_the_help_names_every_command_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    for command in COMMANDS:
        assert f"./course {command}" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_help_of_its_own(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert "example:" in capsys.readouterr().out


def test_the_help_needs_no_package() -> None:
    # the bootstrap shows it before anything is installed
    script = (
        "import sys; from stagelab.cli.parser import make_parser; make_parser();"
        "print([name for name in ('docker', 'rich', 'requests') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_ctrl_c_within_a_build_is_told_apart_from_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(_: object) -> int:
        raise BuildCancelled("You stopped the build.", fix="Build again.")

    monkeypatch.setattr(doctor, "run", stop)
    assert main(["doctor"]) == 130
    assert "You stopped the build." in capsys.readouterr().err


def test_an_error_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise EngineNotFound("No engine.", fix="Get one.", detail="dial unix")

    monkeypatch.setattr(doctor, "run", fail)
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert "No engine." in said.err
    assert "Get one." in said.err
    assert "dial unix" in said.err
    assert "Traceback" not in said.err


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "run", interrupt)
    assert main(["doctor"]) == 130


def test_unknown_words_are_refused_except_where_they_are_passed_on() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["doctor", "--nope"])
    assert caught.value.code == 2
    arguments, rest = make_parser().parse_known_args(["test", "-k", "clean", "--yes"])
    assert arguments.passes_on
    assert rest == ["-k", "clean"]


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (None, 0), (False, 1)])
def test_doctor_as_json_and_its_exit_code(
    ok: bool | None,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = Diagnosis((Check("disk", ok=ok, found="little", fix="free some"),))
    monkeypatch.setattr("stagelab.bases.health.doctor", lambda: result)
    assert main(["doctor", "--json"]) == code
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is (code == 0)
    assert said["schema"] == 1
    (check,) = said["checks"]
    assert check["id"] == "disk"
    assert check["status"] == {True: "ok", None: "note", False: "missing"}[ok]
    assert (check["found"], check["fix"]) == ("little", "free some")


def test_the_doctors_help_names_every_key_of_its_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "--help"])
    said = capsys.readouterr().out
    keys = {*report(Diagnosis((Check("a", ok=True, found=""),)))}
    keys |= {field.name for field in fields(EngineFacts)} | {"id", "found", "milliseconds"}
    assert [key for key in sorted(keys) if key not in said] == []


def test_doctor_tells_which_package_is_missing_where_none_is_there() -> None:
    # isolated from the environment's packages: nothing but the standard library and the course
    source = str(Path(stagelab.__file__).parents[1])
    script = f"import sys; sys.path.insert(0, {source!r}); import stagelab.cli as cli; "
    for words, phrase in ((["doctor"], "missing: "), (["doctor", "--json"], '"id": "packages"')):
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", script + f"sys.exit(cli.main({words!r}))"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        assert phrase in done.stdout
        assert "Traceback" not in done.stderr


def test_off_a_terminal_each_step_is_a_line() -> None:
    out = io.StringIO()
    with waiting(Console(file=out, force_terminal=False)) as display:
        display("Fetching", 1, 2)
        display("Fetching", 2, 2)
        display("Unpacking [x]", None, None)
    assert out.getvalue().splitlines() == ["· Fetching", "· Unpacking [x]"]


def test_on_a_terminal_steps_show_share_and_leave_nothing() -> None:
    out = io.StringIO()
    with waiting(Console(file=out, force_terminal=True, width=100)) as display:
        display("Fetching", 1, 4)
        display.pause()
        display("Unpacking", None, None)
    said = out.getvalue()
    assert "Fetching" in said
    assert "25 %" in said
    assert "Unpacking" in said


@pytest.mark.parametrize(
    ("answer", "agreed"), [("", True), ("y", True), ("Yes", True), ("n", False), ("what", False)]
)
def test_on_a_terminal_it_asks_once(
    answer: str,
    agreed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert prepare._agrees() is agreed


def test_without_a_terminal_or_in_ci_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(_: str) -> str:
        raise AssertionError("asked")

    monkeypatch.setattr("builtins.input", ask)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert prepare._agrees()
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert prepare._agrees()
