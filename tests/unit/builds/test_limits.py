"""What is kept of a long log, and how what the kernel did to a step is told."""

from __future__ import annotations

import pytest

from stagelab.builds import kernel
from stagelab.builds.dockerfile import parse
from stagelab.builds.explain import failure, stopped
from stagelab.builds.facts import Step
from stagelab.builds.guard import Breach
from stagelab.builds.keptlog import HALF, KeptLog
from stagelab.errors import BuildFailed


def test_a_short_log_is_kept_whole() -> None:
    log = KeptLog()
    assert not log
    for text in ("one\n", "", "two"):
        log.append(text)
    assert log
    assert str(log) == "one\ntwo"


@pytest.mark.parametrize("piece", [1 << 10, 1 << 15, HALF, 3 * HALF])
def test_a_long_log_keeps_its_beginning_and_its_end(piece: int) -> None:
    log, total = KeptLog(), 0
    log.append("begin")
    while total < 8 * HALF:
        log.append("x" * piece)
        total += piece
    log.append("end")
    text = str(log)
    assert text.startswith("begin")
    assert text.endswith("end")
    kept, left_out = text.count("x"), int(text.partition("\n[… ")[2].split()[0])
    assert left_out == total - kept
    assert 2 * HALF - 8 <= kept <= 3 * HALF


FORKS = "sh: can't fork: Resource temporarily unavailable"


@pytest.mark.parametrize(
    ("exit_code", "log", "words"),
    [
        ("137", "", "more memory"),
        ("1", "go build: /usr/local/go/pkg/tool/compile: signal: killed\n", "more memory"),
        ("2", f"{FORKS}\n", "no more processes"),
        ("2", "runtime: may need to increase max user processes\nfatal error: newosproc",
         "no more processes"),
    ],
)  # fmt: skip
def test_what_the_kernel_did_is_told(exit_code: str, log: str, words: str) -> None:
    source = parse("FROM a\nRUN b\n")
    step = Step("stage-0", "RUN b", 2, 1.0, 2.0, log=log, error="x")
    error = failure(f"process /bin/sh did not complete: exit code: {exit_code}",
                    source=source, step=step)  # fmt: skip
    assert isinstance(error, BuildFailed)
    assert error.cause.startswith("Line 2, `RUN b`,")
    assert words in error.cause
    assert error.line == 2


def test_an_ordinary_failure_is_not_the_kernels() -> None:
    assert kernel.starved("1", "main.go:3: undefined: x\nNothing was killed here.\n") is None


def test_a_build_that_was_stopped_names_what_was_running() -> None:
    source = parse("FROM a AS one\nRUN sleep 9\n")
    breach = Breach("after 5 seconds", "Let it end.")
    step = Step("one", "RUN sleep 9", 2, 1.0, log="a\nb\n")
    error = stopped(breach, "context canceled", source=source, step=step)
    assert error.fix == breach.fix
    assert (error.stage, error.step, error.line) == ("one", "RUN sleep 9", 2)
    assert (
        "Line 2, `RUN sleep 9`, had not ended, and the build was stopped after 5 seconds."
        in error.cause
    )
    assert (error.log, error.detail) == ("a\nb", "context canceled")
    assert "The build had not ended" in stopped(breach, "", source=source, step=None).cause
