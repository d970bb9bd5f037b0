"""What is said of an answer after whose edit Go compiled or downloaded too much."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from stagelab.builds import Step, parse
from stagelab.exercise import compiling
from stagelab.exercise.attempt import Attempt
from stagelab.exercise.task import Found
from stagelab.exercise.tasks import find

HEAD = "FROM golang:1.27 AS builder\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\n"
BUILD = "go build -o /app/myapp"
LOG = """\
go: downloading github.com/cespare/xxhash/v2 v2.3.0
internal/unsafeheader
fmt
github.com/cespare/xxhash/v2
example.com/go-modules
# example.com/go-modules
ok  \texample.com/go-modules\t0.008s
"""
COMPILED = "--mount=type=cache,target=/root/.cache/go-build "
MODULES = "--mount=type=cache,target=/go/pkg/mod "


def found(
    monkeypatch: pytest.MonkeyPatch, text: str, log: str, kind: str = "compiles_little"
) -> Found:
    """Look at an answer of whose builds all RUN ran again, the last one with this log."""
    source = parse(text)
    runs = [i for i in source.instructions if i.keyword == "RUN"]
    steps = tuple(
        Step("builder", str(i), i.line, log=log if i is runs[-1] else "", cached=i is not runs[-1])
        for i in runs
    )
    for name in ("_edited", "after_quickly"):
        monkeypatch.setattr(compiling, name, lambda *_: SimpleNamespace(steps=steps))
    seen: Found = getattr(compiling, kind)("", "", "").look(Attempt(find("08-1"), text))
    return seen


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}RUN {BUILD}\n", "It began without Go's build cache"),
        (
            f"{HEAD}RUN {COMPILED.replace('=cache,', '=tmpfs,')}{BUILD}\n",
            "It began without Go's build cache",
        ),
        (
            f"{HEAD}RUN {COMPILED.replace('go-build', 'go_build')}{BUILD}\n",
            "Its cache mount is at /root/.cache/go_build, and Go keeps",
        ),
        (
            HEAD.replace("RUN go", f"RUN {COMPILED}go") + f"RUN {BUILD}\n",
            "Line 3 mounts Go's build cache, and this does not",
        ),
    ],
)
def test_packages_that_nobody_edited_are_counted_and_explained(
    monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    seen = found(monkeypatch, text, LOG)
    assert seen.ok is False
    assert seen.at is not None
    assert seen.at.line == 5
    assert "compiled 3 packages that nobody edited, fmt among them" in seen.words
    assert words in seen.words


@pytest.mark.parametrize(
    "log", ["example.com/go-modules\nexample.com/go-modules/frame\n", "", "PASS\n=== RUN   TestX\n"]
)
def test_the_programs_own_packages_may_be_compiled(
    monkeypatch: pytest.MonkeyPatch, log: str
) -> None:
    assert found(monkeypatch, f"{HEAD}RUN {BUILD}\n", log).ok


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}RUN {BUILD}\n", "No step above keeps it"),
        (
            HEAD.replace("RUN go", f"RUN {MODULES}go") + f"RUN {COMPILED}{BUILD}\n",
            "Line 3 mounts the module cache, so the module went there and into no layer",
        ),
    ],
)
def test_a_download_by_the_compiler_is_explained(
    monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    seen = found(monkeypatch, text, LOG, "keeps_modules")
    assert seen.ok is False
    assert seen.at is not None
    assert seen.at.line == 5
    assert words in seen.words


def test_what_is_downloaded_into_a_mount_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"FROM golang:1.27\nCOPY . .\nRUN {MODULES}go mod download && {BUILD}\n"
    assert found(monkeypatch, text, "example.com/go-modules\n", "keeps_modules").ok
