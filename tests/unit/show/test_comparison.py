"""How a comparison looks: a table by groups, a chart, and what the numbers mean and rest on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from stagelab.comparison import compare
from stagelab.image.fixes import Fix, Fixes
from stagelab.image.scanners import ScannerFindings
from stagelab.metrics import GROUPS, scanner_rows
from tests.unit.image.archives import config, docker_archive, file, tar
from tests.unit.image.test_gobuild import LOADER, build_info, program

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


def told(found: Comparison) -> list[str]:
    return [" ".join(line.split()) for line in str(found).splitlines()]


def page(found: Comparison) -> ET.Element:
    html = found._repr_mimebundle_()["text/html"]
    return ET.fromstring(html.replace("&nbsp;", " "))  # noqa: S314 - our own


def words(part: ET.Element) -> str:
    return " ".join("".join(part.itertext()).split())


def test_plain_text_tells_it_all(compared: Comparison) -> None:
    lines = told(compared)
    assert lines[0] == "before and after side by side"
    assert lines[2] == "after is the smallest, before 4x as large."
    assert "Size 4 kB ✓ 1 kB 4x" in lines
    assert "Layers 2 1 2x" in lines
    assert "Compilers 1 ✓ none none left" in lines
    assert "Secrets found none none" in lines
    assert "User root ✓ 65532" in lines
    assert any(line.endswith("█" * 30 + " 4 kB") for line in lines)
    shown = " ".join(str(compared).split())
    for note in (*compared.bases, *GROUPS.values()):
        assert note in shown


def test_rows_stand_under_the_heading_of_their_group(compared: Comparison) -> None:
    lines = told(compared)
    order = ["How large", "Size 4 kB", "What is inside", "Files 3", "Attack surface", "Shells 1"]
    order += ["Secrets and fixes", "Secrets found", "How it runs", "User root"]
    places = [next(at for at, line in enumerate(lines) if line.startswith(row)) for row in order]
    assert places == sorted(places)


def test_what_none_has_and_what_nobody_knows_takes_no_row(compared: Comparison) -> None:
    shown = " ".join(str(compared).split())
    assert (
        "Also compared: reclaimable, packages, package managers, interpreters, network tools, "
        "setuid programs, setgid programs, world-writable paths, file capabilities: none in any."
    ) in shown
    assert "Transfer size: not compressed here;" in shown
    assert "Fixes not installed: not asked;" in shown
    assert not any(line.startswith("Setuid programs") for line in told(compared))


def test_html_tells_the_same(compared: Comparison) -> None:
    shown = words(page(compared))
    for word in str(compared).split():
        bare = word.strip("█─▏▎▍▌▋▊▉✓").rstrip(".,")
        assert bare in shown, bare
    html = compared._repr_mimebundle_()["text/html"]
    assert "<svg" not in html  # what is stored is shown sanitized
    assert "<script" not in html


def test_the_best_are_marked_by_a_sign_and_by_weight(compared: Comparison) -> None:
    cells = [cell for cell in page(compared).iter("td") if "✓" in words(cell)]
    assert [words(cell) for cell in cells] == ["✓ 1 kB", "✓ 2", "✓ none", "✓ none", "✓ 65532"]
    assert all("font-weight:700" in cell.get("style", "") for cell in cells)


def test_the_chart_is_linear_from_zero(compared: Comparison) -> None:
    drawn = page(compared).find(".//div[@role='group']")
    assert drawn is not None
    assert drawn.get("aria-label") == "Size of the images"
    styles = [bar.get("style", "") for bar in drawn.iter("span")]
    shares = [
        float(found[1]) for style in styles if (found := re.search(r";width:([\d.]+)%", style))
    ]
    assert shares == [100.0, 25.0]


def test_headings_reach_over_all_columns_and_say_what_they_mean(compared: Comparison) -> None:
    heads = [head for head in page(compared).iter("th") if head.get("scope") == "rowgroup"]
    assert [words(head) for head in heads] == list(GROUPS)
    assert {head.get("colspan") for head in heads} == {"4"}
    assert [head.get("title") for head in heads] == list(GROUPS.values())


def test_none_in_the_middle_is_not_none_left(archives: tuple[Path, Path]) -> None:
    large, small = archives
    assert "Shells ✓ none 1 at best none" in told(compare(small, large))
    assert "Shells 1 ✓ none 1 at best none" in told(compare(large, small, large))
    assert "Shells 1 1 ✓ none none left" in told(compare(large, large, small))


def test_a_program_that_cannot_start_is_said_first(
    tmp_path: Path, archives: tuple[Path, Path]
) -> None:
    layers = [tar([file("app", program(data=build_info(), loader=LOADER), 0o755)])]
    path = tmp_path / "trap.tar"
    path.write_bytes(docker_archive(layers, config(layers, settings={"Entrypoint": ["/app"]})))
    found = compare(path, archives[0], names=("trap", "base"))
    shown = " ".join(str(found).split())
    assert "trap cannot start: /app is there, but not the loader that it needs" in shown
    assert "base cannot start" not in shown
    assert "Starts ✗ cannot start no command" in told(found)
    (cell,) = [cell for cell in page(found).iter("td") if "cannot start" in words(cell)]
    assert words(cell) == "✗ cannot start"


def test_fixes_that_are_not_known_are_no_zero(compared: Comparison) -> None:
    large, small = compared.xrays
    known = replace(large, fixes=Fixes("known", (Fix("zlib", "1", "2", "trixie", ("zlib1g",)),)))
    gone = replace(small, fixes=Fixes("unavailable", reason="No answer."))
    assert "Fixes not installed 1 unavailable" in told(compare(known, gone))
    none = replace(small, fixes=Fixes("known"))
    assert "Fixes not installed 1 ✓ none none left" in told(compare(known, none))


def test_scanners_stand_beside_each_other_by_name(compared: Comparison) -> None:
    scans = (
        (
            ScannerFindings("trivy", "1.0", "known", 7, (("high", 7),), 2),
            ScannerFindings("grype", "2.0", "unavailable", reason="no database"),
            ScannerFindings("docker scout"),
        ),
        (
            ScannerFindings("trivy", "1.0", "known", 0, (), 0),
            ScannerFindings("grype", "2.0", "known", 3, (("low", 3),), 0),
            ScannerFindings("docker scout"),
        ),
    )
    found = replace(compared, rows=(*compared.rows, *scanner_rows(scans)), scans=scans)
    lines = told(found)
    assert "Findings of trivy 1.0 7 ✓ none none left" in lines
    assert "Findings of grype 2.0 unavailable 3" in lines
    assert "before: trivy 1.0: 7 findings (7 high), 2 with a fix." in lines
    assert "before: grype 2.0: unavailable: no database." in lines
    assert "scout" not in str(found)
    absent = ((ScannerFindings("trivy"),),) * 2
    assert "None of trivy, grype and docker scout is on PATH." in told(
        replace(compared, scans=absent)
    )


def test_equal_and_empty_images(archives: tuple[Path, Path], tmp_path: Path) -> None:
    assert told(compare(*archives[:1] * 2))[2] == "All are of the same size."
    path = tmp_path / "empty.tar"
    path.write_bytes(docker_archive([tar([])]))
    assert told(compare(path, archives[0]))[2] == "empty.tar has no files at all."
    assert told(compare(path))[0] == "empty.tar side by side"


def test_names_are_escaped(archives: tuple[Path, Path]) -> None:
    html = compare(*archives, names=["<b>", '"&'])._repr_mimebundle_()["text/html"]
    assert "<b>and" not in html.replace(" ", "")
    assert "&lt;b&gt;" in html
