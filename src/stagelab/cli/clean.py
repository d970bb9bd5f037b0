"""`clean`: remove all that is the course's, and only that."""

from __future__ import annotations

import argparse
import shutil

HELP = "Remove from the engine what the course put there, and only that."
EXAMPLE = "./course clean --dry-run"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be removed")
    parser.add_argument(
        "--session", metavar="NAME", help="only what this session made; keep the base images"
    )
    parser.add_argument(
        "--cache", action="store_true", help="also the cache: stand-in archives, image facts"
    )
    parser.add_argument(
        "--engine",
        action="store_true",
        help="also stop the course's own engine and remove its data",
    )


def run(arguments: argparse.Namespace) -> int:
    """Clean up and print what was removed; 0 also if there was nothing."""
    from stagelab import _home  # noqa: PLC0415  (--help must not wait for these)
    from stagelab.engine import clean, connect, own  # noqa: PLC0415
    from stagelab.errors import EngineNotFound  # noqa: PLC0415

    ran = own.is_running()
    try:
        client = connect(start=not arguments.engine)
    except EngineNotFound:
        if not (arguments.engine or arguments.cache):
            raise
    else:
        print(clean(client, session=arguments.session, dry_run=arguments.dry_run))
    if arguments.dry_run:
        return 0
    if arguments.cache:
        shutil.rmtree(_home.cache_dir(), ignore_errors=True)
        print(f"Emptied: {_home.cache_dir()}")
    if arguments.engine:
        removed = own.remove(say=_say)
        print("Removed the course's own engine." if removed else "There is no engine of its own.")
    elif not ran and own.is_running():
        own.stop(say=_say)  # it was started only to be cleaned
    return 0


def _say(text: str) -> None:
    print(f"· {text}", flush=True)
