"""How an x-ray and its parts look: the plain text and the HTML tell the same, and no secret."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from stagelab.image import xray
from stagelab.image.fixes import NOT_ASKED, Fix, Fixes
from stagelab.image.scanners import ScannerFindings
from stagelab.show import programs
from tests.unit.image.archives import config, docker_archive, file, tar, whiteout
from tests.unit.image.test_gobuild import LOADER, build_info, program
from tests.unit.image.tokens import letters

if TYPE_CHECKING:
    from pathlib import Path

    from stagelab._render import Shown
    from stagelab.image import XRay

TOKEN = letters(40)
LAYERS = [
    tar(
        [
            file("bin/sh", b"s" * 2000, 0o755),
            file("usr/bin/su", b"u", 0o4755),
            file("big", b"x" * 500),
            file("app", program(data=build_info(), loader=LOADER), 0o755),
            file("home/me/.npmrc", f"//made.up/:_authToken={TOKEN}\n".encode()),
            file("var/lib/dpkg/status.d/x", b"Package: tzdata\nVersion: 1\n"),
        ]
    ),
    tar([whiteout("big"), whiteout("home/me/.npmrc")]),
]
HISTORY = [
    {"created_by": "COPY <all> /"},
    {"created_by": f"ENV API_TOKEN={TOKEN}", "empty_layer": True},
    {"created_by": "RUN /bin/sh -c rm /big # buildkit"},
]
SETTINGS = {
    "Entrypoint": ["/app", "--token", TOKEN],
    "Env": [f"API_TOKEN={TOKEN}"],
    "ExposedPorts": {"8080/tcp": {}},
    "Healthcheck": {"Test": ["CMD", "/app", "--token", TOKEN]},
}
FIXES = Fixes(
    "known",
    (
        Fix(
            "openssl", "3.5.1-1", "3.5.1-1+deb13u1", "trixie-security", ("libssl3t64",), ("CVE-1",)
        ),
        Fix("zlib", "1:1.3-1", "1:1.3-1", "trixie", ("zlib1g",)),
    ),
    suites=("trixie", "trixie-security"),
    assumed=("trixie-security",),
    others=("trixie-backports",),
    as_of="2026-11-20T10:00:00Z",
    compared=42,
    elsewhere=("tool",),
)


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> XRay:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    path = tmp_path / "image.tar"
    path.write_bytes(docker_archive(LAYERS, config(LAYERS, HISTORY, SETTINGS)))
    return xray(path)


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> XRay:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    path = tmp_path / "clean.tar"
    layers = [tar([file("app", program(data=build_info()), 0o755)])]
    settings = {"Entrypoint": ["/app"], "User": "65532"}
    path.write_bytes(docker_archive(layers, config(layers, settings=settings)))
    return xray(path)


def words(html: str) -> str:
    plain = html.replace("&nbsp;", " ").replace("<wbr/>", "")
    root = ET.fromstring(f"<div>{plain}</div>")  # noqa: S314 - our own
    return " ".join(" ".join(root.itertext()).split())


def words_of_html(fact: Shown) -> str:
    return words(fact._repr_mimebundle_()["text/html"])


def told(fact: object) -> list[str]:
    return [" ".join(line.split()) for line in str(fact).splitlines()]


def missing(text: str, shown: str) -> list[str]:
    """Give the words of a text that its HTML does not have, drawings and ellipses left out."""
    bare = [word.strip("─█▏▎▍▌▋▊▉·").removesuffix("…").rstrip(",.") for word in text.split()]
    return [word for word in bare if word not in shown]


def test_every_word_of_the_text_is_in_the_html(seen: XRay, clean: XRay) -> None:
    parts = (
        *(seen, seen.waste, seen.packages, seen.layers, seen.layers[0], seen.history_of("/big")[1]),
        *(seen.surface, seen.secrets, seen.fixes, FIXES, FIXES.fixes[0]),
        *(clean, clean.waste, clean.packages, clean.surface, clean.secrets),
        *(replace(seen, fixes=FIXES), ScannerFindings("trivy", "1.0", "unavailable", reason="no")),
    )
    for fact in parts:
        assert missing(str(fact), words_of_html(fact)) == []


def test_the_parts_that_are_shown_within_others_have_twins_too(seen: XRay, clean: XRay) -> None:
    for image in (seen, clean):
        shown = words(programs.start_html(image.start))
        assert missing(programs.start_text(image.start), shown) == []
        for binary in image.binaries:
            shown = words(programs.binary_html(binary))
            assert missing(programs.binary_text(binary), shown) == []
            assert "example.com/app v1.2.3" in shown


def test_the_xray_names_what_matters(seen: XRay) -> None:
    lines = told(seen)
    assert lines[2] == "✗ cannot start /app --token ***"
    assert "The engine will say: exec /app: no such file or directory" in lines
    assert "Shells ! 1 /bin/sh" in lines
    assert "Setuid programs ! 1 /usr/bin/su" in lines
    assert any(line.startswith("Not found ✓ none package managers, compilers,") for line in lines)
    assert "User ! root" in lines
    assert "Secrets ✗ 2" in lines
    assert "Starts ✗ cannot start /app --token ***" in lines
    assert "Ports 8080/tcp by EXPOSE" in lines
    assert "Health check set CMD /app --token ***" in lines
    assert any(line.startswith("Go program ✗ cannot start /app") for line in lines)
    assert any(line.startswith("Fixes not installed not asked Published fixes") for line in lines)
    assert "1 ENV API_TOKEN=*** no layer 9 kB" in lines
    assert any(line.startswith("2 RUN rm /big 0 B 2 ") for line in lines)


def test_an_xray_without_findings_says_so(clean: XRay) -> None:
    lines = told(clean)
    assert "Secrets ✓ none" in lines
    assert "User ✓ 65532" in lines
    assert "Reclaimable ✓ none efficiency 100.0 %, as dive counts" in lines
    assert "Starts ✓ starts /app: /app is an ELF program that needs no loader." in lines
    assert "findings of the attack surface" not in str(clean)
    assert "cannot start" not in words_of_html(clean)


def test_no_view_shows_a_secret(seen: XRay) -> None:
    parts = [seen, seen.secrets, seen.surface, *seen.layers, *seen.secrets]
    assert len(parts) == 8
    shown = [str(part) + str(part._repr_mimebundle_()) for part in parts if hasattr(part, "_form")]
    shown += [programs.start_text(seen.start), programs.start_html(seen.start)]
    for text in shown:
        assert TOKEN not in text


def test_a_secret_says_where_it_is_and_who_hides_it(seen: XRay) -> None:
    shown = " ".join(str(seen.secrets).split())
    assert shown.startswith("2 secrets found")
    assert "variable API_TOKEN, layer 1, ENV API_TOKEN=***" in shown
    assert "file /home/me/.npmrc" in shown
    assert "layer 2 hides it, but it is still in the image" in shown
    assert "Remedy: " in shown
    assert "`" not in shown


def test_allowed_places_are_folded_with_their_reason(seen: XRay) -> None:
    secret = replace(seen.secrets.found[0], allowed="It is published.")
    allowed = replace(seen.secrets, found=(), allowed=(secret,) * 5)
    html = allowed._repr_mimebundle_()["text/html"]
    assert "<details><summary" in html
    assert str(allowed).startswith("No secrets found")
    assert "5 look-alikes, known to be public and not counted" in str(allowed)
    assert "API_TOKEN, API_TOKEN, API_TOKEN and 2 more: It is published." in str(allowed)


def test_a_finding_names_its_layer_and_its_remedy(seen: XRay) -> None:
    lines = told(seen.surface)
    assert "Shells: 1" in lines
    assert "· /bin/sh from layer 0, COPY <all> /" in lines
    assert any(line.startswith("Remedy: Take a base without a shell") for line in lines)
    assert "· no USER (no instruction sets one)" in lines
    assert "Entry exec form: the program is started itself" in lines
    html = seen._repr_mimebundle_()["text/html"]
    assert html.index("<details><summary") < html.index("Take a base without a shell")


def test_many_findings_are_counted(seen: XRay) -> None:
    shell = seen.surface.shells[0]
    many = tuple(replace(shell, path=f"/bin/sh{n:02}", layer=n % 2) for n in range(70))
    surface = replace(seen.surface, findings=many)
    assert "Shells: 70" in told(surface)
    assert "· and 10 more" in told(surface)
    lines = told(replace(seen, surface=surface))
    assert "Shells ! 70 /bin/sh00, /bin/sh01, /bin/sh02, /bin/sh03 and 66 more" in lines


def test_a_long_word_may_break_at_its_marks_and_a_number_may_not(seen: XRay) -> None:
    long = replace(seen.waste.worst[0], path="/a/b:c", size_bytes=1)
    html = replace(seen.waste, worst=(long,))._repr_mimebundle_()["text/html"]
    assert "/<wbr/>a/<wbr/>b:<wbr/>c" in html
    secret = replace(seen.secrets.found[1], offset=12345)
    assert (
        "at byte 12,345" in replace(seen.secrets, found=(secret,))._repr_mimebundle_()["text/html"]
    )


def test_names_command_neither_a_terminal_nor_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    evil = "a\x1b]0;owned\x07\x9b2J\u202egpj.exe"
    layers = [tar([file(f"{evil}", b"x" * 9, 0o4755)]), tar([whiteout(evil)])]
    layers.append(tar([file(f"b{evil}", b"x", 0o4755)]))
    history = [{"created_by": f"COPY {evil} /"}] * 3
    path = tmp_path / "evil.tar"
    path.write_bytes(docker_archive(layers, config(layers, history)))
    seen = xray(path)
    for fact in (seen, seen.waste, seen.surface, seen.layers[0], seen.history_of("/b" + evil)[0]):
        for shown in (str(fact), fact._repr_mimebundle_()["text/html"]):
            assert "a\ufffd]0;owned\ufffd\ufffd2J\ufffdgpj.exe" in shown
            assert not set(shown) & set("\x1b\x07\x9b\u202e")


def test_waste_shows_the_worst_and_the_numbers_of_dive(seen: XRay, clean: XRay) -> None:
    shown = " ".join(str(seen.waste).split())
    assert shown.startswith("563 B reclaimable")
    assert "/big 500 B 0 2 removed" in shown
    assert "By dive's definitions: efficiency 93.7 %, 563 B wasted. They count" in shown
    above = replace(seen.waste, user_bytes=1126)
    assert "563 B wasted (50.0 % of the 1.13 kB above the first layer)" in " ".join(told(above))
    assert str(clean.waste).startswith("Nothing is reclaimable")


def test_fixes_are_a_number_only_if_known() -> None:
    assert str(FIXES).startswith("2 source packages with published fixes that are not installed")
    lines = told(FIXES)
    assert any(
        line.startswith("openssl 3.5.1-1 3.5.1-1+deb13u1 trixie-security CVE-1") for line in lines
    )
    assert "zlib 1:1.3-1 1:1.3-1 (built again) trixie changelog not read zlib1g" in lines
    assert "42 packages compared with trixie, trixie-security as of 2026-11-20T10:00:00Z." in lines
    assert "Not compared: trixie-backports." in lines
    assert told(Fixes("known", compared=1, suites=("trixie",)))[0] == "No published fix is missing"
    gone = Fixes("unavailable", reason="The archive did not answer.")
    assert told(gone)[:3] == ["Published fixes: unavailable", "", "The archive did not answer."]
    assert told(NOT_ASKED)[0] == "Published fixes: not asked"
    assert "; " not in str(FIXES.fixes[1])
    assert "1:1.3-1 in trixie, the same source built again" in str(FIXES.fixes[1])


def test_scanners_are_named_by_version_and_never_zero_by_failure() -> None:
    found = ScannerFindings("trivy", "0.58.1", "known", 3, (("high", 1), ("low", 2)), 1)
    assert str(found) == "trivy 0.58.1: 3 findings (1 high, 2 low), 1 with a fix"
    assert str(ScannerFindings("trivy", "0.58.1", "known", 0, (), 0)) == "trivy 0.58.1: 0 findings"
    failed = ScannerFindings("grype", "1.0", "unavailable", reason="no database")
    assert str(failed) == "grype 1.0: unavailable: no database"
    assert str(ScannerFindings("docker scout")) == "docker scout: not installed"


def test_a_base_without_a_command_is_no_failure(clean: XRay) -> None:
    start = replace(clean.start, argv=(), path=None, verdict="fails", why="The image has neither.")
    lines = told(replace(clean, start=start))
    assert lines[2] == "What Found"
    assert "Starts i no command nothing: The image has neither." in lines


def test_a_change_and_a_layer_in_a_line(seen: XRay) -> None:
    wrote, removed = seen.history_of("/big")
    assert str(wrote) == "layer 0 added it (500 B): COPY <all> /"
    assert str(removed) == "layer 2 removed it: RUN rm /big"
    assert str(seen.layers[1]) == "1: ENV API_TOKEN=*** · no layer"
    assert str(seen.layers[2]).endswith("· 0 B · files: 0 added, 0 changed, 2 removed")
