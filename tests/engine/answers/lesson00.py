"""Answers to the tasks of lesson 00: the set-up."""

from __future__ import annotations

from tests.engine.answers import LABEL, Wrong

RIGHT: dict[str, tuple[str, ...]] = {
    "00-1": (
        f"FROM scratch\nADD main.go /main.go\n{LABEL}",
        f'FROM scratch AS one\nCOPY ["main.go", "/"]\nFROM one\n{LABEL}',
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
}
