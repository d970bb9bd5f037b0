"""Faults, each several times if asked (`--times N`), and the table of what came of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from stagelab.bases import ensure
from stagelab.engine import connect
from stagelab.engine.connecting import find
from tests.faults.fault import TABLE, Row
from tests.faults.stage import Stage


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--times", type=int, default=1, help="play each fault so many times")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "turn" in metafunc.fixturenames:
        metafunc.parametrize("turn", range(metafunc.config.getoption("--times", 1)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All faults once, then all of them again: the suite so many times in a row."""

    def turn(item: pytest.Item) -> int:
        called = getattr(item, "callspec", None)
        return int(called.params.get("turn", 0)) if called else 0

    items.sort(key=turn)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not TABLE:
        return
    terminalreporter.section("faults")
    head = ("fault", "provoked how", "times", "failed", "lost", "leftovers")
    lines = [head, *(_cells(row) for row in TABLE.values())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        terminalreporter.write_line("  ".join(padded).rstrip())
    times, failed, left = (
        sum(getattr(row, name) for row in TABLE.values()) for name in ("times", "failed", "left")
    )
    terminalreporter.write_line(
        f"{len(TABLE)} faults, played {times} times: {failed} failed, {left} leftovers"
    )


def _cells(row: Row) -> tuple[str, ...]:
    left = f"{row.left} ({', '.join(sorted(row.kinds))})" if row.left else "none"
    return (row.name, row.provoked, str(row.times), str(row.failed), row.lost, left)


@pytest.fixture(scope="session")
def client() -> docker.DockerClient:
    """A client of the engine that the course would use."""
    return connect()


@pytest.fixture(scope="session")
def stage(client: docker.DockerClient) -> Iterator[Stage]:
    """A kernel and a gate before that engine."""
    ensure(client, "alpine")
    engine = find().endpoint.path
    assert engine is not None, "these tests need an engine behind a Unix socket"
    with tempfile.TemporaryDirectory(prefix="sl-") as folder:
        made = Stage(Path(folder), client, engine)
        try:
            yield made
        finally:
            made.close()
