"""`%%dockerfile` builds on the real engine, in a real IPython shell."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from IPython.core.interactiveshell import InteractiveShell

from stagelab import _render
from stagelab.bases import Base
from stagelab.builds import Build, DockerfileText
from stagelab.builds.events import Event, Observer, StepStarted
from stagelab.engine import tidy
from stagelab.errors import BuildCancelled, BuildFailed
from tests.recorder import TOOL

TEXT = """\
FROM alpine:3.22 AS first
ARG WHO=nobody
RUN echo "hello $WHO SALT" > /greeting

FROM alpine:3.22
COPY --from=first /greeting /
COPY note.txt /
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert "alpine" in bases
    yield
    tidy()


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    shell.run_cell("%load_ext stagelab").raise_error()
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def text() -> str:
    """A Dockerfile that no earlier build has seen."""
    return TEXT.replace("SALT", secrets.token_hex(8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "note.txt").write_text("a note\n")
    return tmp_path


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_build_is_bound(
    shell: InteractiveShell, folder: Path, text: str, builder: str, client: docker.DockerClient
) -> None:
    shell.user_ns.update(folder=folder, who="you")
    line = "{folder} --builder " + builder + " --build-arg WHO={who} --tag stagelab/test:magic"
    shell.run_cell(f"%%dockerfile image {line}\n{text}").raise_error()
    built = shell.user_ns["image"]
    assert isinstance(built, Build)
    assert (built.builder, built.tag, built.dockerfile) == (builder, "stagelab/test:magic", text)
    assert client.images.get("stagelab/test:magic").id == built.image.id
    greeting = client.containers.run(built.image.id, ["cat", "/greeting"], remove=True, labels=TOOL)
    assert greeting.startswith(b"hello you ")


def test_a_target_and_no_cache(shell: InteractiveShell, folder: Path, text: str) -> None:
    shell.user_ns["folder"] = folder
    for option, cached in (("", False), ("", True), ("--no-cache", False)):
        shell.run_cell(f"%%dockerfile image {{folder}} --target first {option}\n{text}")
        built = shell.user_ns["image"]
        assert isinstance(built, Build)
        assert built.target == "first"
        (run,) = [step for step in built.steps if step.instruction.startswith("RUN")]
        assert run.cached is cached


def test_the_folder_one_is_in_and_a_file(
    shell: InteractiveShell, folder: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    shell.run_cell(f"%%dockerfile image --build --file Dockerfile\n{text}").raise_error()
    assert shell.user_ns["image"].dockerfile == text == (folder / "Dockerfile").read_text()


def test_a_failure_shows_itself_and_leaves_the_text(
    shell: InteractiveShell, folder: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns.update(folder=folder, image="an older result")
    bad = text + "RUN echo the reason && false\n"
    result = shell.run_cell(f"%%dockerfile image {{folder}} --no-lint\n{bad}")
    assert isinstance(result.error_in_exec, BuildFailed)
    assert result.error_in_exec.line == 8
    shown = capsys.readouterr()
    told = shown.out + shown.err
    assert "The build: BuildFailed" in told
    assert "Fix: " in told
    assert "the reason" in told
    assert "Traceback" not in told
    assert shell.user_ns["image"] == bad
    assert isinstance(shell.user_ns["image"], DockerfileText)
    # and the learner goes on from there
    shell.run_cell("from stagelab import build").raise_error()
    shell.run_cell("image = build(folder, dockerfile=image.replace('&& false', ''))").raise_error()
    assert isinstance(shell.user_ns["image"], Build)


def test_a_build_that_is_stopped_says_so(
    shell: InteractiveShell,
    folder: Path,
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    titles = []

    @contextmanager
    def live_view(title: str) -> Iterator[Observer]:
        titles.append(title)
        yield stop

    def stop(event: Event) -> None:
        if isinstance(event, StepStarted) and "sleep" in event.instruction:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setitem(_render._LIVE, "build", live_view)
    shell.user_ns["folder"] = folder
    slow = text.replace("FROM alpine:3.22\n", "FROM alpine:3.22\nRUN sleep 600\n")
    result = shell.run_cell(f"%%dockerfile image {{folder}} -t stagelab/test:magic\n{slow}")
    assert isinstance(result.error_in_exec, BuildCancelled)
    assert titles == ["stagelab/test:magic"]
    shown = capsys.readouterr()
    assert "You stopped the build" in shown.out + shown.err
    assert shell.user_ns["image"] == slow
