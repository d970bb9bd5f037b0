"""The command line: `stagelab …`, and `./course …` which prepares an environment first."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Sequence

from stagelab.cli.parser import make_parser
from stagelab.errors import BuildCancelled, StagelabError

__all__ = ["main"]

_INTERRUPTED = 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: Its words; None takes them from `sys.argv`.

    Returns:
        0 if all went well, 1 if not, 2 if the words make no command, 130 after Ctrl-C.
    """
    parser = make_parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest and not getattr(arguments, "passes_on", False):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = rest
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # an old Windows console knows few characters
            stream.reconfigure(errors="replace")
    try:
        return int(arguments.run(arguments))
    except StagelabError as error:
        sys.stdout.flush()
        print(f"\n{error.title}: {error}", file=sys.stderr)
        # Ctrl-C in the midst of a build ends the build with its own words.
        return _INTERRUPTED if isinstance(error, BuildCancelled) else 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # whoever reads our output has heard enough (`./course doctor | head`)
        sys.stderr.close()
        return 1
