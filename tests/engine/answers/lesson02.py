"""Answers to the tasks of lesson 02: the builder stage."""

from __future__ import annotations

from tests.engine.answers import BUILDER, Wrong

VETTED = """\
FROM golang:1.27 AS builder
WORKDIR /app
COPY . .
RUN go vet ./...
"""
VERSION = """\
ARG VERSION=dev
RUN go build -ldflags "-X main.version=${VERSION}" -o myapp
"""

RIGHT: dict[str, tuple[str, ...]] = {
    "02-1": (
        "ARG GO_VERSION=1.27\nFROM golang:$GO_VERSION as builder\nWORKDIR /src\n"
        "COPY main.go go.mod ./\nRUN go build -o /app/myapp .\n",
        "# the version\nARG GO_VERSION=1.27\nFROM golang:${GO_VERSION:-1.27} AS toolchain\n"
        "FROM toolchain AS builder\nCOPY . /app\nRUN cd /app && go build -o myapp\n"
        "FROM scratch\nCOPY --from=builder /app/myapp /\n",
    ),
    "02-2": (
        VETTED.replace("builder", "checks").replace("./...", ". && touch /passed")
        + BUILDER.replace("RUN go build -o myapp", "COPY --from=checks /passed /")
        + VERSION,
        "ARG VERSION=dev\nFROM golang:1.27 AS builder\nCOPY . /app\nARG VERSION\n"
        "RUN cd /app && go vet && go build -o myapp -ldflags=\"-X 'main.version=$VERSION'\"\n",
    ),
}

WRONG = {
    "02-1": (
        Wrong(
            "ARG GO_VERSION=1.27\nFROM golang:${GO_VERSION} AS build\nWORKDIR /app\nCOPY . .\n"
            "RUN go build -o myapp\n",
            "the name here is build.",
            2,
        ),
        Wrong(BUILDER, "whatever GO_VERSION is", 1),
        Wrong(
            "FROM golang:1.27 AS builder\nARG GO_VERSION=1.27\nWORKDIR /app\nCOPY . .\n"
            "RUN go build -o myapp\n",
            "this ARG belongs to its stage",
            2,
        ),
        Wrong(
            "ARG GO_VERSION\nFROM golang:${GO_VERSION} AS builder\nWORKDIR /app\nCOPY . .\n"
            "RUN go build -o myapp\n",
            "without a build argument the base is 'golang:'",
            2,
        ),
        Wrong(
            "ARG GO_VERSION=1.27\nFROM golang:${GO_VERSION} AS builder\nWORKDIR /app\nCOPY . .\n"
            "RUN go build\n",
            "the program is /app/go-hello",
            5,
        ),
        Wrong(
            "ARG GO_VERSION=1.27\nFROM golang:${GO_VERSION} AS builder\nWORKDIR /app\nCOPY . .\n",
            "There is no /app/myapp",
            None,
        ),
    ),
    "02-2": (
        Wrong(
            f"ARG VERSION=dev\n{VETTED}{VERSION}".replace("...\nARG VERSION=dev", "..."),
            "The ARG in line 1 stands before FROM",
            6,
        ),
        Wrong(
            VETTED + VERSION.replace('"', "'"),
            "in single quotes a shell puts nothing in",
            6,
        ),
        Wrong(VETTED + VERSION.replace("main.v", "greet.v"), "write main.version", 6),
        Wrong(VETTED + VERSION.replace("ARG", "ENV"), "an ENV of this name hides", 5),
        Wrong(
            VETTED + "".join(reversed(VERSION.splitlines(keepends=True))),
            "The ARG in line 6 comes too late",
            5,
        ),
        Wrong(
            VETTED + VERSION.replace("${VERSION}", "dev"), "This does not use VERSION. Hand its", 6
        ),
        Wrong(
            BUILDER.replace("RUN go build -o myapp\n", "") + VERSION,
            "no instruction calls it",
            None,
        ),
        Wrong(
            VETTED.replace("./...", "./... || true") + VERSION,
            "this finds the mistake, and the build goes on",
            4,
        ),
    ),
}
