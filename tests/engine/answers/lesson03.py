"""Answers to the tasks of lesson 03: the runtime stage."""

from __future__ import annotations

from tests.engine.answers import BUILDER, RUNTIME, Wrong

RIGHT: dict[str, tuple[str, ...]] = {
    "03-1": (
        f"{BUILDER}FROM scratch\nCOPY --from=builder /app/myapp /myapp\n" + 'CMD ["/myapp"]\n',
        BUILDER.replace(" AS builder", "")
        + "FROM debian:trixie-slim\nCOPY --from=0 /app/myapp /usr/local/bin/hello\n"
        + 'ENTRYPOINT ["hello"]\n',
    ),
    "03-2": (
        BUILDER.replace("WORKDIR", "ENV CGO_ENABLED=0\nWORKDIR") + RUNTIME,
        BUILDER.replace("build -o", "build -tags netgo,osusergo -o") + RUNTIME,
        BUILDER.replace("build -o", "build -ldflags '-linkmode external -extldflags -static' -o")
        + RUNTIME.replace('["./myapp"]', '["/app/myapp"]').replace("ENTRYPOINT", "CMD"),
    ),
}

WRONG = {
    "03-1": (
        Wrong(
            BUILDER + 'ENTRYPOINT ["./myapp"]\n',
            "starts from here and holds the Go toolchain",
            1,
        ),
        Wrong(
            BUILDER + 'RUN rm -rf /usr/local/go main.go\nENTRYPOINT ["./myapp"]\n',
            "only from view",
            5,
        ),
        Wrong(BUILDER + RUNTIME.replace("=builder", "=bulider"), "no stage is named 'bulider'", 7),
        Wrong(BUILDER + RUNTIME.replace("/app/myapp .", "/app ."), "/app/main.go", 7),
        Wrong(
            BUILDER + RUNTIME.replace('["./myapp"]', "./myapp"),
            "The engine starts a shell, and the",
            8,
        ),
        Wrong(BUILDER + RUNTIME.replace("./myapp", "/myapp"), "The program is at /app/myapp", 8),
        Wrong(
            BUILDER + RUNTIME.replace("COPY --from=builder /app/myapp .\n", ""),
            "no such file is in the image",
            7,
        ),
        Wrong(
            BUILDER + RUNTIME.replace("alpine:3.22", "scratch").replace('["./myapp"]', "./myapp"),
            "this starts a shell, and `/bin/sh` is not in this image: scratch has no tools. Write "
            '["./myapp"]',
            8,
        ),
        Wrong(BUILDER + "FROM alpine:3.22\n", "neither ENTRYPOINT nor CMD", None),
        Wrong(
            BUILDER + RUNTIME.replace("--from=builder /app/myapp", "myapp"),
            "not where it looks for it",
            7,
        ),
    ),
    "03-2": (
        Wrong(
            BUILDER + RUNTIME.replace("WORKDIR", "ENV CGO_ENABLED=0\nWORKDIR"),
            "after the program was built",
            6,
        ),
        Wrong(
            BUILDER.replace("RUN go", "RUN export CGO_ENABLED=0\nRUN go") + RUNTIME,
            "a shell of its own",
            4,
        ),
        Wrong(
            "ARG CGO_ENABLED=0\n" + BUILDER + RUNTIME,
            "not seen inside the stages",
            1,
        ),
        Wrong(
            BUILDER + RUNTIME.replace("alpine:3.22", "debian:trixie-slim"), "keep FROM alpine", 5
        ),
        Wrong(BUILDER + RUNTIME, "so that it needs no loader", 4),
        Wrong(
            BUILDER.replace("RUN go", "RUN CGO_ENABLED=0 go")
            + RUNTIME.replace('["./myapp"]', "./myapp; echo ended"),
            "did not end within a second when the engine asked it to",
            8,
        ),
    ),
}
