"""The images that an x-ray is measured on."""

from __future__ import annotations

from pathlib import Path

from stagelab import build
from stagelab.builds.events import Event
from stagelab.builds.facts import Build

_LARGE = """\
FROM golang:1.27
WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/app .
RUN cp -r /usr/local/go/src /usr/local/go/copy
RUN rm -r /usr/local/go/copy/cmd
"""
_SIBLING = """\
FROM golang:1.27
WORKDIR /src
COPY . .
RUN go vet ./...
"""
_SCRATCH = """\
FROM golang:1.27 AS builder
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /app .
FROM scratch
COPY --from=builder /app /app
ENTRYPOINT ["/app"]
"""


def large(app: Path) -> Build:
    """Build an image of the toolchain, its compile cache, and sources copied and partly removed."""
    return _built(app, _LARGE, "large")


def sibling(app: Path) -> Build:
    """Build another one on the same base."""
    return _built(app, _SIBLING, "sibling")


def scratch(app: Path) -> Build:
    """Build an image that has nothing but a program."""
    return _built(app, _SCRATCH, "scratch")


def _built(app: Path, dockerfile: str, tag: str) -> Build:
    return build(app, dockerfile=dockerfile, tag=f"stagelab/bench:{tag}", observe=_nothing)


def _nothing(event: Event) -> None:
    """Observe nothing."""
