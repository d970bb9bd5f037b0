"""Answers to the tasks of lesson 10: what scratch lacks."""

from __future__ import annotations

from tests.engine.answers import Wrong

CA = """\
FROM golang:1.27 AS ca
WORKDIR /src
COPY go.mod .
COPY ca ca
RUN go run ./ca /ca
"""
GO = """\
FROM golang:1.27 AS builder
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o /go-needs
"""
ADD_CA = """\
COPY --from=ca /ca/ca.crt /usr/local/share/ca-certificates/
RUN update-ca-certificates
"""
SUPPLIES = f"""\
FROM golang:1.27 AS supplies
{ADD_CA}\
RUN echo 'app:x:65532:65532:app:/:/none' > /passwd && mkdir /empty
"""
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PROGRAM = "COPY --from=builder /go-needs /go-needs\n"
TLS = f'{PROGRAM}ENTRYPOINT ["/go-needs"]\nCMD ["tls"]\n'
TEMP = f'{PROGRAM}USER 65532:65532\nENTRYPOINT ["/go-needs"]\nCMD ["temp"]\n'
COPIED = f"FROM scratch\nCOPY --from=builder {BUNDLE} /etc/ssl/certs/\n{TLS}"  # lines 10 to 14

NAMED = "RUN echo 'app:x:65532:65532:app:/:/none' > /passwd && mkdir /empty\n"
NAMES = "COPY --from=builder /passwd /etc/passwd\n"
FOLDER = "COPY --from=builder --chown=65532:65532 /empty /tmp\n"
ALONE = f"FROM scratch\n{NAMES}{FOLDER}{TEMP}"

SERVE = 'ENTRYPOINT ["/go-needs"]\nCMD ["serve"]\n'
CHECK = 'HEALTHCHECK CMD ["/go-needs", "health"]\n'
TRUST = f"COPY --from=supplies {BUNDLE} /etc/ssl/certs/\n"
ZONES = "COPY --from=supplies /usr/share/zoneinfo /usr/share/zoneinfo\n"
WHO = "COPY --from=supplies /passwd /etc/passwd\n"
WRITES = "COPY --from=supplies --chown=65532:65532 /empty /tmp\n"
USER = "USER 65532:65532\n"
STAGES = f"{CA}{GO}{SUPPLIES}"  # lines 1 to 13
WHOLE = f"{STAGES}FROM scratch\n{TRUST}{ZONES}{WHO}{WRITES}{PROGRAM}{USER}{CHECK}{SERVE}"
DISTROLESS = f"FROM gcr.io/distroless/static-debian13:nonroot\n{TRUST}{PROGRAM}{CHECK}{SERVE}"

RIGHT: dict[str, tuple[str, ...]] = {
    "10-1": (
        # Go reads every file of the folder
        f"{CA}{GO}FROM scratch\nCOPY --from=builder {BUNDLE} /etc/ssl/certs/\n"
        f"COPY --from=ca /ca/ca.crt /etc/ssl/certs/\n{TLS}",
        # by hand, in a stage of its own, and elsewhere
        f"{CA}{GO}FROM builder AS trust\nCOPY --from=0 /ca/ca.crt /tmp/\n"
        f"RUN cat {BUNDLE} /tmp/ca.crt > /roots.pem\nFROM scratch\n"
        f"COPY --from=trust /roots.pem /roots.pem\nENV SSL_CERT_FILE=/roots.pem\n"
        f'COPY --from=builder /go-needs /bin/needs\nCMD ["/bin/needs", "tls"]\n',
    ),
    "10-2": (
        f"{GO}{NAMED}FROM scratch\n{NAMES}{FOLDER}{TEMP}".replace("USER 65532:65532", "USER app"),
        # the builder's own list of users, and another folder
        f"{GO}RUN mkdir -p /out/data && chown 65534:65534 /out/data\nFROM scratch\n"
        "COPY --from=builder /etc/passwd /etc/passwd\n"
        "COPY --from=builder --chown=65534 /out/data /data\nENV TMPDIR=/data\n"
        f"{TEMP}".replace("USER 65532:65532", "USER 65534"),
        f"{GO}{NAMED}RUN mkdir -p -m 777 /out/tmp\nFROM scratch\n"
        f"COPY --from=builder /out /\n{NAMES}{TEMP}",
    ),
    "10-3": (
        f"{STAGES}{DISTROLESS}",
        # the time zones linked in, the program's folder as its own
        f"{CA}{GO.replace('go build', 'go build -tags timetzdata')}{SUPPLIES}"
        f"FROM scratch\n{TRUST}{WHO}{WRITES}{PROGRAM}USER 65532\n"
        'HEALTHCHECK --interval=30s CMD ["/go-needs", "health"]\nCMD ["/go-needs", "serve"]\n',
    ),
}

