"""Answers to the tasks of lesson 01: one stage."""

from __future__ import annotations

from tests.engine.answers import Wrong

RIGHT: dict[str, tuple[str, ...]] = {
    "01-1": (
        'FROM golang:1.27\nWORKDIR /app\nADD . /app/\nRUN go build -o hi .\nCMD ["/app/hi"]\n',
        "FROM golang:1.27\nWORKDIR /src\nCOPY . .\nRUN go build -o /app/hello\n"
        "ENTRYPOINT /app/hello\n",
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
}
