"""`bench`: measure Stagelab against the tools that it would replace."""

from __future__ import annotations

import argparse
import json
import math
import sys
from importlib import import_module
from pathlib import Path

from stagelab.cli import places
from stagelab.errors import StagelabError

HELP = "Measure Stagelab against the docker command line, in turns on the same engine."
EXAMPLE = "./course bench build"

_FOLDER = "benchmarks"
_PREFIX = "bench_"
_RUNS = 7


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    names = _names()
    parser.add_argument(
        "name",
        metavar="NAME",
        choices=names or None,  # without the course's folder `run` says what is missing
        help=f"what to measure: {', '.join(names)}",
    )
    parser.add_argument(
        "--runs",
        type=_positive_int,
        metavar="N",
        help=f"samples of each (default: {_RUNS}, of load 1)",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CASE",
        help="only this case; may be given several times",
    )
    parser.add_argument(
        "--scale",
        type=_positive_float,
        default=1.0,
        metavar="FACTOR",
        help="multiply the sizes of what is sent, or of load the number of kernels, for a trial "
        "(default: 1)",
    )
    parser.add_argument(
        "--docker",
        metavar="PATH",
        help="the docker command line (default: of those on PATH the one of the engine's version)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw samples there")
    parser.add_argument("--strict", action="store_true", help="give 1 if a goal is missed")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print the table; 0 if all was measured, with `--strict` only if goals are met."""
    _make_importable(places.root())
    module = import_module(f"{_FOLDER}.{_PREFIX}{arguments.name}")
    unknown = [case for case in arguments.only if case not in module.CASES]
    if unknown:
        raise StagelabError(
            f"There is no case {unknown[0]!r} in this benchmark.",
            fix=f"Its cases: {', '.join(module.CASES)}.",
        )
    report = module.measure(
        runs=arguments.runs or getattr(module, "RUNS", _RUNS),
        scale=arguments.scale,
        docker=arguments.docker,
        only=arguments.only,
        say=_say,
    )
    print(f"\n{report.text()}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    return 1 if arguments.strict and report.missed else 0


def _make_importable(root: Path) -> None:
    """Let the benchmarks be imported: they lie beside the package, in the course's folder.

    Args:
        root: The course's folder.

    Raises:
        StagelabError: They are not there.
    """
    if not (root / _FOLDER / "__init__.py").is_file():
        raise StagelabError(
            "The benchmarks are not here: the course's folder has no folder of that name.",
            fix="Clone the course's repository and run the command in its folder.",
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))


def _names() -> list[str]:
    try:
        folder = places.root() / _FOLDER
    except StagelabError:
        return []
    return sorted(path.stem.removeprefix(_PREFIX) for path in folder.glob(f"{_PREFIX}*.py"))


def _positive_int(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be 1 at least")
    return number


def _positive_float(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("it must be above 0")
    return number


def _say(text: str) -> None:
    print(f"· {text}", flush=True)
