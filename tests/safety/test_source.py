"""No code of the course hands a text to a shell, to Python or to what unpacks without looking."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    ROOT / "course",
    *sorted((ROOT / "src").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
    *sorted((ROOT / "locks").rglob("*.py")),
]
NEVER = {
    *("eval", "exec", "compile", "__import__"),
    *("os.system", "os.popen", "os.startfile", "pty.spawn"),
    *("subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell"),
    *("pickle.load", "pickle.loads", "marshal.load", "marshal.loads", "shelve.open"),
    *("shutil.unpack_archive", "tempfile.mktemp", "yaml.load"),
}
NEVER_OF_ANY = {"extractall", "extract", "run_cell", "system", "getoutput", "run_line_magic"}
"""Methods that unpack an archive, or that run a text as Python or as a command."""

MAY = {"platform.system"}
PROCESSES = {"run", "Popen", "call", "check_call", "check_output"}
"""Functions of `subprocess`, by whatever name the module goes."""


def faults(text: str) -> list[str]:
    """Tell what of a module is not allowed, each with its line."""
    return [f"{line}: {what}" for line, what in _found(ast.parse(text))]


def _found(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name in NEVER:
            yield node.lineno, name
        called = name.rpartition(".")[2]
        if called in NEVER_OF_ANY and name not in MAY:
            yield node.lineno, name
        for keyword in node.keywords:
            is_process = called in PROCESSES
            if is_process and keyword.arg == "shell" and not _is(keyword.value, wanted=False):
                yield node.lineno, f"{name}(shell=…)"
            if keyword.arg == "verify" and _is(keyword.value, wanted=False):
                yield node.lineno, f"{name}(verify=False)"
        if (
            called in PROCESSES
            and node.args
            and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
        ):
            yield node.lineno, f"{name}: a command that is put together as a text"


def _is(value: ast.expr, *, wanted: bool) -> bool:
    return isinstance(value, ast.Constant) and value.value is wanted


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_runs_a_text(source: Path) -> None:
    assert faults(source.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "subprocess.run(f'docker build {name}', shell=True)",
        "subprocess.run(command, shell=wanted)",
        "subprocess.run('docker ' + name)",
        "os.system(words)",
        "eval(answer)",
        "tar.extractall(folder)",
        "shell.run_cell(text)",
        "requests.get(url, verify=False)",
        "pickle.loads(data)",
    ],
)
def test_what_is_not_allowed_is_found(text: str) -> None:
    assert faults(text)


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 200
