"""Answers to the tasks of lesson 08: cache mounts."""

from __future__ import annotations

from tests.engine.answers import LABEL, Wrong

HEAD = "FROM golang:1.27 AS builder\nWORKDIR /src\nARG GOPROXY\n"
FETCH = "COPY go.mod go.sum ./\nRUN go mod download\n"
COMPILED = "--mount=type=cache,target=/root/.cache/go-build "
MODULES = "--mount=type=cache,target=/go/pkg/mod "
BOUND = "--mount=type=bind,target=. "
BUILD = "go build -o /app/myapp\n"
SHIPS = """\
FROM alpine:3.22
COPY --from=builder /app/myapp /usr/local/bin/myapp
ENTRYPOINT ["myapp"]
"""

RIGHT: dict[str, tuple[str, ...]] = {
    "08-1": (
        HEAD + "COPY . .\nRUN " + COMPILED + MODULES + BUILD + SHIPS,
        HEAD
        + FETCH
        + "ENV GOCACHE=/cache\nCOPY . .\nRUN --mount=type=cache,id=exercise-08,dst=/cache "
        + BUILD
        + SHIPS,
    ),
    "08-2": (
        HEAD
        + f"RUN {BOUND}{MODULES}go mod download\nRUN {BOUND}{MODULES}{COMPILED}{BUILD}"
        + SHIPS.replace("alpine:3.22", "scratch").replace("/usr/local/bin/myapp", "/bin/myapp"),
        "FROM golang:1.27 AS toolchain\nARG GOPROXY\nENV GOCACHE=/c/build GOMODCACHE=/c/mod\n"
        "FROM toolchain\n"
        "RUN --mount=source=.,target=/work --mount=type=cache,target=/c \\\n    cd /work && "
        + BUILD
        + SHIPS.replace("builder", "1"),
    ),
}

WRONG = {
    "08-1": (
        Wrong(
            HEAD + FETCH + "COPY . .\nRUN " + BUILD + LABEL + SHIPS,
            "It began without Go's build cache",
            7,
        ),
        Wrong(
            HEAD
            + FETCH.replace("RUN", f"RUN {COMPILED.strip()}")
            + "COPY . .\nRUN "
            + BUILD
            + SHIPS,
            "Line 5 mounts Go's build cache, and this does not",
            7,
        ),
        Wrong(
            HEAD
            + FETCH
            + "COPY . .\nRUN "
            + COMPILED.replace("go-build", "go_build")
            + BUILD
            + SHIPS,
            "Its cache mount is at /root/.cache/go_build",
            7,
        ),
        Wrong(
            HEAD + FETCH + "COPY . .\nRUN " + COMPILED.replace("type=cache,", "") + BUILD + SHIPS,
            "read-only file system",
            7,
        ),
        Wrong(
            HEAD
            + FETCH
            + "COPY . .\nRUN "
            + COMPILED.replace("=cache,", "=tmpfs,")
            + BUILD
            + SHIPS,
            "It began without Go's build cache",
            7,
        ),
        Wrong(
            HEAD
            + FETCH.replace("RUN", f"RUN {MODULES.strip()}")
            + "COPY . .\nRUN "
            + COMPILED
            + BUILD
            + SHIPS,
            "Line 5 mounts the module cache, so the module went there",
            7,
        ),
    ),
    "08-2": (
        Wrong(
            HEAD + "COPY . .\nRUN " + COMPILED + MODULES + BUILD + SHIPS,
            "the layers of stage 'builder' hold /src/",
            4,
        ),
        Wrong(
            HEAD + "RUN " + BOUND + COMPILED + BUILD + SHIPS,
            "the layers of stage 'builder' hold /go/pkg/mod",
            4,
        ),
        Wrong(
            HEAD + "RUN " + BOUND + MODULES + BUILD + SHIPS,
            "the layers of stage 'builder' hold /root/.cache/go-build",
            4,
        ),
        Wrong(
            HEAD + "RUN " + BOUND + COMPILED + MODULES + "go build -o myapp\n" + SHIPS,
            "read-only file system",
            4,
        ),
        Wrong(
            HEAD
            + "RUN "
            + BOUND.replace("target=.", "target=.,rw")
            + COMPILED
            + MODULES
            + "go build -o myapp\n"
            + SHIPS.replace("/app/myapp", "/src/myapp"),
            "/src/myapp",
            6,
        ),
        Wrong(
            HEAD
            + "COPY . .\nRUN "
            + COMPILED
            + MODULES
            + BUILD
            + "RUN rm main.go go.mod go.sum\n"
            + SHIPS,
            "the layers of stage 'builder' hold /src/",
            4,
        ),
    ),
}
