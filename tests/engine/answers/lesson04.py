"""Answers to the tasks of lesson 04: what layers keep."""

from __future__ import annotations

from stagelab.exercise.tasks import lesson04
from tests.engine.answers import Wrong

WORK = """\
FROM alpine:3.22 AS work
WORKDIR /app
COPY . .
RUN sh fetch.sh
RUN sha256sum archive.bin > report.txt
"""
REPORT = 'CMD ["cat", "/app/report.txt"]\n'

RIGHT: dict[str, tuple[str, ...]] = {
    "04-1": (
        f"{WORK}FROM alpine:3.22\nCOPY --from=0 /app/report.txt /app/report.txt\n{REPORT}",
        "FROM debian:trixie-slim AS work\nCOPY . /w\nWORKDIR /w\n"
        "RUN sh fetch.sh && sha256sum archive.bin > /report\n"
        'FROM debian:trixie-slim\nCOPY --from=work /report /\nENTRYPOINT ["cat", "/report"]\n',
    ),
}

WRONG = {
    "04-1": (
        Wrong(
            "FROM alpine:3.22\nWORKDIR /app\nCOPY . .\n"
            "RUN sh fetch.sh && sha256sum archive.bin > report.txt && rm archive.bin token.txt\n"
            + REPORT,
            "the layer of this instruction holds the token, even if no container sees it",
            3,
        ),
        Wrong(
            WORK.replace(" AS work", "") + "RUN rm archive.bin\n" + REPORT,
            "this hides /app/archive.bin",
            6,
        ),
        Wrong(
            f"{WORK}FROM alpine:3.22\nCOPY --from=work /app /app\n{REPORT}",
            "the image that ships holds /app/archive.bin",
            7,
        ),
        Wrong(
            "FROM alpine:3.22\nWORKDIR /app\nCOPY fetch.sh .\n"
            f"RUN echo token={lesson04.TOKEN} > token.txt && sh fetch.sh && "
            "sha256sum archive.bin > report.txt && rm archive.bin token.txt\n" + REPORT,
            "in the image's history or settings",
            4,
        ),
        Wrong(
            WORK.replace("COPY . .", "COPY fetch.sh .") + "FROM alpine:3.22\n"
            f"COPY --from=work /app/report.txt /app/\n{REPORT}",
            "token.txt is missing or has no line token=",
            4,
        ),
        Wrong(
            f"{WORK}FROM scratch\nCOPY --from=work /app/report.txt /app/report.txt\n{REPORT}",
            "`cat` is not in this image: scratch has no tools",
            8,
        ),
    ),
}
