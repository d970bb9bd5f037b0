"""Errors in a real kernel and in IPython's terminal: what is sent, in which order, and that all
goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import stagelab

CONFIG = Path(stagelab.__file__).with_name("ipython_kernel_config.json")
RAISE = """\
from stagelab.errors import EngineUnreachable
raise EngineUnreachable("It <is> gone.", fix="Start it.", detail="\\x1b[31mrefused\\x1b[0m")
"""


class Kernel:
    """A kernel as the course's environment starts it."""

    def __init__(self, folder: Path) -> None:
        profile = folder / "profile_default"
        profile.mkdir()
        # what the installation puts into the environment's etc/ipython
        profile.joinpath(CONFIG.name).write_bytes(CONFIG.read_bytes())
        environment = {**os.environ, "IPYTHONDIR": str(folder), "JPY_SESSION_NAME": ""}
        self.manager, self.client = start_new_kernel(kernel_name="python3", env=environment)

    def run(self, code: str) -> list[tuple[str, dict[str, Any]]]:
        """Give the messages to the front end, in their order, the reply last."""
        found: list[dict[str, Any]] = []
        reply = self.client.execute_interactive(code, output_hook=found.append, timeout=60)
        sent = [(m["msg_type"], m["content"]) for m in found]
        sent = [each for each in sent if each[0] not in {"status", "execute_input"}]
        return [*sent, ("reply", reply["content"])]

    def fail(self, code: str) -> tuple[str, dict[str, Any]]:
        """Run what fails; gives the box's twin and the error, having seen that all is in order."""
        (shown, box), (failed, error), (_, reply) = self.run(code)[-3:]
        assert (shown, failed) == ("display_data", "error")
        assert set(box["data"]) == {"text/html", "text/plain"}
        assert box["data"]["text/html"].startswith('<div class="stagelab-trouble" role="alert"')
        twin = box["data"]["text/plain"]
        assert error["traceback"] == [f"{error['ename']}: see the box above."]
        assert twin.splitlines()[0].endswith(f": {error['ename']}")
        assert reply["status"] == "error"
        assert reply["traceback"] == twin.splitlines(), "for programs that run notebooks"
        after = dict(self.run("40 + 2"))
        assert after["execute_result"]["data"]["text/plain"] == "42", "the next cell works"
        return twin, error


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("ipython"))
    yield kernel
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)


def test_a_new_kernel_knows_that_cells_have_to_run(kernel: Kernel) -> None:
    (before, _), *_ = kernel.run("import sys; assert 'stagelab.show' not in sys.modules")
    assert before == "reply", "nothing is imported before there is something to tell"
    twin, _ = kernel.fail("image = build('app')")
    assert "restarted" in twin
    assert "In the cell: line 1: image = build('app')" in twin
    twin, _ = kernel.fail("%%dockerfile answer\nFROM alpine:3.22")
    assert "`%%dockerfile` is not known in this kernel yet" in twin


def test_the_environment_starts_its_kernels_so() -> None:
    installed = Path(sys.prefix, "etc", "ipython", CONFIG.name)
    assert installed.read_bytes() == CONFIG.read_bytes()


def test_an_error_of_ours(kernel: Kernel) -> None:
    twin, error = kernel.fail(f"print('before')\n{RAISE}")
    assert twin.splitlines()[:5] == [
        "The engine: EngineUnreachable",
        "It <is> gone.",
        "Fix: Start it.",
        "The original words:",
        "    refused",
    ]
    assert error["evalue"].startswith("It <is> gone.\nFix: Start it.\nThe original words:\n")


def test_tb_still_gives_the_traceback(kernel: Kernel) -> None:
    kernel.fail(RAISE)
    (kind, error), *_ = kernel.run("%tb")
    assert kind == "error"
    assert "raise" in "\n".join(error["traceback"])
    assert len(error["traceback"]) > 1


def test_an_error_of_the_cell_itself(kernel: Kernel) -> None:
    kernel.run("def half(x):\n    return 1 / x")
    twin, error = kernel.fail("n = 0\n\nhalf(n)")
    assert error["evalue"] == "division by zero"
    assert "called from line 3" in twin
    (_, box), *_ = kernel.run("half(0)")
    assert "ZeroDivisionError" in box["data"]["text/html"].partition("<details")[2]


