"""Stored notebooks tell nothing of whoever executed them: no secret, no place, no name."""

from __future__ import annotations

import getpass
import ipaddress
import os
import re
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from stagelab.image.secret_text import in_instruction, in_setting, is_telling
from tests.notebooks.conftest import ROOT, Stored, stored

ALL = stored("lessons") + stored("solutions") + stored("exercises")

MADE_UP = {
    "{token}": "a place where lesson 07 puts a word that it makes up",
    "' token.txt; then": "a script of solution 04 that looks for a file",
    "made-up-": "says itself that it is none",
}
"""What looks like a secret, and why it is none: by its beginning."""

HOSTS = {"www.w3.org", "vega.github.io", "docs.docker.com", "registry-1.docker.io", "localhost"}
"""Hosts that notebooks name; those of `.test` and `.example` belong to nobody (RFC 2606)."""

IN_CONTAINERS = re.compile(r"/root/\.cache(?:/go-bui|(?!/\w))")
"""Go's caches in the golang image, where they are the same for everybody."""

PLACES = re.compile(
    r"/home/\w|/root/\w|/root/\.|/Users/\w|/private/(?:var|tmp)|/var/folders/|/mnt/\w|/media/\w"
    r"|/tmp/(?:tmp|stagelab|pytest|ipykernel_)\w*|(?<![\w/])[A-Za-z]:\\+\w|\\Users\\|/run/user/\d"
    r"|\.local/share/|site-packages|/run/[\w/-]+\.sock"
)
MAIL = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}")
URL = re.compile(r"https?://(?:[^/\s\"'<>@]*@)?([\w.-]+)")
ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
TOKEN = re.compile(r"[?&](?:token|access_token|sig)=\w{8}")
SHORT = 4
COMMON = {
    *("root", "localhost", "user", "admin", "runner", "learner", "student", "jovyan", "vagrant"),
    *("docker", "debian", "ubuntu", "alpine", "builder", "build", "stage", "node", "test", "work"),
}
"""Names of users and hosts that are words of the course, or nobody's own; short ones as well."""


def traces(text: str) -> list[str]:
    """Tell what a text gives away of a person or a machine."""
    return [f"{kind}: {words[:80]}" for kind, words in _found(text)]


def _found(text: str) -> Iterator[tuple[str, str]]:
    yield from (("secret", one) for one in _secrets(text) if not one.startswith(tuple(MADE_UP)))
    yield from (("place", one[0]) for one in PLACES.finditer(IN_CONTAINERS.sub("", text)))
    yield from (("mail", one[0]) for one in MAIL.finditer(text))
    yield from (("token in an address", one[0]) for one in TOKEN.finditer(text))
    yield from (("host", one[1]) for one in URL.finditer(text) if not _everybodys(one[1]))
    yield from (("address", one[0]) for one in ADDRESS.finditer(text) if not _nobodys(one[0]))
    yield from (("name of this machine", name) for name in _own_names() if name in text)


def _secrets(text: str) -> Iterator[str]:
    for told in in_setting("", text):
        yield text[told.start : told.stop]
    for line in text.splitlines():
        for told in in_instruction(line):
            yield line[told.start : told.stop]


def _everybodys(host: str) -> bool:
    return host in HOSTS or host.endswith((".test", ".example", "example.com"))


def _nobodys(words: str) -> bool:
    try:
        address = ipaddress.ip_address(words)
    except ValueError:
        return True
    if address.is_loopback or address.is_unspecified:
        return True
    return any(address in ipaddress.ip_network(net) for net in ("192.0.2.0/24", "203.0.113.0/24"))


@cache
def _own_names() -> frozenset[str]:
    names = {getpass.getuser(), socket.gethostname(), *socket.gethostname().split(".")[:1]}
    names = {name for name in names if len(name) >= SHORT} - COMMON
    # not `/app`, which is a folder of images as well
    places = {str(path) for path in (ROOT, Path.home()) if len(path.parts) > 2}
    secret = {value for name, value in os.environ.items() if is_telling(name) and len(value) > 8}
    return frozenset(names | places | secret)


def _texts(value: object) -> Iterator[str]:
    """Give every text of a notebook, names and metadata included; one of many lines as one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, below in value.items():
            yield name
            yield from _texts(below)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below)


@pytest.mark.parametrize("stored", ALL)
def test_nothing_private_is_stored(stored: Stored) -> None:
    assert [trace for text in _texts(stored.notebook) for trace in traces(text)] == []


@pytest.mark.parametrize("stored", ALL)
def test_no_attachment_hides_anything(stored: Stored) -> None:
    for cell in stored.notebook.cells:
        assert "attachments" not in cell
        for output in cell.get("outputs", ()):
            kinds = set(output.get("data", ()))
            assert not [kind for kind in kinds if kind.startswith(("image/png", "image/jpeg"))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ENV TOKEN=ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5", "secret"),
        ("RUN curl -u ada:Xk29fkQmz7 host", "secret"),
        ("https://ada:Xk29fkQmz7@partner.test/x", "secret"),
        ("-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7v5t" * 20, "secret"),
        ('File "/home/ada/course/x.py"', "place"),
        ("/Users/ada/x", "place"),
        ("C:\\Users\\ada", "place"),
        ("/root/stagelab/lessons", "place"),
        ("/root/.local/share/stagelab/engine", "place"),
        ("/root/.cache/stagelab/layers", "place"),
        ("/tmp/tmpab12cd34/Dockerfile", "place"),
        ("lib/python3.12/site-packages/docker", "place"),
        ("unix:///run/user/1000/docker.sock", "place"),
        ("ada@lovelace.org", "mail"),
        ("http://127.0.0.1:8888/lab?token=0123456789abcdef", "token in an address"),
        ("https://mirror.intra.corp/debian", "host"),
        ("dial tcp 10.0.0.17:443", "address"),
        (f"in {ROOT}/lessons", "name of this machine"),
    ],
)
def test_what_is_private_is_found(text: str, kind: str) -> None:
    assert kind in [trace.partition(":")[0] for trace in traces(text)]


@pytest.mark.parametrize(
    "text",
    [
        "RUN --mount=type=cache,target=/root/.cache/go-build go build -o myapp",
        "FROM alpine@sha256:" + "0a" * 32,
        "rsc.io/quote@v1.5.2",
        "version 1.2.3.4567 listens on 127.0.0.1 or 0.0.0.0",
        "https://partner.test/ca.pem, see https://docs.docker.com/build/",
        "open /tmp/note-17: read-only file system",
    ],
)
def test_what_is_everybodys_is_not(text: str) -> None:
    assert traces(text) == []
