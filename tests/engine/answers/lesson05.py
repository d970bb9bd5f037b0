"""Answers to the tasks of lesson 05: names, targets, shared stages and the scope of ARG."""

from __future__ import annotations

from tests.engine.answers import BUILDER, RUNTIME, Wrong

DEBUG = """\
FROM golang:1.27 AS debug
WORKDIR /app
COPY . .
RUN go build -tags debug -o myapp
ENTRYPOINT ["./myapp"]
"""
NAMED = DEBUG + BUILDER + RUNTIME

COMPILED = """\
FROM golang:1.27 AS builder
WORKDIR /app
COPY . .
RUN go build -o /dev/null .
"""
LINKED = 'RUN go build -ldflags "-X main.version=${VERSION}" -o myapp\n'
LABELLED = 'LABEL org.opencontainers.image.version="${VERSION}"\n'
TOP = "ARG VERSION=0.9.0\n"
MOUNTED = "FROM golang:1.27 AS builder\nWORKDIR /app\nCOPY . .\nARG VERSION\n" + LINKED.replace(
    "RUN", "RUN --mount=type=cache,target=/root/.cache/go-build"
)
ASK = "ARG VERSION\n"
VERSIONED = TOP + COMPILED + ASK + LINKED + RUNTIME + ASK + LABELLED

SOURCE = "FROM golang:1.27 AS source\nWORKDIR /app\nCOPY . .\n"
TEST = "FROM source AS test\nRUN go test ./...\n"
DEBUGGED = 'FROM source AS debug\nRUN go build -tags debug -o myapp\nENTRYPOINT ["./myapp"]\n'
COMPILES = "FROM source AS builder\nRUN go build -o myapp\n"
DESIGNED = SOURCE + TEST + DEBUGGED + COMPILES + RUNTIME

RIGHT: dict[str, tuple[str, ...]] = {
    "05-1": (
        # the order of stages is free, and so are their names
        (BUILDER + DEBUG).replace("builder", "release")
        + RUNTIME.replace("builder", "release").replace("alpine:3.22", "scratch"),
        # a stage that both share
        f"{BUILDER}FROM builder AS Debug\nRUN go build -tags debug -o myapp\n"
        'CMD ["./myapp"]\n' + RUNTIME.replace("FROM alpine:3.22", "FROM alpine:3.22 AS runtime"),
    ),
    "05-2": (
        # a default in each stage
        COMPILED + TOP + LINKED + RUNTIME + TOP + LABELLED,
        # the label first, and a stage of its own for what is compiled
        TOP
        + COMPILED.replace("builder", "compiled")
        + f"FROM compiled AS builder\n{ASK}{LINKED}FROM scratch\n{ASK}{LABELLED}"
        + 'COPY --from=builder /app/myapp /bin/myapp\nENTRYPOINT ["myapp"]\n',
        # one step, which keeps what it compiled in a cache mount
        TOP + MOUNTED + RUNTIME + ASK + LABELLED,
    ),
    "05-3": (
        # the builder is what the others start from
        BUILDER
        + (TEST + DEBUGGED).replace("FROM source", "FROM builder")
        + RUNTIME.replace("alpine:3.22", "scratch"),
        # debugged on another base, and the tests count for what ships
        SOURCE
        + TEST
        + "RUN touch /passed\n"
        + "FROM source AS debug-builder\nRUN go build -tags debug -o myapp\n"
        + "FROM alpine:3.22 AS debug\nCOPY --from=debug-builder /app/myapp /bin/\n"
        + 'CMD ["myapp"]\n'
        + COMPILES
        + "COPY --from=test /passed /passed\n"
        + RUNTIME,
    ),
}

