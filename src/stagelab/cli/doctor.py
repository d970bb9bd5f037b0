"""`doctor`: each thing that the course needs, with its cure."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

HELP = "Check what the lessons need, each with what to do about it."
EXAMPLE = "./course doctor"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the diagnosis; 1 if something needed is missing."""
    from stagelab.bases.health import doctor  # noqa: PLC0415  (--help must not wait for it)

    diagnosis = doctor()
    if arguments.json:
        checks = [asdict(check) for check in diagnosis.checks]
        print(json.dumps({"ok": diagnosis.ok, "checks": checks}, indent=2))
    else:
        print(diagnosis)
    return 0 if diagnosis.ok else 1
