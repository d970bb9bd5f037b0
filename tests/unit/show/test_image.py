"""How an x-ray looks: the plain text and the HTML tell the same."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

import stagelab.show  # noqa: F401 - registers the renderers
from stagelab.image import xray
from tests.unit.image.archives import config, docker_archive, file, tar, whiteout
from tests.unit.image.test_binary import LOADER, build_info, program

if TYPE_CHECKING:
    from pathlib import Path

    from stagelab._render import Shown
    from stagelab.image import XRay

LAYERS = [
    tar(
        [
            file("bin/sh", b"s" * 2000, 0o755),
            file("secret", b"x" * 500),
            file("app", program(data=build_info(), loader=LOADER), 0o755),
            file("var/lib/dpkg/status.d/x", b"Package: tzdata\nVersion: 1\n"),
        ]
    ),
    tar([whiteout("secret")]),
]
HISTORY = [
    {"created_by": "COPY <all> /"},
    {"created_by": "ENV A=1", "empty_layer": True},
    {"created_by": "RUN /bin/sh -c rm /secret # buildkit"},
]


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> XRay:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    path = tmp_path / "image.tar"
    path.write_bytes(docker_archive(LAYERS, config(LAYERS, HISTORY)))
    return xray(path)


def words_of_html(fact: Shown) -> str:
    html = fact._repr_mimebundle_()["text/html"].replace("&nbsp;", " ")
    root = ET.fromstring(f"<div>{html}</div>")  # noqa: S314 - our own
    return " ".join(" ".join(root.itertext()).split())


def test_every_word_of_the_text_is_in_the_html(seen: XRay) -> None:
    for fact in (seen, seen.waste, seen.packages, seen.layers[0], seen.history_of("/secret")[1]):
        shown = words_of_html(fact)
        for word in str(fact).split():
            assert word.strip("─█▏▎▍▌▋▊▉") in shown


def test_the_xray_names_what_matters(seen: XRay) -> None:
    lines = [" ".join(line.split()) for line in str(seen).splitlines()]
    assert "Reclaimable ! 500 B in layers but hidden by later ones" in lines
    assert "Shells ! 1 /bin/sh" in lines
    assert "Compilers ✓ none" in lines
    assert "User ! root" in lines
    assert any(line.startswith("Go program ✗ cannot start /app") for line in lines)
    assert any(line.startswith("1 ENV A=1 no layer") for line in lines)
    assert any(line.startswith("2 RUN rm /secret 0 B 1 ") for line in lines)


def test_waste_shows_the_worst(seen: XRay) -> None:
    assert "500 B reclaimable" in str(seen.waste)
    assert "/secret" in str(seen.waste)


def test_no_waste(tmp_path: Path, seen: XRay) -> None:
    path = tmp_path / "clean.tar"
    path.write_bytes(docker_archive(LAYERS[:1]))
    waste = xray(path).waste
    assert str(waste).startswith("Nothing is reclaimable")
    assert "Nothing is reclaimable" in words_of_html(waste)
    assert seen.waste != waste


def test_a_change_and_a_layer_in_a_line(seen: XRay) -> None:
    wrote, removed = seen.history_of("/secret")
    assert str(wrote) == "layer 0 added it (500 B): COPY <all> /"
    assert str(removed) == "layer 2 removed it: RUN rm /secret"
    assert str(seen.layers[1]) == "1: ENV A=1 · no layer"
    assert str(seen.layers[2]).endswith("· 0 B · files: 0 added, 0 changed, 1 removed")
