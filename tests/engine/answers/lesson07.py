"""Answers to the tasks of lesson 07: the order of the cache."""

from __future__ import annotations

from tests.engine.answers import LABEL, Wrong

HEAD = "FROM golang:1.27 AS builder\nWORKDIR /src\nARG GOPROXY\n"
FILES = "COPY go.mod go.sum ./\n"
DOWNLOAD = "RUN go mod download\n"
REST = "COPY . .\nRUN go build -o /app/myapp\n"
SHIPS = """\
FROM alpine:3.22
COPY --from=builder /app/myapp /usr/local/bin/myapp
ENTRYPOINT ["myapp"]
"""

SITE = """\
FROM golang:1.27 AS builder
WORKDIR /src
COPY go.mod main.go ./
COPY frame frame
RUN go build -o /app/site
FROM alpine:3.22
WORKDIR /site
COPY pages pages
COPY --from=builder /app/site /usr/local/bin/site
ENTRYPOINT ["site"]
"""

RIGHT: dict[str, tuple[str, ...]] = {
    "07-1": (
        HEAD.replace("builder", "modules")
        + FILES
        + DOWNLOAD
        + "FROM modules AS builder\n"
        + REST
        + 'FROM scratch\nCOPY --from=builder /app/myapp /\nCMD ["/myapp"]\n',
        HEAD
        + "ADD go.sum go.mod /src/\nRUN cd /src && go mod download -x\n"
        + "COPY main.go /src\nRUN go build -o /app/myapp .\n"
        + SHIPS.replace("builder", "0"),
        HEAD
        + REST.replace("RUN", "RUN --mount=type=cache,id=exercise-07,target=/go/pkg/mod")
        + SHIPS,
    ),
    "07-2": (
        SITE.replace("COPY go.mod main.go ./", "COPY go.* *.go ./").replace(
            "COPY pages pages", "ADD pages/*.txt pages/"
        ),
        SITE.replace(
            "COPY go.mod main.go ./\nCOPY frame frame\nRUN",
            "RUN --mount=type=bind,source=go.mod,target=go.mod "
            "--mount=type=bind,source=main.go,target=main.go "
            "--mount=type=bind,source=frame,target=frame",
        ),
        "FROM scratch AS pages\nCOPY pages /pages\n"
        + SITE.replace("FROM alpine:3.22", "FROM scratch")
        .replace("COPY pages pages", "COPY --from=pages / .")
        .replace("/usr/local/bin/site", "/bin/site"),
    ),
}

WRONG = {
    "07-1": (
        Wrong(
            HEAD + REST.replace("RUN", DOWNLOAD + "RUN") + LABEL + SHIPS,
            "It rests on line 4, `COPY . .`, which sees main.go",
            5,
        ),
        Wrong(
            HEAD + FILES.replace("go.sum", "go.sum main.go") + DOWNLOAD + REST + SHIPS,
            "`COPY go.mod go.sum main.go ./`, which sees main.go",
            5,
        ),
        Wrong(HEAD + FILES + REST + SHIPS, "No step above keeps it", 6),
        Wrong(HEAD + DOWNLOAD + FILES + REST + SHIPS, "`go mod download` finds no go.mod", 4),
        Wrong(
            HEAD + REST + SHIPS.replace("COPY", DOWNLOAD + "COPY"),
            "This stage has no Go toolchain",
            7,
        ),
        Wrong(
            HEAD + FILES + DOWNLOAD + REST.replace("COPY . .\n", "") + SHIPS,
            "There is no Go source in the working directory",
            6,
        ),
        Wrong(
            HEAD + FILES + DOWNLOAD + REST + "WORKDIR /app\n" + 'ENTRYPOINT ["./myapp"]\n',
            "holds the Go toolchain",
            1,
        ),
    ),
    "07-2": (
        Wrong(
            SITE.replace("COPY go.mod main.go ./\nCOPY frame frame", "COPY . ."),
            "it takes files that nobody here needs",
            3,
        ),
        Wrong(
            SITE.replace("COPY pages pages", "COPY . .\nRUN rm deploy.env notes.md *.go go.mod"),
            "even if no container sees it any more",
            8,
        ),
        Wrong(
            SITE.replace("main.go ./\nCOPY frame frame", "main.go frame ./"),
            "example.com/site/frame",
            4,
        ),
        Wrong(
            SITE.replace("COPY frame frame", "COPY frame frame\nCOPY pages pages").replace(
                "site\nCOPY pages pages", "site\nCOPY --from=builder /src/pages pages"
            ),
            "Line 5 copies the pages above it",
            6,
        ),
        Wrong(SITE.replace("COPY pages pages", "COPY pages ."), "pages/index.txt", 10),
        Wrong(SITE.replace("COPY pages pages\n", ""), "pages/index.txt", 9),
        Wrong(
            SITE.replace("COPY pages pages", "COPY --from=builder /src .").replace(
                "COPY frame frame", "COPY frame frame\nCOPY pages pages"
            ),
            "after an edit of a page this compiles again",
            6,
        ),
    ),
}
