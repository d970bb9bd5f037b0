"""`progress`: how far the learner has come."""

from __future__ import annotations

import argparse
import json

HELP = "Show which exercises are passed; it is kept on this computer only."
EXAMPLE = "./course progress"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.add_argument(
        "--reset", action="store_true", help="begin anew; what was there is set aside, not deleted"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the progress, or set it aside; 0 always."""
    from stagelab.exercise import progress, record  # noqa: PLC0415  (--help must not wait)

    if arguments.reset:
        aside = record.forget()
        print(f"Begun anew; the old progress is in {aside}" if aside else "There is none yet.")
        return 0
    seen = progress()
    print(json.dumps(seen.to_dict(), indent=2) if arguments.json else seen)
    return 0
