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

FETCH = """\
FROM alpine:3.22 AS work
WORKDIR /srv
COPY fetch.sh .
"""
SUM = """\
USER 65532:65532
CMD ["sh", "-c", "cat /srv/data/* | sha256sum"]
"""
TAKE = """\
FROM alpine:3.22
COPY --from=work --chown=65532:65532 /srv/data /srv/data
"""
UNPACK = "RUN sh fetch.sh && tar -xf pack.tar"

RIGHT: dict[str, tuple[str, ...]] = {
    "04-1": (
        f"{WORK}FROM alpine:3.22\nCOPY --from=0 /app/report.txt /app/report.txt\n{REPORT}",
        "FROM debian:trixie-slim AS work\nCOPY . /w\nWORKDIR /w\n"
        "RUN sh fetch.sh && sha256sum archive.bin > /report\n"
        'FROM debian:trixie-slim\nCOPY --from=work /report /\nENTRYPOINT ["cat", "/report"]\n',
    ),
    "04-2": (
        f"{FETCH}{UNPACK} && rm pack.tar && chown -R 65532:65532 data\n{SUM}",
        f"{FETCH}{UNPACK}\nRUN chown 65532:65532 data/*\n"
        + f"{TAKE}{SUM}".replace(" --chown=65532:65532", ""),
        "FROM debian:trixie-slim\nRUN --mount=type=bind,target=/in cd /tmp && sh /in/fetch.sh && "
        "mkdir /srv/data && chown 65532:0 /srv/data && cd /srv && tar -xf /tmp/pack.tar && "
        f"chown -R 65532 data && rm /tmp/pack.tar\n{SUM}",
    ),
}

WRONG = {
    "04-1": (
        Wrong(
            "FROM alpine:3.22\nWORKDIR /app\nCOPY . .\n"
            "RUN sh fetch.sh && sha256sum archive.bin > report.txt && rm archive.bin token.txt\n"
            + REPORT,
            "the layer of this instruction holds it, even if no container sees it",
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
    "04-2": (
        Wrong(
            f"{FETCH}{UNPACK} && rm pack.tar\nRUN chown -R 65532:65532 data\n{SUM}",
            "this stores /srv/data/part-",
            5,
        ),
        Wrong(
            f"{FETCH}{UNPACK} && chown -R 65532:65532 data\nRUN rm pack.tar\n{SUM}",
            "this hides /srv/pack.tar",
            5,
        ),
        Wrong(f"{FETCH}{UNPACK} && rm pack.tar\n{SUM}", "belongs to user 0", 4),
        Wrong(
            f"{FETCH}{UNPACK}\n{TAKE}{SUM}".replace("/srv/data /srv/data", "/srv /srv"),
            "the image that ships holds /srv/pack.tar",
            6,
        ),
        Wrong(
            f"{FETCH}{UNPACK}\n"
            + TAKE.replace(" --chown=65532:65532", "")
            + f"RUN chown -R 65532:65532 /srv/data\n{SUM}",
            "this stores /srv/data/part-",
            7,
        ),
        Wrong(
            f"{FETCH}{UNPACK}\n{TAKE}{SUM}".replace("USER 65532:65532\n", ""), "no USER is set", 5
        ),
        Wrong(
            f"{FETCH}{UNPACK}\n{TAKE}{SUM}".replace("--chown=65532:65532", "--chown=app"), "app", 6
        ),
    ),
}
