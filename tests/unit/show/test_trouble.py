"""Every kind of error is explained: what happened, the cure, the original words."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import urllib.error
from email.message import Message
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
import urllib3
from docker import errors as sdk
from IPython.core.error import UsageError

import stagelab
from stagelab import errors
from stagelab.engine import connecting, own
from stagelab.show.trouble import Trouble, explain, names, view
from stagelab.show.trouble.place import Place, Step

CELL = Step("cell", "In[3]", 2, "<module>", "image = build('app')")
COURSE = Step("course", "/x/stagelab/builds/building.py", 9, "build", "pack(context)")
SDK = Step("sdk", "/x/docker/api/client.py", 7, "_post", "self.post(url)")


def api_error(message: str, status: int = 400) -> sdk.APIError:
    response = requests.Response()
    response.status_code = status
    return sdk.APIError("Error", response, message)


def told(error: BaseException, *steps: Step) -> Trouble:
    return explain(error, Place(steps or (CELL,), "In[3]"))


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for an engine's socket, named by DOCKER_HOST; no engine was found before."""
    path = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    monkeypatch.setattr(connecting, "_open", {})
    return path


@pytest.mark.parametrize("name", errors.__all__)
def test_each_error_of_ours_says_its_three_things(name: str) -> None:
    error = getattr(errors, name)("What happened.", fix="Do `this`.", detail="its\nown words")
    assert view.text(told(error)).splitlines() == [
        f"{error.title}: {name}",
        "What happened.",
        "Fix: Do `this`.",
        "The original words:",
        "    its",
        "    own words",
        "In the cell: line 2: image = build('app')",
    ]


def test_a_failed_build_names_its_line_and_the_logs_end() -> None:
    error = errors.BuildFailed(
        "It failed.", fix="Mend it.", stage="builder", step="RUN go build", line=4, log="a\nb"
    )
    lines = view.text(told(error)).splitlines()
    assert lines[3:6] == ["The log's end:", "    a", "    b"]
    assert lines[6] == "In the Dockerfile: stage builder, line 4: RUN go build"


@pytest.mark.parametrize(
    ("error", "cause", "fix"),
    [
        (sdk.ImageNotFound("x", explanation="No such image: x"), "no such image", "Build it"),
        (api_error("No such image: x", 404), "no such image", "Build it"),
        (sdk.NotFound("x", explanation="No such container: x"), "no longer on this", "cells above"),
        (api_error("bad parameter"), "refused the request", "engine's words"),
        (api_error("boom", 500), "failed to do", "course doctor"),
        (api_error("write /x: no space left on device", 500), "disk is full", "course clean"),
        (api_error("Bind for 127.0.0.1:80 failed: port is already allocated", 500), "port", "free"),
        (api_error("toomanyrequests: You have reached your pull rate limit", 500), "rate limit",
         "docker login"),
        (api_error('Get "https://quay.example/v2/": dial tcp: no such host', 500), "quay.example",
         "network"),
        (api_error('Get "https://registry-1.docker.io/v2/": proxyconnect tcp: x', 500), "proxy",
         "proxy"),
        (api_error("client version 1.30 is too old", 400), "same version", "auto"),
        (sdk.BuildError("no", iter([{"stream": "a\n"}])), "instruction of the Docker", "log's end"),
        (sdk.ContainerError("c", 3, "false", "x", b"oh no"), "exit code 3", "printed"),
        (sdk.InvalidArgument("nope"), "does not accept", "arguments"),
        (sdk.TLSParameterError("Path to a certificate"), "certificates", "DOCKER_CERT_PATH"),
    ],
)  # fmt: skip
def test_errors_of_the_sdk(error: Exception, cause: str, fix: str) -> None:
    trouble = told(error, CELL, SDK)
    assert trouble.title == "The Docker SDK"
    assert trouble.name == type(error).__name__
    assert cause in trouble.cause
    assert fix in trouble.fix
    assert trouble.sections[0].label == "The original words"
    assert trouble.where == ("In the cell: line 2: image = build('app')",)


def test_an_sdk_build_error_has_the_logs_end() -> None:
    log = [{"stream": f"{n}\n"} for n in range(30)] + [{"error": "x"}]
    text = view.text(told(sdk.BuildError("returned a non-zero code: 1", iter(log))))
    assert "The log's end:\n" + "\n".join(f"    {n}" for n in range(18, 30)) in text


def test_an_sdk_container_error_has_what_was_printed() -> None:
    text = view.text(told(sdk.ContainerError("c", 3, "false", "x", b"oh \xffno\nend\n")))
    assert "What it printed:\n    oh \N{REPLACEMENT CHARACTER}no\n    end\n" in text


