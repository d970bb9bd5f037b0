"""The words of the command line, in groups, each command with an example."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import ModuleType

from stagelab import __version__
from stagelab.cli import (
    bases,
    bench,
    clean,
    doctor,
    engine,
    lessons,
    progress,
    start,
    sync,
    test,
    xray,
)

_GROUPS: tuple[tuple[str, tuple[ModuleType, ...]], ...] = (
    ("learn", (start, doctor, progress)),
    ("engine and images", (engine, bases, xray, clean)),
    ("work on the course", (test, lessons, sync, bench)),
)
"""Each module has HELP and EXAMPLE (a line each), `configure(parser)` and `run(arguments)`."""


def make_parser() -> argparse.ArgumentParser:
    """Make the parser; what it parses has `run`, the command's function."""
    parser = argparse.ArgumentParser(
        prog=_program(),
        usage="./course COMMAND [options]      (on Windows: py course COMMAND [options])",
        description="A course on multi-stage Dockerfiles: every claim is built and measured on "
        "your own engine.",
        epilog=_overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"stagelab {__version__}")
    commands = parser.add_subparsers(
        title="commands",
        prog=_program(),
        required=True,
        metavar="COMMAND",
        help=argparse.SUPPRESS,
    )
    for _, modules in _GROUPS:
        for module in modules:
            name = _name(module)
            one = commands.add_parser(
                name,
                description=module.HELP,
                epilog=f"example:\n  {module.EXAMPLE}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            module.configure(one)
            one.set_defaults(run=module.run)
    return parser


def _program() -> str:
    """How the program was called, for the lines that say how to call it."""
    return "stagelab" if Path(sys.argv[0]).stem == "stagelab" else "./course"


def _overview() -> str:
    lines = []
    for title, modules in _GROUPS:
        lines.append(f"{title}:")
        for module in modules:
            lines += [f"  {_name(module):<9} {module.HELP}", f"  {'':<9} e.g. {module.EXAMPLE}"]
        lines.append("")
    lines += [
        "A command's own options: ./course COMMAND --help",
        "In a conda environment made from environment.yml, `stagelab COMMAND` does the same.",
    ]
    return "\n".join(lines)


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]
