"""Answers to the tasks of lesson 09: a runtime base that fits the program."""

from __future__ import annotations

from tests.engine.answers import Wrong

CACHED = "--mount=type=cache,target=/root/.cache/go-build "
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
DISTROLESS = "gcr.io/distroless/static-debian13:nonroot"
NEEDED = """\
FROM builder AS libraries
RUN mkdir /libraries && cp --parents -L $(ldd PROGRAM | grep -o '/[^ )]*') /libraries
"""


def builder(program: str, before: str = "", after: str = "", stage: str = "builder") -> str:
    """Give a builder stage; line 4 builds the program."""
    build = f"{before}go build {after}".rstrip()
    return (
        f"FROM golang:1.27 AS {stage}\nWORKDIR /app\nCOPY . .\nRUN {CACHED}{build} -o {program}\n"
    )


def runtime(program: str, base: str, *lines: str) -> str:
    """Give a runtime stage of FROM, `lines`, COPY and ENTRYPOINT."""
    copy = f"COPY --from=builder /app/{program} /{program}"
    return "\n".join([f"FROM {base}", *lines, copy, f'ENTRYPOINT ["/{program}"]', ""])


WEB = builder("myapp", "CGO_ENABLED=0 ")
WEB_C = builder("myapp")
STAMP = builder("stamp")
STATIC = builder("stamp", after="""-ldflags '-linkmode external -extldflags "-static"'""")
ROOTS = builder("roots", "CGO_ENABLED=0 ")
CERTIFICATES = f"COPY --from=builder {BUNDLE} {BUNDLE}"
USER = "USER 65532:65532"

RIGHT: dict[str, tuple[str, ...]] = {
    "09-1": (
        WEB.replace("WORKDIR", "ENV CGO_ENABLED=0\nWORKDIR").replace("CGO_ENABLED=0 go", "go")
        + runtime("myapp", DISTROLESS),
        WEB.replace(" AS builder", "").replace("/app\n", "/src\n")
        + 'FROM scratch\nWORKDIR /srv\nCOPY --from=0 /src/myapp web\nCMD ["./web"]\n',
        # what starts it stands in a stage below the last one
        'FROM scratch AS base\nENTRYPOINT ["/myapp"]\n'
        + WEB
        + "FROM base\nCOPY --from=builder /app/myapp /myapp\n",
        # cgo stays on: the loader and the libraries are brought along
        WEB_C
        + NEEDED.replace("PROGRAM", "myapp")
        + runtime("myapp", "scratch", "COPY --from=libraries /libraries /"),
    ),
    "09-2": (
        STATIC + runtime("stamp", "scratch"),
        builder("stamp", "CGO_LDFLAGS=-static ") + runtime("stamp", "alpine:3.22"),
        STAMP
        + NEEDED.replace("PROGRAM", "stamp")
        + runtime("stamp", "scratch", "COPY --from=libraries /libraries /"),
    ),
    "09-3": (
        ROOTS + runtime("roots", "scratch", CERTIFICATES, USER),
        builder("roots", after="-tags netgo,osusergo").replace(" AS builder", "")
        + "FROM scratch AS ships\n"
        + CERTIFICATES.replace("=builder", "=0")
        + '\nCOPY --from=0 --chown=10001 /app/roots /\nUSER 10001\nCMD ["/roots"]\n',
    ),
}

