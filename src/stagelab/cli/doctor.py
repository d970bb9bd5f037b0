"""`doctor`: each thing that the course needs, with its cure."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelab.engine.checks import Diagnosis

HELP = "Check what the lessons need, each with what to do about it."
EXAMPLE = "./course doctor --json > doctor.json"

_MORE = """
exit codes:
  0  everything that the lessons need is here
  1  something needed is missing: a line with a cross, or "missing" in the JSON

--json prints one object: "schema" (1; rises when a key goes or changes its meaning), "stagelab"
(version), "ok", "seconds", "platform" (system, release, machine, python), "engine" (product,
version, api, storage, system, kernel, architecture, cgroups, memory_bytes, processors, rootless,
own; null if none answers), "checks": a list of id, name, status ("ok", "missing", "note": the
lessons can do without), found, fix, milliseconds. Home folders, the user's and the computer's name
are taken out; addresses of engines and proxies on other computers stay in."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    parser.epilog = f"{parser.epilog or ''}\n{_MORE}"


def run(arguments: argparse.Namespace) -> int:
    """Print the diagnosis; 1 if something needed is missing."""
    diagnosis = _diagnose()
    if arguments.json:
        from stagelab.engine.report import report  # noqa: PLC0415  (--help must not wait for it)

        print(json.dumps(report(diagnosis), indent=2))
    else:
        from stagelab.show.diagnosis import text  # noqa: PLC0415  (needs nothing but the course)

        print(text(diagnosis))
    return 0 if diagnosis.ok else 1


def _diagnose() -> Diagnosis:
    """Ask the doctor; where packages are missing that the doctor needs, say which."""
    try:
        from stagelab.bases.health import doctor  # noqa: PLC0415  (--help must not wait for it)
    except ImportError as error:
        from stagelab.engine.checks import Check, Diagnosis  # noqa: PLC0415

        missing = Check(
            "packages",
            ok=False,
            found=f"missing: {error.name or error}; the rest can be checked when it is there",
            fix="Run `./course start --once`, or `conda env update --file environment.yml`.",
        )
        return Diagnosis((missing,))
    return doctor()
