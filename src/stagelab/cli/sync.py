"""`sync`: make the exercises from the solutions."""

from __future__ import annotations

import argparse

HELP = "Make exercises/ from solutions/, which are their only source."
EXAMPLE = "./course sync --check"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if one is not as it should be"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write or compare the exercises; 1 if `--check` found a difference."""
    from stagelab.cli import places  # noqa: PLC0415  (--help must not wait for these)
    from stagelab.exercise.syncing import sync  # noqa: PLC0415

    changed = sync(places.root(), check=arguments.check)
    for path in changed:
        print(f"{'differs' if arguments.check else 'written'}: {path}")
    if not changed:
        print("The exercises are what the solutions make of them.")
    return 1 if arguments.check and changed else 0
