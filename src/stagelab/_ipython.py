"""Which IPython runs us, if one does; IPython is never imported for the question."""

from __future__ import annotations

import sys
from typing import Any


def shell() -> Any | None:  # noqa: ANN401 - IPython ships no types
    """Give the IPython shell that runs us, None outside IPython."""
    ipython: Any = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def in_kernel() -> bool:
    """Tell whether a notebook's kernel runs us, and not a terminal."""
    return hasattr(shell(), "kernel")
