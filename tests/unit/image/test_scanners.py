"""Other scanners' findings, from programs that answer in the forms of the real ones."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stagelab.image.scanners import ScannerFindings, scan

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs are scripts")

TRIVY = {
    "SchemaVersion": 2,
    "ArtifactName": "made:up",
    "Results": [
        {
            "Target": "made:up (debian 13.1)",
            "Class": "os-pkgs",
            "Type": "debian",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2026-1000",
                    "PkgName": "libfoo1",
                    "InstalledVersion": "1.0-1",
                    "FixedVersion": "1.0-2",
                    "Status": "fixed",
                    "Severity": "HIGH",
                },
                {
                    "VulnerabilityID": "CVE-2026-1000",
                    "PkgName": "foo",
                    "InstalledVersion": "1.0-1",
                    "Status": "affected",
                    "Severity": "CRITICAL",
                },
            ],
        },
        {"Target": "srv/app", "Class": "lang-pkgs", "Type": "gobinary"},
    ],
}
GRYPE = {
    "matches": [
        {
            "vulnerability": {
                "id": "GHSA-aaaa-bbbb-cccc",
                "severity": "Medium",
                "fix": {"versions": ["1.2.3"], "state": "fixed"},
            },
            "relatedVulnerabilities": [{"id": "CVE-2026-2000"}],
            "artifact": {"name": "golang.org/x/net", "version": "v0.1.0", "type": "go-module"},
        },
        {
            "vulnerability": {
                "id": "CVE-2004-0971",
                "severity": "Negligible",
                "fix": {"versions": [], "state": "wont-fix"},
            },
            "relatedVulnerabilities": [],
            "artifact": {"name": "libkrb5", "version": "1", "type": "deb"},
        },
    ],
    "source": {"type": "image"},
    "descriptor": {"name": "grype", "version": "0.104.4"},
}
SCOUT = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "docker scout",
                    "fullName": "Docker Scout",
                    "version": "1.18.2",
                    "rules": [
                        {
                            "id": "CVE-2026-3000",
                            "name": "OsPackageVulnerability",
                            "properties": {
                                "cvssV3_severity": "LOW",
                                "fixed_version": "not fixed",
                                "purls": ["pkg:deb/debian/foo@1.0-1"],
                            },
                        },
                        {
                            "id": "CVE-2026-3001",
                            "properties": {"cvssV3_severity": "UNSPECIFIED", "fixed_version": "2"},
                        },
                    ],
                }
            },
            "results": [
                {"ruleId": "CVE-2026-3000", "ruleIndex": 0, "kind": "fail", "level": "note"},
                {"ruleId": "CVE-2026-3001", "ruleIndex": 1, "kind": "fail", "level": "none"},
            ],
        }
    ],
}
VERSIONS = {
    "trivy": "Version: 0.67.2\nVulnerability DB:\n  Version: 2\n",
    "grype": "Application:         grype\nVersion:             0.104.4\nGoVersion: go1.25.1\n",
    "docker": "\n      art\n\nversion: v1.18.2 (go1.24.6 - linux/amd64)\n",
}
REPORTS = {"trivy": TRIVY, "grype": GRYPE, "docker": SCOUT}
PROGRAM = """\
#!{python} -IS
import json, os, pathlib, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    print(json.dumps([os.environ.get("DOCKER_HOST", ""), *words]), file=log)
if words[-1] in ("version", "--version"):
    print({version!r})
    sys.exit(0)
{does}
"""
WRITES = """\
out = next(words[at + 1] for at, word in enumerate(words) if word in ("-o", "--file", "--output")
           and words[at + 1] != "json")
