"""Reading from an engine in turns: so many kernels at once as this machine has processors.

Before an engine gives an image out it writes all of it beside its data, an engine up to 20.10 at
least: twenty kernels that read the same large image at once would fill its disk with copies. Who
has waited may find that others have read the same layers meanwhile.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from stagelab import _home
from stagelab.engine.lock import locked

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACES = max(2, os.cpu_count() or 1)
_LOOK_AGAIN = 0.2
_PATIENCE = 1800.0
"""Seconds after which nobody waits any more, whatever the others do."""


@contextmanager
def turn() -> Iterator[bool]:
    """Wait for a turn, and have it while the block runs; gives whether there was a wait.

    Where no lock can be written, nobody waits.
    """
    with ExitStack() as stack:
        waited = False
        deadline = time.monotonic() + _PATIENCE
        with suppress(OSError):
            while not _seated(stack) and time.monotonic() < deadline:
                waited = True
                time.sleep(_LOOK_AGAIN)
        yield waited


def _seated(stack: ExitStack) -> bool:
    """Take a free place, if there is one.

    Raises:
        OSError: The folder cannot be written.
    """
    for place in range(_PLACES):
        with suppress(TimeoutError):
            stack.enter_context(locked(_home.cache_dir() / "reading" / f"{place}.lock", timeout=0))
            return True
    return False
