"""`engine`: the course's own engine."""

from __future__ import annotations

import argparse

HELP = "Start, stop or look at the course's own engine (Linux, root)."
EXAMPLE = "./course engine status"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "action",
        choices=("start", "stop", "status"),
        nargs="?",
        default="status",
        help="what to do (default: status)",
    )
    parser.add_argument("--yes", action="store_true", help="agree to install what is missing")


def run(arguments: argparse.Namespace) -> int:
    """Do it; `status` gives 0 if the engine runs and 1 if not."""
    from stagelab.engine import own  # noqa: PLC0415  (--help must not wait for it)

    if arguments.action == "start":
        return _start(yes=arguments.yes)
    if arguments.action == "stop":
        stopped = own.stop(say=lambda text: print(f"· {text}", flush=True))
        print("Stopped." if stopped else "The course's own engine does not run.")
        return 0
    return _status()


def _start(*, yes: bool) -> int:
    from stagelab.cli.prepare import agree_on_terminal  # noqa: PLC0415
    from stagelab.cli.waiting import waiting  # noqa: PLC0415
    from stagelab.engine import own  # noqa: PLC0415
    from stagelab.engine.setup import run_own  # noqa: PLC0415

    if not own.is_running():
        with waiting() as display:
            run_own(agree=agree_on_terminal(display, yes=yes), progress=display)
    return _status()


def _status() -> int:
    from stagelab.engine import own  # noqa: PLC0415

    now = own.status()
    if now.running:
        print(f"The course's own engine runs (process {now.pid}).")
    elif now.set_up:
        print("The course's own engine is set up and does not run: `./course engine start`.")
    else:
        print("The course has no engine of its own here.")
        return 1
    print(f"  address  unix://{now.socket}\n  data     {now.data_root}\n  log      {now.log}")
    return 0 if now.running else 1