WRONG = {
    "05-1": (
        Wrong(
            NAMED.replace("--from=builder", "--from=1"),
            "this counts stages, and with one more stage on top it takes from another one",
            12,
        ),
        Wrong(NAMED.replace("--from=builder", "--from=0"), "takes the program from stage", 12),
        Wrong(NAMED.replace("--from=builder", "--from=debug"), "from stage 'debug'", 12),
        Wrong(NAMED.replace("--from=builder", "--from=bulider"), "Write --from=builder", 12),
        Wrong(NAMED.replace(" AS debug", ""), "The names here are builder", None),
        Wrong(BUILDER + RUNTIME, "There is no stage named 'debug'", None),
        Wrong(BUILDER + RUNTIME + DEBUG, "and this one makes the debug build", 9),
        Wrong(
            DEBUG + BUILDER + 'FROM builder\nENTRYPOINT ["./myapp"]\n',
            "holds the Go toolchain",
            6,
        ),
        Wrong(
            NAMED.replace("AS debug", "AS release").replace("AS builder", "AS debug")
            + "# names swapped\n",
            "If a stage is meant, write its name: release, debug",
            12,
        ),
        Wrong(
            BUILDER + DEBUG + RUNTIME.replace("--from=builder", "--from=0"),
            "and the build fails. A name goes with its stage",
            12,
        ),
    ),
    "05-2": (
        Wrong(
            TOP
            + COMPILED.replace("COPY . .\nRUN go build -o /dev/null .", "RUN go version\nCOPY . .")
            + ASK
            + LINKED
            + RUNTIME
            + ASK
            + LABELLED,
            "this compiles and links in one step",
            7,
        ),
        Wrong(
            TOP + COMPILED + LINKED + RUNTIME + ASK + LABELLED,
            "The ARG in line 1 stands before FROM",
            6,
        ),
        Wrong(TOP + COMPILED + ASK + LINKED + RUNTIME + LABELLED, "the label is empty", 12),
        Wrong(
            TOP + COMPILED.replace("WORKDIR", f"{ASK}WORKDIR") + LINKED + RUNTIME + ASK + LABELLED,
            "just above the RUN that uses it",
            6,
        ),
        Wrong(
            TOP + COMPILED + LINKED + ASK + RUNTIME + ASK + LABELLED,
            "The ARG in line 7 comes too late",
            6,
        ),
        Wrong(
            COMPILED + ASK + LINKED + RUNTIME + ASK + LABELLED,
            "declares it without a default: write ARG VERSION=0.9.0",
            6,
        ),
        Wrong(
            VERSIONED.replace('"-X main.version=${VERSION}"', "'-X main.version=${VERSION}'"),
            "in single quotes a shell puts nothing in",
            7,
        ),
        Wrong(
            VERSIONED.replace(f"{ASK}RUN", "ENV VERSION=0.9.0\nRUN"),
            "an ENV of this name hides the build argument",
            6,
        ),
        Wrong(
            VERSIONED.replace("main.version=${VERSION}", "main.version=0.9.0"),
            "This does not use VERSION",
            7,
        ),
        Wrong(
            VERSIONED.replace("RUN go build -o /dev/null .\n", ""),
            "compiles and links in one step",
            6,
        ),
        Wrong(VERSIONED.replace(LABELLED, ""), "The image has no label", None),
    ),
    "05-3": (
        Wrong(
            DESIGNED.replace("go test ./...", "go test -c -o /tests ."),
            "this compiles the tests and does not run them",
            5,
        ),
        Wrong(
            "FROM golang:1.27 AS base\nWORKDIR /app\n"
            + (TEST + DEBUGGED + COMPILES)
            .replace("FROM source", "FROM base")
            .replace("RUN", "RUN --mount=type=bind,target=/app,rw")
            .replace("-o myapp", "-o /bin/myapp")
            .replace("./myapp", "myapp")
            + RUNTIME.replace("/app/myapp", "/bin/myapp"),
            "this stage takes from the context by itself",
            4,
        ),
        Wrong(
            BUILDER + RUNTIME.replace("3.22", "3.22 AS runtime"),
            "There is no stage named 'test': by this name the test run is asked for.",
            None,
        ),
        Wrong(
            DESIGNED.replace("RUN go test ./...", 'CMD ["go", "test", "./..."]'),
            "nothing in its build runs them",
            4,
        ),
        Wrong(
            DESIGNED.replace("go test ./...", "go test ./... || true"),
            "something hides that they failed",
            4,
        ),
        Wrong(
            DESIGNED.replace("-tags debug ", ""),
            "the target debug starts a release build",
            6,
        ),
        Wrong(
            DESIGNED.replace(
                '-o myapp\nENTRYPOINT ["./myapp"]\nFROM source', "-o myapp\nFROM source"
            ),
            "starts what its own stage says",
            6,
        ),
        Wrong(
            SOURCE
            + TEST
            + DEBUGGED.replace("AS debug", "AS made").replace('ENTRYPOINT ["./myapp"]\n', "")
            + "FROM scratch AS debug\nCOPY --from=made /app/myapp /\n"
            + 'ENTRYPOINT ["/myapp"]\n'
            + COMPILES
            + RUNTIME,
            "there is no shell in the image of the target debug",
            8,
        ),
        Wrong(
            BUILDER + DEBUG + SOURCE + TEST + RUNTIME,
            "have no stage in common",
            13,
        ),
        Wrong(
            SOURCE + TEST + DEBUGGED + COMPILES + "COPY . .\n" + RUNTIME,
            "this stage takes from the context by itself",
            11,
        ),
        Wrong(
            DESIGNED.replace("FROM source AS test", "FROM sorce AS test"), "Write FROM source", 4
        ),
        Wrong(
            SOURCE + TEST + DEBUGGED + COMPILES + 'ENTRYPOINT ["./myapp"]\n',
            "holds the Go toolchain",
            1,
        ),
    ),
}
