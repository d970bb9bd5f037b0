"""`lessons`: execute the notebooks; export them as pages, or store their outputs."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

HELP = "Execute every notebook and write pages of HTML, or store the outputs in the notebooks."
EXAMPLE = "./course lessons --only 03"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--only", default="", metavar="NN", help="only notebooks whose name begins so"
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="where the pages go (default: html or slides in the course's folder)",
    )
    parser.add_argument(
        "--refresh",
        action="store_true",
        help="store the outputs of lessons and solutions in the notebooks instead",
    )
    parser.add_argument(
        "--slides",
        action="store_true",
        help="write the lessons as slides instead, from their stored outputs, executing nothing",
    )
    parser.add_argument(
        "--yes", action="store_true", help="agree to install an engine if there is none"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prepare as start does, then execute notebook after notebook."""
    import os  # noqa: PLC0415  (--help must not wait for these)

    from rich.console import Console  # noqa: PLC0415

    from stagelab.cli import notebooks, places  # noqa: PLC0415
    from stagelab.cli.prepare import get_bases, get_engine  # noqa: PLC0415
    from stagelab.exercise import record  # noqa: PLC0415

    root = places.root()
    if arguments.slides:
        return _slides(root, arguments.to or root / "slides", arguments.only)
    found = get_engine(yes=arguments.yes)
    get_bases(found, stand_ins=None)
    if found.endpoint.searched:
        os.environ["DOCKER_HOST"] = found.endpoint.url  # the kernels need not search again
    with tempfile.TemporaryDirectory() as folder:
        # What is executed here is no learner's doing.
        os.environ[record.VARIABLE] = str(Path(folder, "progress.json"))
        count = notebooks.run_all(
            root,
            Console(),
            folder=arguments.to or root / "html",
            refresh=arguments.refresh,
            only=arguments.only,
        )
    return 0 if count else 1


def _slides(root: Path, folder: Path, only: str) -> int:
    from stagelab.cli.slides import export_slides  # noqa: PLC0415  (as above)

    pages = export_slides(root, folder, only)
    for page in pages:
        print(page)
    return 0 if pages else 1
