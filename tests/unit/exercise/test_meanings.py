"""Which base image a build failed for, and what a stand-in lacks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from stagelab.builds import parse
from stagelab.errors import BuildFailed
from stagelab.exercise import meanings
from stagelab.exercise.attempt import Attempt
from stagelab.exercise.tasks import TASKS

TEXT = """\
ARG GO_VERSION=1.99
FROM golang:1.27 AS tools
FROM golang:${GO_VERSION} AS builder
FROM builder
FROM scratch
FROM registry.example:5000/team/alpin:3.22
"""


def fault(detail: str, text: str = TEXT) -> tuple[int, str] | None:
    found = meanings.base_fault(parse(text), BuildFailed("x", fix="Look.", detail=detail))
    return (found.at.line, found.words) if found is not None and found.at is not None else None


@pytest.mark.parametrize(
    ("detail", "line", "image"),
    [
        (
            'failed to do request: Head "https://r.example/v2/library/golang/manifests/1.99": dial '
            "tcp: lookup r.example: no such host",
            3,
            "golang:1.99",
        ),
        ("golang:1.99: failed to resolve source metadata for x/golang:1.99", 3, "golang:1.99"),
        ("manifest for golang:1.99 not found: manifest unknown", 3, "golang:1.99"),
        (
            "pull access denied for registry.example:5000/team/alpin, repository does not exist",
            6,
            "registry.example:5000/team/alpin:3.22",
        ),
    ],
)
def test_the_image_that_is_not_there_is_named(detail: str, line: int, image: str) -> None:
    assert fault(detail) == (
        line,
        f"the base image {image} is neither on this engine, nor could it be pulled. Look.",
    )


@pytest.mark.parametrize(
    "detail",
    [
        "executor failed running [/bin/sh -c golang 1.99]: no such host: exit code: 1",
        'failed to do request: Head "https://r.example/v2/library/other/manifests/1": no such host',
        'Get "https://r.example/v2/": no such host',
        "golang:1.99 does not please",
        "invalid reference format",
    ],
)
def test_other_failures_are_left_as_they_are(detail: str) -> None:
    assert fault(detail) is None


def test_an_empty_tag_is_told_with_its_line() -> None:
    words = 'failed to parse stage name "golang:": invalid reference format'
    text = "ARG GO_VERSION\nFROM alpine AS one\nFROM golang:${GO_VERSION} AS builder\n"
    found = fault(words, text)
    assert found is not None
    assert found[0] == 3
    assert found[1].startswith("the base image is 'golang:': a variable in it has no value. Give")
    assert fault(words, "FROM golang:\n") == (
        1,
        "the base image is 'golang:': the tag behind the colon is missing.",
    )
    assert fault("base name ($B) should not be blank", "FROM $B\n") is not None


APK = "FROM alpine:3.22 AS one\nFROM one\nRUN apk add gcompat\nFROM debian\nRUN apk add gcompat\n"


@pytest.mark.parametrize(
    ("task", "kind", "line", "log", "words"),
    [
        (
            "03-2",
            "stand-in",
            3,
            "/bin/sh: apk: not found",
            "This alpine is a stand-in without apk. Change how the program is built instead.",
        ),
        (
            "04-1",
            "stand-in",
            3,
            'exec: "apk": executable file not found in $PATH',
            "This alpine is a stand-in without apk. Do it with what is there instead.",
        ),
        ("03-2", "official", 3, "/bin/sh: apk: not found", ""),
        ("03-2", "stand-in", 5, "/bin/sh: apk: not found", ""),
        ("03-2", "stand-in", 3, "/bin/sh: curl: not found", ""),
    ],
)
def test_what_a_stand_in_lacks_is_told(
    monkeypatch: pytest.MonkeyPatch, *, task: str, kind: str, line: int, log: str, words: str
) -> None:
    monkeypatch.setattr(meanings, "connect", SimpleNamespace)
    monkeypatch.setattr(meanings, "kind_of", lambda _client, _reference: kind)
    attempt = Attempt(TASKS[task], APK)
    assert meanings.stand_in_lacks(attempt, attempt.instruction_at(line), log) == words
