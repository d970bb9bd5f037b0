"""Run the suite on engines of other Debian releases, each in a root of its own.

    python -m tests.matrix                                    all of it, on all of them
    python -m tests.matrix --engine sid-containerd tests/engine/test_build.py
    python -m tests.matrix --engine trixie-overlay2 --serve   only run it, until Ctrl-C

Linux and root. Roots are made by mmdebstrap and kept in a folder; an engine's data are not kept.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

from tests.matrix.engine import Engine, Store, running

_SUITES = ("trixie", "sid")
_STORES: tuple[Store, ...] = ("overlay2", "containerd")
_NAMES = [f"{suite}-{store}" for suite in _SUITES for store in _STORES]
_ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Do it; 0 if the suite passed on all engines."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.matrix",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--engine", action="append", choices=_NAMES, help="which (default: all, one by one)"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("/var/tmp/slmatrix"), help="where roots and data are"
    )
    parser.add_argument("--serve", action="store_true", help="only run the engine")
    arguments, rest = parser.parse_known_args()
    for end in (signal.SIGINT, signal.SIGTERM):  # both end it in good order
        signal.signal(end, signal.default_int_handler)
    rows = []
    for name in arguments.engine or _NAMES:
        suite, _, store = name.partition("-")
        engine = Engine(suite, cast("Store", store), arguments.folder, _NAMES.index(name))
        began = time.monotonic()
        with running(engine) as client:
            version = client.version()["Version"]
            print(f"{name}: {version} at {engine.url}", flush=True)
            if arguments.serve:
                with suppress(KeyboardInterrupt):
                    signal.pause()
                code = 0
            else:
                code = _test(engine, rest)
            client.close()
        rows.append((name, version, code, time.monotonic() - began))
    print()
    for name, version, code, seconds in rows:
        print(f"{name:20} {version:20} {'passed' if code == 0 else 'FAILED':8} {seconds:6.0f} s")
    return max(code for _, _, code, _ in rows)


def _test(engine: Engine, rest: list[str]) -> int:
    command = [sys.executable, "-m", "stagelab", "test", "--engine", engine.url, "--stand-ins"]
    return subprocess.run([*command, *rest], cwd=_ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
