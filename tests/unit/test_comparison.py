"""Comparisons of archives with known contents, as facts."""

from __future__ import annotations

import gzip
import json
import stat
import sys
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

import docker
import pytest

from stagelab.builds.facts import BaseUse
from stagelab.comparison import _address, compare
from stagelab.errors import ImageError
from stagelab.image import xray
from stagelab.image.fixes import Fix, Fixes

from .image.archives import config, docker_archive, file, oci_archive, tar
from .image.test_gobuild import LOADER, build_info, program

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
    none = ((0, 0), (), None)
    assert rows == {
        "size": ((4000, 1000), (1,), 4.0),
        "transfer": ((None, None), (), None),
        "layers": ((2, 1), (), 2.0),
        "reclaimable": none,
        "files": ((3, 2), (1,), 1.5),
        "packages": none,
        "shells": ((1, 0), (1,), None),
        "package_managers": none,
        "compilers": ((1, 0), (1,), None),
        "interpreters": none,
        "network_tools": none,
        "setuid": none,
        "setgid": none,
        "world_writable": none,
        "capabilities": none,
        "secrets": none,
        "fixes": ((None, None), (), None),
        "user": (("root", "65532"), (1,), None),
        "start": (("no command", "no command"), (), None),
        "base": (("alpine, stand-in", "not recorded"), (), None),
    }
    assert compared.row("size").unit == "bytes"
    assert compared.row("reclaimable").unit == "bytes"
    assert compared.row("shells").unit == "count"
    assert compared.row("base").unit == "words"


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


def test_what_is_not_known_is_no_number(compared: Comparison) -> None:
    assert compared.row("fixes").unknown == ("not asked", "not asked")
    assert compared.row("transfer").unknown == ("not compressed here",) * 2
    with pytest.raises(ImageError, match="not known") as unknown:
        compared.ratio("fixes")
    assert unknown.value.detail == "not asked, not asked"
    gone = replace(compared.xrays[0], fixes=Fixes("unavailable", reason="No answer."))
    fix = Fix("zlib", "1", "2", "trixie", ("zlib1g",))
    known = replace(compared.xrays[1], fixes=Fixes("known", (fix,), ("trixie",)))
    row = compare(gone, known).row("fixes")
    assert (row.values, row.unknown, row.best) == ((None, 1), ("unavailable", ""), ())
    row = compare(replace(known, fixes=Fixes("known")), known).row("fixes")
    assert (row.values, row.best, row.factor) == ((0, 1), (0,), None)


def test_transfer_size_is_known_of_compressed_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    one, two = tmp_path / "one.tar", tmp_path / "two.tar"
    one.write_bytes(oci_archive(SMALL, lambda raw: gzip.compress(raw, mtime=0)))
    two.write_bytes(oci_archive(LARGE, lambda raw: gzip.compress(raw, mtime=0)))
    row = compare(one, two).row("transfer")
    assert row.values[0] == len(gzip.compress(SMALL[0], mtime=0))
    assert row.best == (0,)


def test_the_prediction_of_a_start(tmp_path: Path, archives: tuple[Path, Path]) -> None:
    paths = []
    for name, loader in (("trap", LOADER), ("static", None)):
        layers = [tar([file("app", program(data=build_info(), loader=loader), 0o755)])]
        settings = {"Entrypoint": ["/app"]}
        paths.append(tmp_path / f"{name}.tar")
        paths[-1].write_bytes(docker_archive(layers, config(layers, settings=settings)))
    row = compare(*paths, archives[0]).row("start")
    assert (row.values, row.best) == (("cannot start", "yes", "no command"), (1,))
    assert compare(paths[1], archives[0]).row("start").best == ()


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("0:0", "root"),
        ("", "root"),
        ("65532", "65532"),
        ("app", "app (1000)"),
        ("1000:0", "app (1000)"),
        ("toor", "toor (0)"),
        ("nobody", "nobody (not in the image)"),
    ],
)
def test_users_by_name_and_number(
    tmp_path: Path, archives: tuple[Path, Path], user: str, said: str
) -> None:
    layers = [tar([file("etc/passwd", b"root:x:0:0::/:\napp:x:1000:1000::/:\ntoor:x:0:0::/:\n")])]
    path = tmp_path / "user.tar"
    path.write_bytes(docker_archive(layers, config(layers, settings={"User": user})))
    row = compare(path, archives[0]).row("user")
    assert row.values == (said, "root")
    assert row.best == ((0,) if said in {"65532", "app (1000)"} else ())


