"""Answers to the tasks of lesson 11."""

from __future__ import annotations

from tests.engine.answers import Wrong

CACHE = "--mount=type=cache,target=/root/.cache/go-build"
BEGIN = "FROM golang:1.27 AS builder\nENV CGO_ENABLED=0\nWORKDIR /app\nCOPY . .\n"
FLAGS = '-trimpath -ldflags="-s -w"'
BUILDER = f"{BEGIN}RUN {CACHE} go build {FLAGS} -o myapp\n"
SHIPS = 'FROM scratch\nCOPY --from=builder /app/myapp /myapp\nENTRYPOINT ["/myapp"]\n'
ALPINE = (
    'FROM alpine:3.22\nWORKDIR /app\nCOPY --from=builder /app/myapp .\nENTRYPOINT ["./myapp"]\n'
)

VERSION = "-X main.version=${VERSION}"
NOTES = f"""\
FROM golang:1.27 AS builder
ARG VERSION=1.4.0
ENV CGO_ENABLED=0
WORKDIR /app
COPY . .
RUN {CACHE} go build -trimpath -ldflags="-s -w {VERSION}" -o /out/notes
"""
DATED = NOTES.replace(VERSION, f"{VERSION} -X main.built=$(date +%s)")
GATHERED = "RUN cp notice.txt /out/ && touch -d @1700000000 /out/*\n"
TO_ROOT = 'FROM scratch\nCOPY --from=builder /out/ /\nENTRYPOINT ["/notes"]\n'

BOTH = f"{BEGIN}RUN {CACHE} go build -o /out/debug && go build {FLAGS} -o /out/ship\n"
DEBUG = 'FROM scratch AS debug\nCOPY --from=builder /out/debug /myapp\nENTRYPOINT ["/myapp"]\n'
LAST = 'FROM scratch\nCOPY --from=builder /out/ship /myapp\nENTRYPOINT ["/myapp"]\n'

RIGHT = {
    "11-1": (
        f"{BEGIN}RUN {CACHE} go build -trimpath -o myapp && strip myapp\n"
        'FROM scratch\nWORKDIR /bin\nCOPY --from=builder /app/myapp .\nCMD ["./myapp"]\n',
        'FROM golang:1.27\nENV CGO_ENABLED=0 GOFLAGS="-trimpath -ldflags=-s"\nCOPY . /src\n'
        f"RUN {CACHE} cd /src && go build -o /hello\n"
        'FROM scratch\nCOPY --from=0 /hello /usr/bin/hello\nENTRYPOINT ["hello"]\n',
    ),
    "11-2": (
        NOTES.replace("/out/notes", "/out/app/notes")
        + "RUN cp notice.txt /out/app/ && find /out -exec touch -d @0 {} +\n"
        + 'FROM scratch\nCOPY --from=builder /out/ /\nENTRYPOINT ["/app/notes"]\n',
        "FROM alpine:3.22 AS notice\nCOPY notice.txt /notice.txt\n"
        "RUN touch -d @1700000000 /notice.txt\n"
        + NOTES.replace("ARG", "ARG SOURCE_DATE_EPOCH=1700000000\nARG", 1).replace(
            VERSION, f"{VERSION} -X main.built=${{SOURCE_DATE_EPOCH}}"
        )
        + "RUN touch -d @${SOURCE_DATE_EPOCH} /out/notes\n"
        + "FROM scratch\nCOPY --from=builder /out/notes /\nCOPY --from=notice /notice.txt /\n"
        + 'CMD ["/notes"]\n',
    ),
    "11-3": (
        BUILDER.replace("builder", "shipped").replace("/app", "/ship")
        + BUILDER.replace(FLAGS, "-trimpath")
        + SHIPS.replace("scratch", "alpine:3.22 AS debug")
        + SHIPS.replace("=builder /app", "=shipped /ship"),
        BUILDER.replace(FLAGS, "-trimpath")
        + SHIPS.replace("scratch", "scratch AS debug")
        + "FROM builder AS stripped\nRUN strip myapp\n"
        + SHIPS.replace("=builder", "=stripped"),
        BUILDER.replace("builder", "debug").replace(f"{FLAGS} -o", "-trimpath -o")
        + 'ENTRYPOINT ["./myapp"]\n'
        + f"FROM debug AS builder\nRUN {CACHE} go build {FLAGS} -o myapp\n"
        + SHIPS,
    ),
}