def test_a_stopped_build_is_no_fault() -> None:
    assert told(errors.BuildCancelled("You stopped it.", fix="Build again.")).mild
    assert not told(errors.BuildFailed("It failed.", fix="Mend it.")).mild


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("('Connection aborted.', RemoteDisconnected())"),
        requests.exceptions.ChunkedEncodingError("Connection broken: IncompleteRead"),
        urllib3.exceptions.ProtocolError("Connection broken"),
        http.client.RemoteDisconnected("Remote end closed connection"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    ],
)
def test_the_engine_has_gone_away(error: Exception, at: Path) -> None:
    trouble = told(error, CELL, SDK)
    assert trouble.title == "The engine"
    assert f"No engine listens at unix://{at} (from DOCKER_HOST)" in trouble.cause
    assert "Start" in trouble.fix
    assert "run the cell again" in trouble.fix
    assert "./course doctor" in trouble.fix

    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(at))
        trouble = told(error, CELL, COURSE)
        assert "Nobody listens" in trouble.cause
        engine.listen()
        trouble = told(error, CELL, COURSE)
        assert "the engine answers again" in trouble.cause
        assert trouble.fix.startswith("Run the cell again.")


def test_the_own_engine_is_started_by_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    if not own.can_run():
        pytest.skip("this user cannot run an engine")
    monkeypatch.setenv("STAGELAB_HOME", "/nonexistent")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{own.paths().socket}")
    monkeypatch.setattr(connecting, "_open", {})
    trouble = told(requests.ConnectionError("aborted"), CELL, SDK)
    assert "the course's own engine" in trouble.cause
    assert trouble.fix.startswith("Run `connect()` in a cell")


def test_the_engine_does_not_answer_in_time(at: Path) -> None:
    del at
    assert "did not answer in time" in told(requests.ReadTimeout("60 s"), CELL, SDK).cause


def test_a_client_of_its_own_place_is_told_of_that_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    place = tmp_path / "no.sock"
    error = sdk.DockerException("Error while fetching server API version: ('Connection aborted.')")
    trouble = explain(error, Place((CELL, SDK), "In[3]", f"unix://{place}"))
    assert trouble.title == "The engine"
    assert f"No engine listens at unix://{place}" in trouble.cause
    assert not trouble.fix.startswith("Use the course's `connect()`")


def test_a_client_that_looks_in_one_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr("stagelab.show.trouble.sdk.knock", _refuse)
    error = sdk.DockerException("Error while fetching server API version: ('Connection aborted.')")
    trouble = explain(error, Place((CELL, SDK), "In[3]", "unix:///var/run/docker.sock"))
    assert trouble.fix.startswith("Use the course's `connect()`")


def _refuse(_: object) -> None:
    raise FileNotFoundError(errno.ENOENT, "No such file or directory")


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("HTTPConnectionPool(host='127.0.0.1', port=1)"),
        urllib.error.URLError(ConnectionRefusedError(111, "Connection refused")),
        ConnectionRefusedError(111, "Connection refused"),
    ],
)
def test_a_request_of_the_cells_own_does_not_blame_the_engine(error: Exception) -> None:
    trouble = told(error)
    assert trouble.title == "A request"
    assert "serve" in trouble.fix


@pytest.mark.parametrize(
    ("number", "cause", "fix"),
    [
        (errno.ENOSPC, "disk of this computer is full", "course clean"),
        (errno.EDQUOT, "disk of this computer is full", "course clean"),
        (errno.EROFS, "can only be read", "Copy the course"),
        (errno.EACCES, "may not read or write", "ls -l"),
        (errno.EPERM, "may not read or write", "ls -l"),
        (errno.EMFILE, "too many files", "Restart Kernel"),
        (errno.ENFILE, "too many files", "Restart Kernel"),
        (errno.ENOMEM, "no memory left", "Shut Down All Kernels"),
        (errno.EADDRINUSE, "taken this port", "another port"),
    ],
)
def test_errors_of_the_computer(number: int, cause: str, fix: str) -> None:
    error = OSError(number, "the system's words", "/somewhere/file")
    for steps in ((CELL,), (CELL, COURSE)):
        trouble = told(error, *steps)
        assert trouble.title == "This computer"
        assert cause in trouble.cause
        assert fix in trouble.fix
        assert "the system's words" in view.text(trouble)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_the_courses_own_folder_can_be_put_elsewhere(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path))
    trouble = told(OSError(number, "no", str(tmp_path / "cache" / "x")))
    assert "STAGELAB_HOME" in trouble.fix


