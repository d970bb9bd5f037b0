"""`bases`: the base images that the course's Dockerfiles name."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelab.bases import Base, BaseRow

HELP = "List the base images, pull the official ones, or make stand-ins for them."
EXAMPLE = "./course bases pull alpine"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "action",
        choices=("list", "pull", "stand-ins"),
        nargs="?",
        default="list",
        help="list: which is there, and of which kind (default). pull: get the official images, "
        "in the place of stand-ins. stand-ins: make those that are missing, from packages.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="short names; none is all")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 0 if all went well."""
    from stagelab.bases import ensure_stand_ins, pull_official, survey  # noqa: PLC0415
    from stagelab.cli.waiting import waiting  # noqa: PLC0415  (--help must not wait for it)
    from stagelab.engine import connect  # noqa: PLC0415

    client = connect()
    if arguments.action == "list":
        _print_rows([row for row in survey(client) if _wanted(row.name, arguments.names)])
        return 0
    get = pull_official if arguments.action == "pull" else ensure_stand_ins
    with waiting() as display:
        bases = get(client, *arguments.names, progress=display)
    _print_bases(bases.values())
    return 0


def _wanted(name: str, names: list[str]) -> bool:
    return not names or name in names


def _print_rows(rows: list[BaseRow]) -> None:
    from stagelab.show.style import humane_bytes, text_table  # noqa: PLC0415

    header = ("name", "reference", "here", "engine's size", "what it is")
    table = [
        (
            row.name,
            row.reference,
            row.base.kind if row.base else "missing",
            humane_bytes(row.base.engine_size) if row.base else "",
            row.summary,
        )
        for row in rows
    ]
    print(text_table(header, table))
    for row in rows:
        if row.base is not None and row.base.kind == "stand-in":
            print(f"\n{row.name}, the stand-in: {row.differs}.")


def _print_bases(bases: Iterable[Base]) -> None:
    for base in bases:
        print(f"{base.reference}: {base.kind}, {_ORIGINS[base.origin]}")


_ORIGINS = {
    "local": "was here already",
    "pulled": "pulled",
    "bundle": "loaded from a bundle",
    "made": "made from packages",
}