pathlib.Path(out).write_text({report!r})
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def install(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(name: str, *, does: str = "", report: object = None) -> None:
        text = json.dumps(REPORTS[name] if report is None else report)
        program = PROGRAM.format(
            python=sys.executable,
            log=str(log),
            version=VERSIONS[name],
            does=does or WRITES.format(report=text),
        )
        (folder / name).write_text(program)
        (folder / name).chmod(0o755)

    return write


def calls(log: Path) -> list[list[str]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def only(found: tuple[ScannerFindings, ...], tool: str) -> ScannerFindings:
    return next(item for item in found if item.tool == tool)


def test_none_is_installed(install: Callable[..., None]) -> None:
    assert callable(install)
    found = scan("made:up")
    assert [item.tool for item in found] == ["trivy", "grype", "docker scout"]
    assert {(item.status, item.findings, item.fixable) for item in found} == {
        ("not installed", None, None)
    }


def test_findings_of_each(install: Callable[..., None], log: Path) -> None:
    for name in REPORTS:
        install(name)
    assert scan("made:up", docker_host="unix:///engine.sock") == (
        ScannerFindings(
            "trivy", "0.67.2", "known", 2, (("critical", 1), ("high", 1)), 1, ("CVE-2026-1000",)
        ),
        ScannerFindings(
            "grype",
            "0.104.4",
            "known",
            2,
            (("medium", 1), ("negligible", 1)),
            1,
            ("CVE-2004-0971", "CVE-2026-2000"),
        ),
        ScannerFindings(
            "docker scout",
            "1.18.2",
            "known",
            2,
            (("low", 1), ("unknown", 1)),
            1,
            ("CVE-2026-3000", "CVE-2026-3001"),
        ),
    )
    asked = calls(log)
    assert {call[0] for call in asked} == {"unix:///engine.sock"}
    assert [call[-1] for call in asked if call[-1].endswith("made:up")] == [
        "made:up",
        "docker:made:up",
        "local://made:up",
    ]


def test_archives(install: Callable[..., None], log: Path, tmp_path: Path) -> None:
    for name in REPORTS:
        install(name)
    archive = tmp_path / "image.tar"
    assert {item.status for item in scan(archive)} == {"known"}
    ends = [call[-2:] for call in calls(log) if str(archive) in call[-1]]
    assert [end[1] for end in ends] == [
        str(archive),
        f"docker-archive:{archive}",
        f"archive://{archive}",
    ]
    assert ends[0][0] == "--input"


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("sys.exit('no space left for the database')", "no space left for the database"),
        ("sys.exit(3)", "exit status 3"),
        ("pass", "wrote no report"),
        (WRITES.format(report="not JSON"), "another form"),
        (WRITES.format(report="[" * 100_000), "another form"),
        (WRITES.format(report="{}"), "another form"),
        (WRITES.format(report="[]"), "another form"),
        (WRITES.format(report="null"), "another form"),
        (
            WRITES.format(report='{"matches": null, "runs": [], "SchemaVersion": null}'),
            "another form",
        ),
        (
            WRITES.format(
                report='{"matches": [{}], "runs": [{"results": [{"ruleId": "x"}], "tool": '
                '{"driver": {}}}], "SchemaVersion": 2, "Results": [{"Vulnerabilities": [{}]}]}'
            ),
            "another form",
        ),
    ],
)
def test_a_failure_is_never_zero(install: Callable[..., None], does: str, words: str) -> None:
    for name in REPORTS:
        install(name, does=does)
    for found in scan("made:up"):
        assert (found.status, found.findings, found.fixable) == ("unavailable", None, None)
        assert words in found.reason
        assert found.version


def test_no_findings_are_zero(install: Callable[..., None]) -> None:
    install("trivy", report={"SchemaVersion": 2, "ArtifactName": "made:up"})
    install("grype", report={"matches": []})
    install("docker", report={"runs": [{"tool": {"driver": {}}, "results": []}]})
    for found in scan("made:up"):
        assert (found.status, found.findings, found.by_severity, found.fixable) == (
            "known",
            0,
            (),
            0,
        )


def test_a_docker_without_scout(install: Callable[..., None], tmp_path: Path) -> None:
    install("docker")
    words = ("docker: 'scout' is not a docker command.", "docker: unknown command: docker scout")
    for said in words:
        (tmp_path / "bin" / "docker").write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
        assert only(scan("made:up"), "docker scout").status == "not installed"


def test_one_that_does_not_end(install: Callable[..., None]) -> None:
    endless = "if os.fork() == 0:\n    import time; time.sleep(60)\nimport time; time.sleep(60)"
    install("trivy", does=endless)
    found = only(scan("made:up", timeout=0.5), "trivy")
    assert found.status == "unavailable"
    assert "no report within" in found.reason


def test_a_name_is_never_an_option(install: Callable[..., None], log: Path) -> None:
    install("trivy")
    found = only(scan("--config=/etc/passwd"), "trivy")
    assert found.status == "unavailable"
    assert "no reference" in found.reason
    assert all("--config=/etc/passwd" not in call for call in calls(log))