def test_names(archives: tuple[Path, Path]) -> None:
    assert compare(*archives).names == ("large.tar", "small.tar")
    assert compare(*archives, names=["a", "a"]).names == ("a", "a (2)")
    assert compare(*archives, names=["unit", "metric"]).names == ("unit (2)", "metric (2)")
    with pytest.raises(ImageError, match="2 images and 1 names"):
        compare(*archives, names=["one"])
    with pytest.raises(ImageError):
        compare()


def test_xrays_are_taken_as_they_are(archives: tuple[Path, Path]) -> None:
    seen = xray(archives[0])
    found = compare(archives[1], seen, archives[0])
    assert found.xrays[1] is seen
    assert [image.name for image in found.xrays] == ["small.tar", "large.tar", "large.tar"]


def test_images_are_read_by_one_call(
    archives: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []

    def read(*images: Any, **options: Any) -> Any:  # noqa: ANN401 - as xray, with a note of it
        asked.append(images)
        return xray(*images, **options)

    seen = xray(archives[0])
    monkeypatch.setattr("stagelab.comparison.xray", read)
    compare(*archives, seen)
    compare(seen, seen)
    assert asked == [archives]


def test_bases_say_what_the_numbers_rest_on(compared: Comparison) -> None:
    assert compared.bases == (
        "before: rests on a stand-in made from distribution packages in place of alpine.",
        "after: the image does not say what it rests on.",
    )
    bases = (
        BaseUse("builder", "golang:1.27", "official"),
        BaseUse("stage-1", "scratch", "scratch"),
    )
    built = replace(compared.xrays[1], bases=bases)
    found = compare(built, compared.xrays[0], names=("built", "other"))
    assert found.row("base").values[0] == "scratch"
    assert found.bases[0] == (
        "built: builder starts from golang:1.27 (the official image); "
        "stage-1 starts from scratch (an empty file system)."
    )


def test_a_comparison_as_json(compared: Comparison) -> None:
    told = json.loads(json.dumps(compared.to_dict()))
    assert told["names"] == ["before", "after"]
    assert told["scans"] == []
    assert told["rows"][0] == {
        "metric": "size",
        "title": "Size",
        "unit": "bytes",
        "values": [4000, 1000],
        "best": [1],
        "factor": 4.0,
        "group": "How large",
        "unknown": ["", ""],
    }


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("unix:///run/some.sock", "unix:///run/some.sock"),
        ("tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375"),
    ],
)
def test_scanners_are_told_where_the_engine_is(url: str, address: str) -> None:
    client = docker.DockerClient(base_url=url, version="1.41")
    try:
        assert _address(client) == address
    finally:
        client.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script")
def test_scanners_on_path_have_a_row_by_their_name_and_version(
    archives: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    assert compare(*archives, scanners=True).scans[0][0].status == "not installed"
    tool = folder / "trivy"
    tool.write_text(
        f"""#!{sys.executable}
import json, sys
if "--version" in sys.argv:
    print("Version: 0.58.1")
elif "large" in sys.argv[-1]:
    report = {{"SchemaVersion": 2, "Results": [{{"Vulnerabilities": [
        {{"VulnerabilityID": "CVE-2026-1000", "Severity": "HIGH", "FixedVersion": "2"}}]}}]}}
    open(sys.argv[sys.argv.index("-o") + 1], "w").write(json.dumps(report))
else:
    sys.exit("no database")
"""
    )
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    found = compare(*archives, scanners=True)
    row = found.row("trivy")
    assert row.title == "Findings of trivy 0.58.1"
    assert (row.values, row.unknown, row.best) == ((1, None), ("", "unavailable"), ())
    assert [row.metric for row in found.rows if row.title.startswith("Findings")] == ["trivy"]
    assert "small.tar: trivy 0.58.1: unavailable: no database." in " ".join(str(found).split())


def test_packages_that_cannot_be_read_are_no_number(tmp_path: Path) -> None:
    rpm = tmp_path / "rpm.tar"
    rpm.write_bytes(docker_archive([tar([file("var/lib/rpm/Packages", b"x")])]))
    plain = tmp_path / "plain.tar"
    plain.write_bytes(docker_archive([tar([file("a", b"x")])]))
    row = compare(rpm, plain).row("packages")
    assert row.values == (None, 0)
    assert row.best == ()
    assert "rpm" in row.unknown[0]