WRONG: dict[str, tuple[Wrong, ...]] = {
    "09-1": (
        # one of the two repaired, and not the other
        Wrong(WEB_C + runtime("myapp", "scratch"), "so that it needs no loader", 4),
        Wrong(
            WEB + runtime("myapp", "scratch").replace('["/myapp"]', "/myapp"),
            "`/bin/sh` is not in this image: scratch has no tools",
            7,
        ),
        Wrong(WEB + runtime("myapp", "alpine:3.22"), "there is a shell in the image", 5),
        Wrong(
            WEB_C + runtime("myapp", DISTROLESS, "ENV CGO_ENABLED=0"),
            "after the program was built",
            6,
        ),
        Wrong("ARG CGO_ENABLED=0\n" + WEB_C + runtime("myapp", DISTROLESS), "not seen inside", 1),
        # a shell for the sake of the shell form
        Wrong(
            WEB
            + runtime("myapp", "scratch", "COPY --from=alpine:3.22 /bin/busybox /bin/sh").replace(
                '["/myapp"]', "/myapp"
            ),
            "this puts a shell into the image that ships: /bin/sh",
            6,
        ),
        Wrong(
            WEB + runtime("myapp", "scratch").replace('["/myapp"]', '["/app/myapp"]'),
            "The program is at /myapp",
            7,
        ),
        Wrong(
            WEB + runtime("myapp", "scratch").replace('["/myapp"]', '["myapp"]'),
            "`myapp` has no slash",
            7,
        ),
        Wrong(
            WEB + runtime("myapp", "scratch").replace("/app/myapp /myapp", "/app/ /"),
            "holds source code: /main.go",
            6,
        ),
        Wrong(WEB + 'ENTRYPOINT ["/app/myapp"]\n', "there is a shell in the image", 1),
    ),
    "09-2": (
        Wrong(
            builder("stamp", "CGO_ENABLED=0 ") + runtime("stamp", "scratch"),
            "This program needs cgo: leave it on",
            4,
        ),
        Wrong(STAMP + runtime("stamp", "scratch"), "so cgo must stay on", 5),
        Wrong(STAMP + runtime("stamp", "alpine:3.22"), "this base does not have it", 5),
        # -s -w takes symbols away, not the loader
        Wrong(
            builder("stamp", after="-ldflags '-s -w'") + runtime("stamp", DISTROLESS),
            "let the C compiler link statically",
            5,
        ),
        Wrong(
            STAMP
            + "RUN mkdir /loader && cp --parents -L $(ldd stamp | grep -o '/[^ )]*ld-[^ )]*') "
            "/loader\n" + runtime("stamp", "scratch", "COPY --from=builder /loader /"),
            "the loader runs, and does not find libc.so.6",
            9,
        ),
        # /lib is a link there
        Wrong(
            STAMP
            + NEEDED.replace("PROGRAM", "stamp")
            + runtime("stamp", DISTROLESS, "COPY --from=libraries /libraries /"),
            "copy to the folder behind the link, or begin from scratch",
            8,
        ),
        Wrong(
            STAMP + 'FROM golang:1.27\nCOPY --from=builder /app/stamp /\nENTRYPOINT ["/stamp"]\n',
            "holds the Go toolchain",
            5,
        ),
        Wrong(
            STAMP + runtime("stamp", "debian:trixie-slim", "COPY --from=builder /usr/lib /usr/lib"),
            "at most",
            6,
        ),
        Wrong(
            STAMP + runtime("stamp", "debian:trixie-slim").replace('["/stamp"]', '["./app/stamp"]'),
            "The program is at /stamp",
            7,
        ),
        Wrong(
            STAMP + runtime("stamp", "debian:trixie-slim").replace("=builder", "=build"),
            "no stage is named 'build'",
            6,
        ),
    ),
    "09-3": (
        Wrong(
            ROOTS + runtime("roots", "scratch", USER),
            f"COPY --from=builder {BUNDLE} to the same path",
            5,
        ),
        Wrong(
            ROOTS
            + runtime("roots", "scratch", USER, f"COPY --from=builder {BUNDLE} /etc/ssl/certs"),
            "does not find the CA certificates that this is to bring",
            7,
        ),
        Wrong(ROOTS + runtime("roots", "scratch", CERTIFICATES), "no USER is set", 5),
        Wrong(
            ROOTS + runtime("roots", "scratch", CERTIFICATES, "USER nonroot"),
            "scratch has no such file. A number needs no list",
            7,
        ),
        Wrong(
            ROOTS + runtime("roots", DISTROLESS, "USER root"), "this is root under another name", 6
        ),
        Wrong(ROOTS + runtime("roots", "alpine:3.22", USER), "there is a shell in the image", 5),
        Wrong(builder("roots") + runtime("roots", DISTROLESS), "so that it needs no loader", 4),
        Wrong(
            ROOTS
            + runtime("roots", "scratch", "COPY --from=builder /usr/lib /usr/lib", USER).replace(
                "USER", f"{CERTIFICATES}\nUSER"
            ),
            "at most",
            6,
        ),
        Wrong(
            ROOTS + runtime("roots", DISTROLESS, "COPY . /src/"),
            "holds source code: /src/main.go",
            6,
        ),
    ),
}