@pytest.mark.parametrize("code", ["for i in range(3)\n    pass", "print('a", "  x\n y"])
def test_a_cell_that_is_no_python(kernel: Kernel, code: str) -> None:
    twin, _ = kernel.fail(code)
    assert twin.startswith("Your code: ")
    assert "Python does not understand" in twin


def test_the_courses_own_fault(kernel: Kernel) -> None:
    twin, _ = kernel.fail("from stagelab.show.style import clip\nclip(5, 3)")
    assert twin.startswith("A fault of the course itself: AttributeError\n")
    assert "stagelab/show/style.py" in twin
    assert "In the cell: line 2: clip(5, 3)" in twin


def test_a_view_that_fails_is_told_as_well(kernel: Kernel) -> None:
    code = "class Bad:\n    def _repr_html_(self): return 1 / 0\nBad()"
    messages = kernel.run(code)
    assert [kind for kind, _ in messages[:2]] == ["display_data", "error"]
    assert messages[0][1]["data"]["text/plain"].startswith("Your code: ZeroDivisionError")


def test_a_stopped_cell(kernel: Kernel) -> None:
    code = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)"
    twin, error = kernel.fail(code)
    assert error["ename"] == "KeyboardInterrupt"
    assert "You stopped the cell." in twin


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_when_too_many_files_are_open(kernel: Kernel) -> None:
    twin, _ = kernel.fail("""\
import resource
from stagelab import build
limit = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (200, limit[1]))
files = []
while True:
    files.append(open('/dev/null'))
""")
    assert "too many files" in twin
    kernel.run("del files\nresource.setrlimit(resource.RLIMIT_NOFILE, limit)")


def test_the_live_view_shows_its_last_state_and_the_box_comes_after(kernel: Kernel) -> None:
    twin, _ = kernel.fail("""\
from stagelab.errors import BuildFailed
from stagelab.show.live import build_view
print('text', end='')
with build_view('app'):
    raise BuildFailed('Line 3 failed.', fix='Mend it.', stage='builder', line=3, log='a\\nb')
""")
    assert "In the Dockerfile: stage builder, line 3" in twin
    messages = kernel.run("with build_view('app'):\n    raise BuildFailed('No.', fix='Do.')")
    kinds = [kind for kind, _ in messages]
    assert kinds == ["display_data", "update_display_data", "display_data", "error", "reply"]
    assert "✗ not built app" in messages[1][1]["data"]["text/plain"]


def test_usage_errors_of_magics_stay_a_line(kernel: Kernel) -> None:
    kernel.run("%load_ext stagelab")
    (kind, said), (_, reply) = kernel.run("%%dockerfile answer --nolint\nFROM x")
    assert kind == "stream"
    assert said["text"].startswith("UsageError: %%dockerfile: there is no option --nolint")
    assert reply["status"] == "error"


def test_cells_that_may_raise_and_reports_of_those_that_may_not() -> None:
    cell = nbformat.v4.new_code_cell(RAISE)
    tagged = nbformat.v4.new_code_cell(RAISE, metadata={"tags": ["raises-exception"]})
    after = nbformat.v4.new_code_cell("1 + 1")
    notebook = nbformat.v4.new_notebook(cells=[tagged, after, cell])
    with pytest.raises(CellExecutionError) as caught:
        NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    assert [output.output_type for output in tagged.outputs] == ["display_data", "error"]
    assert after.outputs[0].data["text/plain"] == "2"
    assert "Fix: Start it.\nThe original words:\n    refused" in str(caught.value)


def test_pytest_says_what_a_notebooks_cell_has_shown(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    tmp_path.joinpath("conftest.py").write_text(root.joinpath("conftest.py").read_text())
    cell = nbformat.v4.new_code_cell(RAISE, execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "one.ipynb")
    command = [
        *(sys.executable, "-m", "pytest", "-p", "nbval.plugin", "-p", "no:cacheprovider"),
        *("--nbval-lax", "--nbval-current-env", "one.ipynb"),
    ]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "EngineUnreachable: see the box above." in done.stdout
    assert "Fix: Start it." in done.stdout
    assert "    refused" in done.stdout


def test_a_terminal_shows_the_lines(tmp_path: Path) -> None:
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path), "NO_COLOR": "1"}

    def ipython(code: str) -> str:
        command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.stdout

    said = ipython(RAISE)
    assert "It <is> gone.\nFix: Start it.\nThe original words:\n    refused\n" in said
    assert "Traceback" not in said
    assert "Traceback" in ipython("import stagelab\n1 / 0")