WRONG: dict[str, tuple[Wrong, ...]] = {
    "10-1": (
        Wrong(f"{CA}{GO}FROM scratch\n{TLS}", "the program trusts nobody", 10),
        # added in a stage that nothing is copied from
        Wrong(
            f"{CA}{GO}FROM golang:1.27 AS trust\n{ADD_CA}{COPIED}",
            "is not the one that update-ca-certificates made",
            14,
        ),
        # made anew before the certificate is there
        Wrong(
            f"{CA}{GO}RUN update-ca-certificates\n"
            f"COPY --from=ca /ca/ca.crt /usr/local/share/ca-certificates/\n{COPIED}",
            "below the COPY of ca.crt",
            13,
        ),
        Wrong(
            f"{CA}{GO}COPY --from=ca /ca/ca.crt /usr/local/share/ca-certificates/\n{COPIED}",
            "RUN update-ca-certificates makes the bundle anew",
            12,
        ),
        Wrong(
            f"{CA}{GO}{ADD_CA.replace('certificates/', 'certificates/ours.pem')}{COPIED}",
            "whose names end in .crt",
            10,
        ),
        Wrong(
            f"{CA}{GO}FROM scratch\nCOPY --from=ca /ca/ca.crt {BUNDLE}\n{TLS}",
            "hardly any other",
            11,
        ),
        Wrong(
            f"{CA}{GO}FROM scratch\nCOPY --from=builder {BUNDLE} /etc/ssl/certs/\n"
            f"COPY --from=ca /ca/ /etc/ssl/certs/\n{TLS}",
            "holds the partner's private key",
            12,
        ),
        Wrong(
            f"{CA}{GO}FROM alpine:3.22\nCOPY --from=builder {BUNDLE} /etc/ssl/certs/\n{TLS}",
            "keep FROM scratch",
            10,
        ),
        Wrong(f"{GO}{COPIED}", "plays your company's authority", None),
    ),
    "10-2": (
        Wrong(
            f"{GO}FROM scratch\n{TEMP.replace('USER 65532:65532', 'USER nobody')}",
            "no container starts",
            7,
        ),
        Wrong(
            f"{GO}{NAMED}{ALONE.replace('USER 65532:65532', 'USER 0')}",
            "root under another name",
            10,
        ),
        Wrong(f"{GO}{NAMED}{ALONE.replace(USER, '')}", "no USER is set", 6),
        Wrong(
            f"{GO}{NAMED}FROM scratch\n{NAMES}{TEMP}",
            "the image has no folder /tmp",
            6,
        ),
        Wrong(
            f"{GO}{NAMED}{ALONE.replace(' --chown=65532:65532', '')}",
            "belongs to root unless you say otherwise",
            8,
        ),
        Wrong(
            f"{GO}{NAMED}FROM scratch\n{NAMES}WORKDIR /tmp\n{TEMP}",
            "belongs to root unless you say otherwise",
            8,
        ),
        Wrong(f"{GO}{NAMED}FROM scratch\n{FOLDER}{TEMP}", "no /etc/passwd", 9),
        Wrong(
            f"{GO}{NAMED}FROM scratch\nCOPY --from=builder /etc/passwd /etc/passwd\n{FOLDER}{TEMP}",
            "has no line for this number",
            10,
        ),
        Wrong(f"{GO}{NAMED}FROM scratch\nRUN mkdir /tmp\n{TEMP}", "/bin/sh", 7),
        Wrong(f"{GO}{NAMED}FROM builder\n{NAMES}{FOLDER}{TEMP}", "keep FROM scratch", 6),
    ),
    "10-3": (
        Wrong(WHOLE.replace(TRUST, ""), "the program trusts nobody", 14),
        Wrong(WHOLE.replace(TRUST, TRUST.replace("supplies", "builder")), "is not among them", 15),
        Wrong(WHOLE.replace(ZONES, ""), "no time zone database", 14),
        Wrong(WHOLE.replace(" --chown=65532:65532", ""), "belongs to root", 18),
        Wrong(WHOLE.replace(USER, ""), "no USER is set", 14),
        Wrong(WHOLE.replace(CHECK, ""), "has no health check", None),
        Wrong(WHOLE.replace(CHECK, "HEALTHCHECK CMD /go-needs health\n"), "is run by /bin/sh", 21),
        Wrong(
            WHOLE.replace(CHECK, 'HEALTHCHECK CMD ["curl", "-f", "http://localhost:8080/"]\n'),
            "needs a program that is in the image",
            21,
        ),
        Wrong(
            WHOLE.replace('"health"', '"zone"'),
            "says nothing about the service",
            21,
        ),
        Wrong(
            WHOLE.replace(SERVE, "ENTRYPOINT /go-needs serve\n"),
            "starts a shell, and `/bin/sh` is not in this image",
            22,
        ),
        Wrong(WHOLE.replace('CMD ["serve"]\n', ""), "it does not answer", 22),
        Wrong(WHOLE.replace("FROM scratch", "FROM alpine:3.22"), "there is a shell", 14),
        Wrong(
            WHOLE.replace(PROGRAM, f"{PROGRAM}COPY --from=ca /ca /ca\n"),
            "holds the partner's private key",
            20,
        ),
        Wrong(
            WHOLE.replace(PROGRAM, f"{PROGRAM}COPY --from=builder /usr/local/go/src/crypto /src\n"),
            "are needed",
            20,
        ),
    ),
}
