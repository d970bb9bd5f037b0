"""What every test needs: a progress of its own, so that nobody's is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.exercise import hints, last, record


@pytest.fixture(autouse=True)
def progress_file(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The file that progress is kept in while a test runs; not there at first."""
    path = tmp_path_factory.mktemp("progress") / "progress.json"
    monkeypatch.setenv(record.VARIABLE, str(path))
    yield path
    last.CHECKED.clear()
    hints._GIVEN.clear()
    record._unwritten.clear()
