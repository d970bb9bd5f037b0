"""Answers to the tasks of lesson 00: the set-up."""

from __future__ import annotations

from tests.engine.answers import LABEL, Wrong

VERSION = 'LABEL org.opencontainers.image.version="${VERSION}"\n'
NOTES = "COPY notes-${VERSION}.txt /notes.txt\n"
CHOICE = f"FROM scratch\nARG VERSION=1.0\n{NOTES}{VERSION}"

RIGHT: dict[str, tuple[str, ...]] = {
    "00-1": (
        f"FROM scratch\nADD main.go /main.go\n{LABEL}",
        f'FROM scratch AS one\nCOPY ["main.go", "/"]\nFROM one\n{LABEL}',
    ),
    "00-2": (
        f"ARG VERSION=1.0\nFROM scratch\nARG VERSION\n{NOTES}{VERSION}",
        "FROM scratch\nARG VERSION\nENV SHOWN=${VERSION:-1.0}\n"
        + f'ADD ["notes-$SHOWN.txt", "/notes.txt"]\n{VERSION}'.replace("VERSION}", "SHOWN}"),
        "FROM alpine:3.22 AS pick\nARG VERSION=1.0\nCOPY . /all/\n"
        "RUN cp /all/notes-$VERSION.txt /notes.txt\n"
        f"FROM scratch\nCOPY --from=pick /notes.txt /\nARG VERSION=1.0\n{VERSION}",
    ),
}

WRONG = {
    "00-1": (
        Wrong(f"FROM scratch\nCOPY . /\n{LABEL}", "besides /main.go the image holds /go.mod", 2),
        Wrong(f"FROM scratch\nCOPY Main.go /\n{LABEL}", "not where it looks for it", 2),
        Wrong(f"FROM scratch\nCOPY main.go /src/\n{LABEL}", "this put the file at /src", 2),
        Wrong(f"FROM alpine:3.22\nCOPY main.go /\n{LABEL}", "starts from another one", 1),
        Wrong("FROM scratch\nCOPY main.go /\n", "There is no LABEL", None),
        Wrong("FROM scratch\nCOPY main.go /\nLABEL title=One\n", "this sets another label", 3),
        Wrong(f"FROM scratch\n{LABEL}", "There is no /main.go in the image", None),
    ),
    "00-2": (
        Wrong(
            CHOICE.replace("FROM scratch\nARG VERSION=1.0", "ARG VERSION=1.0\nFROM scratch"),
            "The ARG in line 1 stands before FROM",
            3,
        ),
        Wrong(CHOICE.replace("=1.0", ""), "Line 2 declares it without a default", 3),
        Wrong(CHOICE.replace("ARG VERSION=1.0\n", ""), "No ARG declares it in this stage", 2),
        Wrong(
            f"FROM scratch\n{NOTES}ARG VERSION=1.0\n{VERSION}",
            "The ARG in line 3 comes too late",
            2,
        ),
        Wrong(
            CHOICE.replace(NOTES, "COPY notes-1.0.txt /notes.txt\n"),
            "this names one version itself",
            3,
        ),
        Wrong(CHOICE.replace("ARG VERSION", "ENV VERSION"), "an ENV of this name hides", 2),
        Wrong(CHOICE.replace(" /notes.txt", " /"), "there is no /notes.txt", 3),
        Wrong(CHOICE.replace(NOTES, f"{NOTES}COPY . /\n"), "the image holds /notes-1.0.txt", 4),
        Wrong(CHOICE.replace('"', "'"), "in single quotes nothing is put in", 4),
        Wrong(CHOICE.replace('"${VERSION}"', "1.0"), "this names one version itself", 4),
        Wrong(CHOICE.replace("image.version", "image.title"), "no label is named", 4),
    ),
}