WRONG = {
    "11-1": (
        Wrong(
            BUILDER.replace(FLAGS, "-trimpath") + SHIPS,
            "carries a symbol table (.symtab) and debug information",
            5,
        ),
        Wrong(
            BUILDER.replace('"-s -w"', "-w") + SHIPS, "still carries a symbol table (.symtab):", 5
        ),
        Wrong(BUILDER.replace("-trimpath ", "") + SHIPS, "names its source as /app/main.go", 5),
        Wrong(BUILDER + ALPINE, "this base brings", 6),
        Wrong(BUILDER.replace('"-s -w"', "-s -w") + SHIPS, "flag provided but not defined: -w", 5),
        Wrong(
            BUILDER + SHIPS.replace('["/myapp"]', "/myapp"),
            "`/bin/sh` is not in this image: scratch has no tools",
            8,
        ),
        Wrong(
            BUILDER
            + SHIPS.replace("ENTRYPOINT", "COPY --from=builder /app/myapp /copy\nENTRYPOINT"),
            "beside the program's",
            8,
        ),
        Wrong(BUILDER + 'ENTRYPOINT ["./myapp"]\n', "this base brings", 1),
    ),
    "11-2": (
        Wrong(DATED + GATHERED + TO_ROOT, "what `date` prints gets into it", 6),
        Wrong(NOTES + "RUN cp notice.txt /out/\n" + TO_ROOT, "other times: /n", 9),
        Wrong(
            NOTES
            + GATHERED
            + "FROM scratch\nWORKDIR /app\nCOPY --from=builder /out/ .\n"
            + 'ENTRYPOINT ["./notes"]\n',
            "only of folders: /app/",
            10,
        ),
        Wrong(
            NOTES
            + GATHERED
            + "FROM scratch\nCOPY --from=builder /out/notes /\nCOPY notice.txt /\n"
            + 'ENTRYPOINT ["/notes"]\n',
            "other times: /notice.txt",
            10,
        ),
        Wrong(
            NOTES
            + "FROM alpine:3.22\nCOPY --from=builder /out/notes /app/notice.txt /\n"
            + 'RUN touch -d @0 /notes /notice.txt\nENTRYPOINT ["/notes"]\n',
            "other times: /n",
            8,
        ),
        Wrong(
            NOTES.replace(VERSION, "") + GATHERED + TO_ROOT,
            "what it printed is not 'notes 1.4.0,'",
            10,
        ),
        Wrong(
            NOTES + GATHERED + TO_ROOT.replace("/out/ /", "/out/notes /"),
            "No file notice.txt",
            None,
        ),
        Wrong(
            NOTES + GATHERED.replace("@1700000000", "@${SOURCE_DATE_EPOCH}") + TO_ROOT,
            "invalid date",
            7,
        ),
    ),
    "11-3": (
        Wrong(
            BOTH + DEBUG.replace("debug\nCOPY", "dbg\nCOPY") + LAST, "No stage is named debug", None
        ),
        Wrong(BOTH + LAST.replace("scratch", "scratch AS ship") + DEBUG, "Put the stage that", 9),
        Wrong(
            BOTH + DEBUG.replace("/out/debug", "/out/ship") + LAST,
            "lacks .debug_info and .symtab",
            5,
        ),
        Wrong(
            BOTH + DEBUG.replace('ENTRYPOINT ["/myapp"]\n', "") + LAST,
            "does not say what to start",
            None,
        ),
        Wrong(
            BOTH + DEBUG + LAST.replace("scratch", "debug"),
            "beside the program's",
            7,
        ),
        Wrong(BOTH + DEBUG + LAST.replace("/out/ship", "/out/debug"), "a symbol table", 5),
        Wrong(
            BOTH.replace(FLAGS, '-ldflags="-s -w"') + DEBUG + LAST,
            "names its source as /app/main.go",
            5,
        ),
    ),
}
