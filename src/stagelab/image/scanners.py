"""What other scanners find in an image, if one is on PATH: trivy, grype, docker scout.

A scanner that fails, or whose report is not in its form, is "unavailable": never 0 findings. Their
numbers differ from each other for good reasons (sources, what counts as one finding), so that each
stands beside its tool's name and version.

Sources: trivy's "JSON" report (`Results[].Vulnerabilities[]`), grype's "json" output (`matches[]`),
`docker scout cves --format sarif` (SARIF 2.1.0; severity and fix are properties of the rules).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from stagelab._render import Shown
from stagelab.engine import temporary

SEVERITIES = ("critical", "high", "medium", "low", "negligible", "unknown")

_MOST_REPORT = 256_000_000
_MOST_WORDS = 600
_VERSION_SECONDS = 30.0
_VERSION = re.compile(r"\bv?(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)")
_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_SCHEME = re.compile(r"[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class ScannerFindings(Shown):
    """What one scanner says of an image.

    Attributes:
        tool: trivy, grype or docker scout.
        version: Its version; "" if it did not tell.
        status: "known", "unavailable" (it failed, see `reason`) or "not installed".
        findings: How many it reports, as it counts them: mostly one a vulnerability and package;
            None unless known.
        by_severity: How many of each severity, the worst first, those with none left out.
        fixable: How many of them it knows a fixed version for; None unless known.
        cves: The CVE numbers it names; other numbers (GHSA and the like) only count above.
        reason: Its own words on its failure; "" if known.
    """

    tool: str
    version: str = ""
    status: Literal["known", "unavailable", "not installed"] = "not installed"
    findings: int | None = None
    by_severity: tuple[tuple[str, int], ...] = ()
    fixable: int | None = None
    cves: tuple[str, ...] = ()
    reason: str = ""


class _Finding(NamedTuple):
    severity: str
    fixable: bool
    names: tuple[str, ...]


class _Scanner(NamedTuple):
    """How to ask a scanner: `{}` stands for the image or archive, `{out}` for the report."""

    tool: str
    version: tuple[str, ...]
    image: tuple[str, ...]
    archive: tuple[str, ...]
    read: Callable[[Any], Iterator[_Finding]]


def scan(
    image: str | Path, *, docker_host: str = "", timeout: float = 600.0
) -> tuple[ScannerFindings, ...]:
    """Ask each scanner that is on PATH; they may use the network for their databases.

    Args:
        image: Reference or ID of an image on the engine, or the path of an archive of
            `docker save`.
        docker_host: The engine's address, as DOCKER_HOST names it; "" for the environment's.
        timeout: Seconds that each may take.

    Returns:
        One a scanner, in the order trivy, grype, docker scout.
    """
    environment = dict(os.environ, **({"DOCKER_HOST": docker_host} if docker_host else {}))
    return tuple(_ask(scanner, image, environment, timeout) for scanner in _SCANNERS)


def _ask(
    scanner: _Scanner, image: str | Path, environment: dict[str, str], timeout: float
) -> ScannerFindings:
    if shutil.which(scanner.version[0]) is None:
        return ScannerFindings(scanner.tool)
    with temporary.folder("scan") as folder:
        code, said, words = _run(scanner.version, Path(folder), environment, _VERSION_SECONDS)
        if code and any(no in words + said for no in _NO_PLUGIN):
            return ScannerFindings(scanner.tool)
        told = _VERSION.search(said) or _VERSION.search(words)
        version = told[1] if told else ""
        try:
            found = _scan(scanner, image, Path(folder), environment, timeout)
        except _Failed as error:
            return ScannerFindings(scanner.tool, version, "unavailable", reason=str(error))
    counted = Counter(finding.severity for finding in found)
    return ScannerFindings(
        scanner.tool,
        version,
        "known",
        len(found),
        tuple((severity, counted[severity]) for severity in SEVERITIES if counted[severity]),
        sum(finding.fixable for finding in found),
        tuple(sorted({name for item in found for name in item.names if _CVE.fullmatch(name)})),
    )


class _Failed(Exception):
    """A scanner failed; says its words."""


def _scan(
    scanner: _Scanner, image: str | Path, folder: Path, environment: dict[str, str], timeout: float
) -> list[_Finding]:
    if isinstance(image, str) and not _SCHEME.match(image):
        raise _Failed(f"{image!r} is no reference of an image")  # and might be taken for an option
    report = folder / "report.json"
    form = scanner.image if isinstance(image, str) else scanner.archive
    what = image if isinstance(image, str) else str(image.resolve())
    command = tuple(part.replace("{out}", str(report)).replace("{}", what) for part in form)
    code, said, words = _run(command, folder, environment, timeout)
    if code is None:
        raise _Failed(f"no report within {timeout:.0f} s")
    if code:
        raise _Failed((words or said)[-_MOST_WORDS:] or f"ended with exit status {code}")
    try:
        if report.stat().st_size > _MOST_REPORT:
            raise _Failed(f"a report of more than {_MOST_REPORT} bytes")
        return list(scanner.read(json.loads(report.read_bytes())))
    except OSError as error:
        raise _Failed(f"it wrote no report. {words[-_MOST_WORDS:]}".strip()) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _Failed(f"a report in another form: {error!r}") from error


def _run(
    command: tuple[str, ...], folder: Path, environment: dict[str, str], timeout: float
) -> tuple[int | None, str, str]:
    """Give exit status, output and errors; the status is None if it did not end in time.

    Both go to files, since whatever the program starts may hold on to pipes after its end.
    """
    out, errors = folder / "out", folder / "errors"
    with out.open("wb") as writes, errors.open("wb") as complains:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=writes,
                stderr=complains,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            return 1, "", str(error)
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            try:
                code = process.wait(timeout)
            finally:
                _end(process)
    return code, _words(out), _words(errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that has not ended, and what it started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _words(file: Path) -> str:
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - 100 * _MOST_WORDS))
        return opened.read().decode(errors="replace").strip()


def _of_trivy(report: Any) -> Iterator[_Finding]:  # noqa: ANN401 - any JSON
    _expect(isinstance(report["SchemaVersion"], int), "SchemaVersion")
    for result in report.get("Results") or ():  # left out when there is nothing to scan
        for found in result.get("Vulnerabilities") or ():  # left out when there are none
            fixed = bool(found.get("FixedVersion"))
            yield _Finding(_severity(found.get("Severity")), fixed, (found["VulnerabilityID"],))


def _of_grype(report: Any) -> Iterator[_Finding]:  # noqa: ANN401 - any JSON
    _expect(isinstance(report["matches"], list), "matches")
    for match in report["matches"]:
        found = match["vulnerability"]
        related = [other["id"] for other in match.get("relatedVulnerabilities") or ()]
        fixed = (found.get("fix") or {}).get("state") == "fixed"
        yield _Finding(_severity(found.get("severity")), fixed, (found["id"], *related))


def _of_scout(report: Any) -> Iterator[_Finding]:  # noqa: ANN401 - any JSON
    _expect(isinstance(report["runs"], list) and bool(report["runs"]), "runs")
    for run in report["runs"]:
        _expect(isinstance(run["results"], list), "results")
        rules = {rule["id"]: rule.get("properties") or {} for rule in _rules(run)}
        for result in run["results"]:
            facts = rules[result["ruleId"]]
            # "not fixed" where there is no version
            fixed = any(letter.isdigit() for letter in str(facts.get("fixed_version") or ""))
            yield _Finding(_severity(facts.get("cvssV3_severity")), fixed, (result["ruleId"],))


def _rules(run: Any) -> Any:  # noqa: ANN401 - any JSON
    return run["tool"]["driver"].get("rules") or ()


def _expect(condition: bool, what: str) -> None:  # noqa: FBT001 - as an assertion
    if not condition:
        raise ValueError(f"no {what}")


def _severity(told: object) -> str:
    severity = str(told).lower()
    return severity if severity in SEVERITIES else "unknown"


_TRIVY = ("trivy", "image", "--quiet", "--scanners", "vuln", "--format", "json", "-o", "{out}")
_GRYPE = ("grype", "--quiet", "-o", "json", "--file", "{out}")
_SCOUT = ("docker", "scout", "cves", "--format", "sarif", "--output", "{out}")
_NO_PLUGIN = ("is not a docker command", "unknown command: docker scout")
_SCANNERS = (
    _Scanner(
        "trivy",
        ("trivy", "--version"),
        (*_TRIVY, "{}"),
        (*_TRIVY, "--input", "{}"),
        _of_trivy,
    ),
    _Scanner(
        "grype",
        ("grype", "version"),
        (*_GRYPE, "docker:{}"),
        (*_GRYPE, "docker-archive:{}"),
        _of_grype,
    ),
    _Scanner(
        "docker scout",
        ("docker", "scout", "version"),
        (*_SCOUT, "local://{}"),
        (*_SCOUT, "archive://{}"),
        _of_scout,
    ),
)
