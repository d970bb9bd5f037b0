"""Answers to the tasks of lesson 06: the stage graph."""

from __future__ import annotations

from tests.engine.answers import BUILDER, LABEL, RUNTIME, Wrong

RECORDER = """\
FROM golang:1.27 AS record
RUN find /usr/local/go -type f -exec sha256sum {} + > /toolchain.sha256
"""
SHIPS_BOTH = """\
FROM alpine:3.22
COPY --from=builder /app/myapp /usr/local/bin/myapp
COPY --from=record /toolchain.sha256 /toolchain.sha256
ENTRYPOINT ["myapp"]
"""
VETTED = """\
FROM golang:1.27 AS checks
WORKDIR /app
COPY . .
RUN go vet ./... && touch /passed
"""

RIGHT: dict[str, tuple[str, ...]] = {
    "06-1": (
        RECORDER + BUILDER + SHIPS_BOTH,
        "FROM golang:1.27 AS toolchain\n"
        + BUILDER.replace("golang:1.27", "toolchain")
        + RECORDER.replace("golang:1.27", "toolchain")
        + SHIPS_BOTH,
        BUILDER
        + RECORDER
        + "FROM scratch\nCOPY --from=0 /app/myapp /\nCOPY --from=1 /toolchain.sha256 /\n"
        + 'CMD ["/myapp"]\n',
    ),
    "06-2": (
        VETTED
        + BUILDER
        + RUNTIME.replace("ENTRYPOINT", "COPY --from=checks /passed /\nENTRYPOINT"),
        BUILDER.replace("RUN go", "RUN go vet . && go") + RUNTIME,
        VETTED + BUILDER.replace("golang:1.27", "checks") + RUNTIME,
    ),
}

WRONG = {
    "06-1": (
        Wrong(
            BUILDER + RECORDER.replace("golang:1.27", "builder") + LABEL + SHIPS_BOTH,
            "stage 'record' rests on stage 'builder', so it waits for all of it",
            5,
        ),
        Wrong(
            RECORDER
            + BUILDER.replace("RUN", "COPY --from=record /etc/os-release /x\nRUN")
            + SHIPS_BOTH,
            "stage 'builder' rests on stage 'record'",
            6,
        ),
        Wrong(
            BUILDER
            + "RUN find /usr/local/go -type f -exec sha256sum {} + > /toolchain.sha256\n"
            + SHIPS_BOTH.replace("--from=record", "--from=builder"),
            "program and record come from one stage",
            6,
        ),
        Wrong(
            BUILDER
            + RECORDER.replace("golang:1.27", "alpine:3.22").replace("/usr/local/go", "/etc")
            + SHIPS_BOTH,
            "it does not list /usr/local/go/bin/go",
            6,
        ),
        Wrong(
            BUILDER
            + RECORDER.replace("/toolchain.sha256", "/record")
            + SHIPS_BOTH.replace("/toolchain.sha256 /toolchain.sha256", "/record /record"),
            "There is no /toolchain.sha256",
            7,
        ),
        Wrong(BUILDER + SHIPS_BOTH, "takes from 'record': that is no stage here", 7),
    ),
    "06-2": (
        Wrong(VETTED + BUILDER + RUNTIME, "does not rest on this stage, so BuildKit skips it", 4),
        Wrong(BUILDER + RUNTIME, "no instruction calls it", None),
        Wrong(
            VETTED.replace("vet ./... &&", "vet ./... ;")
            + BUILDER.replace("RUN", "COPY --from=checks /passed /\nRUN")
            + RUNTIME,
            "this finds the mistake, and the build goes on",
            4,
        ),
        Wrong(
            VETTED.replace(" && touch /passed", "")
            + BUILDER.replace("RUN", "COPY --from=checks /passed /\nRUN")
            + RUNTIME,
            "not where it looks for it",
            8,
        ),
        Wrong(
            VETTED + 'RUN go build -o myapp\nENTRYPOINT ["./myapp"]\n',
            "holds the Go toolchain",
            1,
        ),
    ),
}
