"""What every test needs: a progress of its own, so that nobody's is touched.

And what the whole run needs: somebody who remembers every container.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.exercise import hints, last, record
from tests.recorder import Recorder

LAST = "test_every_container_of_this_run_was_caged"
_recorder = pytest.StashKey[Recorder]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks back at all the others comes last."""
    items.sort(key=lambda item: item.name == LAST)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to record, if somebody will look at it."""
    if any(item.name == LAST for item in session.items) and not session.config.option.collectonly:
        session.config.stash[_recorder] = Recorder()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop recording."""
    if _recorder in session.config.stash:
        session.config.stash[_recorder].close()


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Recorder:
    """What has been started since the run began."""
    return request.config.stash[_recorder]


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
