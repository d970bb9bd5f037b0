from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stagelab.engine.buildcache import ours
from stagelab.engine.ledger import RecordedBuild

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BUILD = RecordedBuild(
    "s",
    BEGAN.timestamp(),
    BEGAN.timestamp() + 10,
    (
        "[builder 1/3] FROM docker.io/library/golang:1.27",
        "[builder 2/3] COPY . .",
        "[builder 3/3] RUN --mount=type=cache,target=/c go build   -o myapp",
        '[stage-1 2/2] RUN ["/bin/app", "--version"]',
        '[named 2/3] RUN go build -ldflags "-X main.version=2.0.0" -o /named',
        "[named 3/3] RUN echo 2.0.0 of today",
    ),
)


def record(description: str, seconds: float = 5, decimals: str = "123456789") -> dict[str, Any]:
    moment = BEGAN + timedelta(seconds=int(seconds))
    return {"ID": "x", "Description": description, "CreatedAt": f"{moment:%FT%T}.{decimals}Z"}


@pytest.mark.parametrize(
    "description",
    [
        "fileop target",
        "[builder 2/3] COPY . .",
        "mount / from exec /bin/sh -c go build   -o myapp",
        "cached mount /c from exec /bin/sh -c go build   -o myapp",
        "mount / from exec /bin/app --version",
        'mount / from exec /bin/sh -c go build -ldflags "-X main.version=${VERSION}" -o /named',
        "mount / from exec /bin/bash -o pipefail -c echo $VERSION of ${DAY}",
        "pulled from docker.io/library/golang:1.27@sha256:abc",
        "local source for context",
        "http url http://build-context-abc",
    ],
)
def test_what_our_build_made_is_ours(description: str) -> None:
    assert ours([record(description)], [BUILD])


@pytest.mark.parametrize(
    "description",
    [
        "mount / from exec /bin/sh -c apt-get update",
        "mount / from exec /bin/sh -c apt-get install ${PACKAGE}",
        "mount / from exec /bin/sh -c echo ${VERSION} of yesterday",
        "[builder 2/3] COPY their .",
        "pulled from docker.io/library/python:3@sha256:abc",
        "git snapshot",
        "",
    ],
)
def test_what_another_build_made_meanwhile_is_not(description: str) -> None:
    assert not ours([record(description)], [BUILD])


@pytest.mark.parametrize("seconds", [-1, 11, 3600])
def test_nothing_made_before_or_after_is_ours(seconds: float) -> None:
    assert not ours([record("fileop target", seconds)], [BUILD])


def test_times_without_fraction_or_sense_are_read_or_left() -> None:
    whole = {"ID": "x", "Description": "fileop target", "CreatedAt": "2026-01-02T03:04:06Z"}
    assert ours([whole], [BUILD])
    assert not ours([{**whole, "CreatedAt": "yesterday"}, {"ID": "y"}], [BUILD])
