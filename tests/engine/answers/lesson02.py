"""Answers to the tasks of lesson 02: the builder stage."""

from __future__ import annotations

from tests.engine.answers import BUILDER, Wrong

RIGHT: dict[str, tuple[str, ...]] = {
    "02-1": (
        "ARG GO_VERSION=1.27\nFROM golang:$GO_VERSION as builder\nWORKDIR /src\n"
        "COPY main.go go.mod ./\nRUN go build -o /app/myapp .\n",
        "# the version\nARG GO_VERSION=1.27\nFROM golang:${GO_VERSION:-1.27} AS toolchain\n"
        "FROM toolchain AS builder\nCOPY . /app\nRUN cd /app && go build -o myapp\n"
        "FROM scratch\nCOPY --from=builder /app/myapp /\n",
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
}
