"""What the Go command's and the kernel's words mean for a Dockerfile, for the feedback."""

from __future__ import annotations

import re

_MEANINGS = (
    (
        r"GOPATH/go\.mod exists but should not|ignoring go\.mod in \$GOPATH",
        "The build runs in /go, Go's own folder, where no module may be: set WORKDIR to a folder "
        "of its own, such as /app, before you COPY.",
    ),
    (
        r"go\.mod file not found|cannot find main module",
        "`go build` finds no go.mod in the working directory: COPY it there together with the "
        "source, before RUN.",
    ),
    (
        r"no Go files in",
        "There is no Go source in the working directory: COPY it there before RUN go build.",
    ),
    (
        r"go: not found|\"go\": executable file not found|exec: \"go\"",
        "This stage has no Go toolchain: `go build` must run in a stage FROM golang.",
    ),
    (
        r"go\.mod requires go >= \S+ \(running go",
        "This Go is older than the program wants: build FROM golang:1.27.",
    ),
)
_COMPILED = tuple((re.compile(pattern), words) for pattern, words in _MEANINGS)


def meaning(words: str) -> str:
    """Say what a program's words mean for the Dockerfile; "" if they are not known."""
    return next((found for pattern, found in _COMPILED if pattern.search(words)), "")
