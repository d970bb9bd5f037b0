"""`start`: from nothing to the first comparison, and on to the lessons."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelab.comparison import Comparison
    from stagelab.engine.connecting import Found

HELP = "Get an engine and base images, build the first two images, compare them, open the lessons."
EXAMPLE = "./course start --once"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--once", action="store_true", help="end after the comparison")
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address instead of opening it"
    )
    parser.add_argument(
        "--yes", action="store_true", help="agree to install an engine if there is none"
    )
    parser.add_argument(
        "--port", type=int, help="JupyterLab's port (default: the first free one from 8888)"
    )
    parser.add_argument(
        "--allow-root", action="store_true", help="run JupyterLab as root without being asked"
    )
    parser.add_argument(
        "--stand-ins",
        action="store_true",
        help="where no registry answers, make stand-ins for the base images also on an engine "
        "that is not the course's own; they take the official names there",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prepare, build, compare; then JupyterLab until it is stopped."""
    from stagelab.cli import jupyter, places, rooted  # noqa: PLC0415  (--help must not wait)
    from stagelab.cli.prepare import get_bases, get_engine  # noqa: PLC0415

    root = places.root()
    # before the minutes that the rest may take
    as_root = not arguments.once and rooted.agreed(allowed=arguments.allow_root)
    if not arguments.once and arguments.port is not None:
        jupyter.choose_port(arguments.port)
    found = get_engine(yes=arguments.yes)
    get_bases(found, stand_ins=True if arguments.stand_ins else None)
    print(f"\n{_first_comparison(found)}\n")
    if arguments.once:
        return 0
    return jupyter.serve(
        root,
        found.endpoint,
        port=arguments.port,
        browser=not arguments.no_browser,
        as_root=as_root,
    )


def _first_comparison(found: Found) -> Comparison:
    """Build the first app in one stage and in two, and compare the images."""
    from stagelab.builds import build  # noqa: PLC0415
    from stagelab.cli import places  # noqa: PLC0415
    from stagelab.cli.waiting import waiting  # noqa: PLC0415
    from stagelab.comparison import compare  # noqa: PLC0415
    from stagelab.engine.labels import SESSION_LABEL  # noqa: PLC0415
    from stagelab.show.terminal import terminal_view  # noqa: PLC0415

    app = places.root() / "sample-apps" / "go-hello"
    # The same at every start: equal builds are then the same image, and none is left without a tag.
    same = {SESSION_LABEL: "start"}
    builds = []
    for dockerfile, tag in (
        ("single.Dockerfile", "stagelab/start:single"),
        ("Dockerfile", "stagelab/start:multi"),
    ):
        with terminal_view(tag) as observe:
            builds.append(
                build(
                    app,
                    dockerfile=dockerfile,
                    tag=tag,
                    labels=same,
                    client=found.client,
                    observe=observe,
                )
            )
    with waiting() as display:
        display("Looking into both images", None, None)
        return compare(*builds, names=("single stage", "multi-stage"))
