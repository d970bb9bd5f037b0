"""Answers to the tasks of lesson 01: one stage."""

from __future__ import annotations

from tests.engine.answers import Wrong

ONE = """\
FROM golang:1.27
WORKDIR /app
COPY . .
"""
COMPILE = "RUN go build -o myapp\n"
START = 'ENTRYPOINT ["./myapp"]\n'

RIGHT: dict[str, tuple[str, ...]] = {
    "01-1": (
        'FROM golang:1.27\nWORKDIR /app\nADD . /app/\nRUN go build -o hi .\nCMD ["/app/hi"]\n',
        "FROM golang:1.27\nWORKDIR /src\nCOPY . .\nRUN go build -o /app/hello\n"
        "ENTRYPOINT /app/hello\n",
    ),
    "01-2": (
        f"{ONE}RUN go build -o myapp && go clean -cache\n{START}",
        f"{ONE}RUN GOCACHE=/tmp/cache go build -o myapp && rm -rf /tmp/cache main.go\n{START}",
        f"{ONE}RUN --mount=type=cache,target=/root/.cache go build -o myapp\n{START}",
    ),
}

WRONG = {
    "01-1": (
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY main.go .\nRUN go build -o myapp\n"
            'CMD ["./myapp"]\n',
            "`go build` finds no go.mod",
            4,
        ),
        Wrong(
            'FROM golang:1.27\nCOPY . .\nRUN go build -o myapp\nENTRYPOINT ["./myapp"]\n',
            "Without WORKDIR",
            None,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\n"
            'ENTRYPOINT ["myapp"]\n',
            'It is at /app/myapp: write ["./myapp"] or ["/app/myapp"]',
            5,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\nCMD myapp\n",
            "The shell does not find `myapp`. It is at /app/myapp: write ./myapp or /app/myapp",
            5,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\n"
            "ENTRYPOINT ['./myapp']\n",
            "it needs double quotes. Docker took this line for a shell command",
            5,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nRUN go build -o myapp\nCOPY . .\n"
            'ENTRYPOINT ["./myapp"]\n',
            "`go build` finds no go.mod",
            3,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nENTRYPOINT go run .\n",
            "this starts /usr/local/go/bin/go, a tool of the base image",
            4,
        ),
        Wrong(
            "FROM golang:1.27\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\n",
            "neither ENTRYPOINT nor CMD",
            None,
        ),
        Wrong("FORM golang:1.27\nWORKDIR /app\n", "Did you mean FROM?", 1),
    ),
    "01-2": (
        Wrong(
            f"{ONE}{COMPILE}RUN rm -rf /root/.cache /usr/local/go\n{START}",
            "only from view, /root/.cache",
            5,
        ),
        Wrong(
            f"{ONE}{COMPILE}RUN go clean -cache\n{START}",
            "the layer of an earlier instruction still holds them",
            5,
        ),
        Wrong(
            f"{ONE}ENV GOCACHE=/tmp/cache\n{COMPILE}{START}", "most of that lies in /tmp/cache", 5
        ),
        Wrong(
            f"{ONE}RUN rm -rf /root/.cache && go build -o myapp\n{START}",
            "most of that lies in /root/.cache",
            4,
        ),
        Wrong(f"{ONE}RUN go build -o myapp && rm -rf /app\n{START}", "no such file is in", 5),
        Wrong(
            f"{ONE}{COMPILE}".replace("1.27", "1.27 AS builder")
            + f"FROM alpine:3.22\nWORKDIR /app\nCOPY --from=builder /app/myapp .\n{START}",
            "this takes from another stage",
            7,
        ),
        Wrong(
            f"{ONE}ENV GOCACHE=off\n{COMPILE}{START}", "build cache is disabled by GOCACHE=off", 5
        ),
    ),
}