def test_too_many_files_is_no_fault_of_the_engine(at: Path) -> None:
    del at
    error = requests.ConnectionError(OSError(errno.EMFILE, "Too many open files"))
    assert "too many files" in told(error, CELL, SDK).cause


def test_no_memory() -> None:
    assert "no memory left" in told(MemoryError(), CELL, COURSE).cause


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((CELL, COURSE), "has been ended"),
        ((CELL, SDK), "may go on there"),
        ((CELL,), "You stopped the cell."),
    ],
)
def test_a_stopped_cell(steps: tuple[Step, ...], words: str) -> None:
    trouble = told(KeyboardInterrupt(), *steps)
    assert trouble.mild
    assert words in trouble.cause
    assert trouble.fix.startswith("Run the cell again")
    assert "Stopped" in view.html(trouble)


# names


class Shell:
    """As much of a kernel's shell as the notebook is looked for in."""

    def __init__(self, cell: str, **names: object) -> None:
        self.user_ns: dict[str, object] = dict(names)
        self._cell = cell

    def get_parent(self) -> dict[str, Any]:
        return {"metadata": {"cellId": self._cell}}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The shell of a notebook of which the cell "third" runs."""
    sources = {
        "first": "# what is used\nfrom stagelab import build as make\nimport os.path",
        "second": "%time\nwith open('x') as text:\n    image, (size, *rest) = make(text)",
        "magic": "%%dockerfile answer\nFROM x",
        "broken": "def (",
        "third": "answer",
        "fourth": "def later(within):\n    inner = 1\nfor n in range(3): pass",
    }
    cells = [
        {"cell_type": "code", "id": name, "source": source.splitlines(keepends=True)}
        for name, source in sources.items()
    ]
    path = tmp_path / "03.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": ""}, *cells]}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    return Shell("third", known=1)


def no_name(name: str, shell: object = None) -> Trouble:
    error = NameError(f"name {name!r} is not defined", name=name)
    return explain(error, Place((CELL,), "In[3]"), shell=shell)


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("make", "from stagelab import build as make"),
        ("os", "from stagelab import build as make"),
        ("image", "%time"),
        ("rest", "%time"),
        ("text", "%time"),
        ("answer", "%%dockerfile answer"),
    ],
)
def test_a_name_of_a_cell_above(name: str, begin: str, shell: Shell) -> None:
    trouble = no_name(name, shell)
    assert trouble.title == "The notebook"
    assert f"`{name}` is made by a cell above that has not run to its end" in trouble.cause
    assert f"begins `{begin}`" in trouble.cause
    assert "Run > Run All Above Selected Cell" in trouble.fix


@pytest.mark.parametrize("name", ["later", "n"])
def test_a_name_of_a_cell_below(name: str, shell: Shell) -> None:
    assert "further down" in no_name(name, shell).cause


@pytest.mark.parametrize("name", ["inner", "within"])
def test_a_name_that_no_cell_makes(name: str, shell: Shell) -> None:
    assert "no other cell of the notebook does" in no_name(name, shell).cause


def test_a_mistyped_name(shell: Shell) -> None:
    assert no_name("knwon", shell).fix.startswith("Did you mean `known`?")
    assert no_name("biuld").fix.startswith("Did you mean `build`?")


@pytest.mark.parametrize("name", stagelab.__all__)
def test_a_name_of_the_course_in_a_new_kernel(name: str) -> None:
    trouble = no_name(name)
    assert "restarted" in trouble.cause
    assert "Run > Run All Above Selected Cell" in trouble.fix
    assert f"from stagelab import {name}" in trouble.fix


def test_a_name_in_what_a_magic_runs() -> None:
    error = NameError("name 'build' is not defined", name="build")
    timed = Step("other", "<timed exec>", 1, "<module>", "")
    assert "from stagelab import build" in told(error, CELL, timed).fix


def test_an_unknown_name_where_the_notebook_is_not_known() -> None:
    trouble = no_name("qqzz")
    assert "Run > Run All Above Selected Cell" in trouble.fix
    assert "correct the name" in trouble.fix


def test_a_name_within_the_course_is_not_the_learners() -> None:
    error = NameError("name 'image' is not defined", name="image")
    assert explain(error, Place((CELL, COURSE), "In[3]")).title == "A fault of the course itself"


def test_the_magic_in_a_new_kernel() -> None:
    error = UsageError("Cell magic `%%dockerfile` not found.")
    assert "Run > Run All Above Selected Cell" in told(error).fix
    assert names.missing_magic(UsageError("Cell magic `%%sql` not found.")) is None


@pytest.mark.parametrize("module", ["docker", "google.protobuf", "debian", "ahocorasick_rs"])
def test_a_package_of_ours_in_the_wrong_kernel(module: str) -> None:
    trouble = told(ModuleNotFoundError(f"No module named {module!r}", name=module), CELL, COURSE)
    assert "one of those that the course needs" in trouble.cause
    assert "Kernel > Change Kernel" in trouble.fix


def test_other_modules() -> None:
    trouble = told(ModuleNotFoundError("No module named 'sklearn'", name="sklearn"))
    assert "%pip install sklearn" in trouble.fix
    missing = ModuleNotFoundError("No module named 'stagelab.biuld'", name="stagelab.biuld")
    assert "has no module `stagelab.biuld`" in told(missing).cause
    wrong = ImportError("cannot import name 'biuld' from 'stagelab' (x)", name="stagelab")
    assert told(wrong).fix.startswith("Did you mean `build`?")


# Python's own


def test_an_error_of_the_learners_own() -> None:
    called = Step("cell", "In[2]", 5, "half", "return 1 / x")
    trouble = told(ZeroDivisionError("division by zero"), CELL, called)
    lines = view.text(trouble).splitlines()
    assert lines[:2] == ["Your code: ZeroDivisionError", "division by zero"]
    assert lines[2].startswith("Fix: Look at line 5 of In[2] and correct it.")
    assert lines[-1] == "In the cell: line 5 of In[2]: return 1 / x, called from line 2"
    assert "    this cell, line 2, in <module>" in lines
    assert "    ZeroDivisionError: division by zero" in lines


@pytest.mark.parametrize(
    ("error", "cause", "fix"),
    [
        (AssertionError("too large"), "asserts does not hold: too large", "both sides"),
        (AssertionError(), "asserts does not hold.", "both sides"),
        (KeyError("x"), "There is no 'x'", "what is there"),
        (IndexError("list index out of range"), "out of range", "what is there"),
        (TypeError("unsupported"), "unsupported", "arguments"),
        (FileNotFoundError(2, "No such file", "app"), "no file or folder `app`", str(Path.cwd())),
        (AttributeError("no", name="uper", obj="x"), "no", "Did you mean `upper`?"),
        (ValueError(), "ValueError without words", "Look at line 2"),
        (urllib.error.HTTPError("x", 404, "no", Message(), None), "404", "Look at line 2"),
    ],
)
def test_what_helps_with_errors_of_python(error: Exception, cause: str, fix: str) -> None:
    trouble = told(error)
    assert trouble.title == "Your code"
    assert cause in trouble.cause
    assert fix in trouble.fix


def test_long_words_are_cut_where_they_are_no_section() -> None:
    for error in (ValueError("word " * 9999), OSError(errno.ENOSPC, "full", "/x" * 9999)):
        assert len(told(error).cause) < 500


def test_a_function_of_the_same_cell_is_told_with_its_call() -> None:
    inner = Step("cell", "In[3]", 7, "half", "return 1 / x")
    where = "In the cell: line 7: return 1 / x, called from line 2"
    assert told(ValueError("no"), CELL, inner).where == (where,)


def test_a_cell_that_is_no_python() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile("for i in range(3)\n    pass", "/tmp/ipykernel_1/1.py", "exec")
    trouble = explain(caught.value, Place())
    text = view.text(trouble)
    assert "line 1 of the cell" in trouble.cause
    assert "for i in range(3)\n" in text
    assert "^" in text
    assert "ipykernel" not in text


def test_a_fault_of_the_course() -> None:
    trouble = told(RuntimeError("oh"), CELL, COURSE, Step("other", "/x/json.py", 1, "loads", ""))
    text = view.text(trouble)
    assert text.startswith("A fault of the course itself: RuntimeError\n")
    assert "report" in trouble.fix
    assert f"stagelab {stagelab.__version__}" in text
    assert f"docker {docker.__version__}" in text
    assert "    stagelab/builds/building.py, line 9, in build" in text
    assert "In the cell: line 2: image = build('app')" in text


def test_what_the_course_says_is_not_there_is_the_learners_to_mend() -> None:
    refused = Step("course", "/x/stagelab/builds/facts.py", 9, "stage", "raise KeyError(name)")
    assert told(KeyError("bulider"), CELL, refused).title == "Your code"
    assert told(KeyError("x"), CELL, COURSE).title == "A fault of the course itself"
