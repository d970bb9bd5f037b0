"""Comparisons of archives with known contents, as facts and as they look."""

from __future__ import annotations

import re
from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

import stagelab.show  # noqa: F401 - registers the renderers
from stagelab.builds.facts import BaseUse
from stagelab.comparison import compare
from stagelab.errors import ImageError
from stagelab.image import xray

from .image.archives import config, docker_archive, file, tar

if TYPE_CHECKING:
    from pathlib import Path

    from stagelab.comparison import Comparison

LARGE = [
    tar([file("bin/sh", b"s" * 900, 0o755), file("bin/gcc", b"c" * 100, 0o755)]),
    tar([file("app", b"a" * 3000)]),
]
SMALL = [tar([file("app", b"a" * 1000), file("x")])]


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    large, small = tmp_path / "large.tar", tmp_path / "small.tar"
    labels = {"Labels": {"org.stagelab.stand-in": "alpine"}}
    large.write_bytes(docker_archive(LARGE, config(LARGE, settings=labels)))
    small.write_bytes(docker_archive(SMALL, config(SMALL, settings={"User": "65532"})))
    return large, small


@pytest.fixture
def compared(archives: tuple[Path, Path]) -> Comparison:
    return compare(*archives, names=["before", "after"])


def test_rows_hold_the_numbers_and_the_best(compared: Comparison) -> None:
    rows = {row.metric: (row.values, row.best, row.factor) for row in compared.rows}
    assert rows == {
        "size": ((4000, 1000), (1,), 4.0),
        "layers": ((2, 1), (), 2.0),
        "files": ((3, 2), (1,), 1.5),
        "packages": ((0, 0), (), None),
        "shells": ((1, 0), (1,), None),
        "compilers": ((1, 0), (1,), None),
        "package_managers": ((0, 0), (), None),
        "setuid": ((0, 0), (), None),
        "user": (("root", "65532"), (1,), None),
        "base": (("alpine, stand-in", "not recorded"), (), None),
    }


def test_ratio(compared: Comparison) -> None:
    assert compared.ratio("size") == 4.0
    assert compared.ratio("size", of=1, to=0) == 0.25
    assert compared.ratio("shells") == inf
    assert compared.ratio("packages") == 1.0


def test_ratio_of_words_or_of_nothing(compared: Comparison) -> None:
    with pytest.raises(ImageError, match="words") as words:
        compared.ratio("user")
    assert "size" in words.value.fix
    with pytest.raises(ImageError, match="no metric"):
        compared.ratio("weight")


def test_a_root_by_number_is_said_to_be_root(tmp_path: Path, archives: tuple[Path, Path]) -> None:
    path = tmp_path / "zero.tar"
    path.write_bytes(docker_archive(SMALL, config(SMALL, settings={"User": "0:0"})))
    assert compare(path, archives[0]).row("user").values == ("0:0 (root)", "root")
    assert compare(path, archives[0]).row("user").best == ()


def test_names(archives: tuple[Path, Path]) -> None:
    assert compare(*archives).names == ("large.tar", "small.tar")
    with pytest.raises(ImageError, match="2 images and 1 names"):
        compare(*archives, names=["one"])
    with pytest.raises(ImageError):
        compare()


def test_xrays_are_taken_as_they_are(archives: tuple[Path, Path]) -> None:
    seen = xray(archives[0])
    assert compare(seen, archives[1]).xrays[0] is seen


def test_bases_say_what_the_numbers_rest_on(
    compared: Comparison, archives: tuple[Path, Path]
) -> None:
    assert compared.bases == (
        "before: rests on a stand-in made from distribution packages in place of alpine.",
        "after: the image does not say what it rests on.",
    )
    bases = (
        BaseUse("builder", "golang:1.27", "official"),
        BaseUse("stage-1", "scratch", "scratch"),
    )
    built = SimpleNamespace(bases=bases, image=_image(archives[1]), tag="stagelab/x")
    found = compare(built, archives[0])  # type: ignore[arg-type]
    assert found.row("base").values[0] == "scratch"
    assert found.bases[0] == (
        "stagelab/x: builder starts from golang:1.27 (the official image); "
        "stage-1 starts from scratch (an empty file system)."
    )


def test_plain_text_tells_it_all(compared: Comparison) -> None:
    text = str(compared)
    assert "before and after side by side" in text
    assert any(
        line.split() == ["Size", "4", "kB", "✓", "1", "kB", "4x"] for line in text.splitlines()
    )
    assert any(line.split() == ["Compilers", "1", "✓", "none"] for line in text.splitlines())
    assert "█" * 30 + " 4 kB" in text
    for note in compared.bases:
        assert note in text
    assert "sum of the bytes" in text


def test_html_tells_the_same(compared: Comparison) -> None:
    bundle = compared._repr_mimebundle_()
    root = ET.fromstring(bundle["text/html"].replace("&nbsp;", " ").replace("<br>", "<br/>"))  # noqa: S314 - our own
    shown = " ".join("".join(root.itertext()).split())
    for line in str(compared).splitlines():
        for word in line.replace("✓", " ").split():
            assert word.strip("█─▏▎▍▌▋▊▉") in shown
    assert "<svg" not in bundle["text/html"]  # what is stored is shown sanitized
    drawn = root.find(".//div[@role='group']")
    assert drawn is not None
    assert drawn.get("aria-label") == "Size of the images"
    styles = [bar.get("style", "") for bar in drawn.iter("span")]
    shares = [
        float(found[1]) for style in styles if (found := re.search(r";width:([\d.]+)%", style))
    ]
    assert shares == [100.0, 25.0]


def test_names_are_escaped(archives: tuple[Path, Path]) -> None:
    html = compare(*archives, names=["<b>", '"&'])._repr_mimebundle_()["text/html"]
    assert "<b>and" not in html.replace(" ", "")
    assert "&lt;b&gt;" in html


def _image(path: Path) -> SimpleNamespace:
    api = SimpleNamespace(get_image=lambda _id, **_: [path.read_bytes()])
    client = SimpleNamespace(api=api)
    return SimpleNamespace(client=client, id="sha256:1", tags=[], attrs={}, history=list)
