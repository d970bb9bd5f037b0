"""What pytest says of a notebook's cell that failed: the kernel's box, which nbval leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any) -> Iterator[None]:  # noqa: ANN401 - nbval ships no types
    """Add the plain text of the boxes that a failed cell has shown."""
    report: Any = yield
    if report.failed:
        for output in getattr(item, "test_outputs", None) or ():
            shown = output.get("data", {})
            if "stagelab-trouble" in shown.get("text/html", ""):
                report.sections.append(("What the cell showed", shown["text/plain"]))
    return report
