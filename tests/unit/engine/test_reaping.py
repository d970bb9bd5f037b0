"""How long a helper goes on looking; what it removes is tried on the real engine."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from stagelab.engine import reaping, sweeping
from tests.unit.engine.conftest import pretended_engine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")

OWNER = "0123456789ab.1.2"


def engine(url: str) -> dict[str, Any]:
    return {"url": url, "certificate": [], "authority": None, "verify": True}


def took(*urls: str, settled: float, patience: float) -> float:
    began = time.monotonic()
    reaping.reap(OWNER, [engine(url) for url in urls], settled=settled, patience=patience)
    return time.monotonic() - began


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When an engine was swept."""
    when = []
    remove = sweeping.remove

    def noted(*words: Any) -> bool:  # noqa: ANN401
        complete = remove(*words)
        when.append(time.monotonic())
        return complete

    monkeypatch.setattr(sweeping, "remove", noted)
    return when


def test_it_looks_again_until_nothing_can_follow(short_path: Path, looks: list[float]) -> None:
    with pretended_engine(short_path / "one") as url:
        assert 0.6 <= took(url, settled=0.6, patience=30) < 5
    assert len(looks) >= 3


def test_it_waits_for_an_engine_that_is_away_and_gives_up(short_path: Path) -> None:
    assert 0.6 <= took(f"unix://{short_path}/away", settled=0, patience=0.6) < 5


def test_one_that_is_away_does_not_hold_up_another(short_path: Path, looks: list[float]) -> None:
    with pretended_engine(short_path / "here") as url:
        took(f"unix://{short_path}/away", url, settled=0, patience=0.5)
    assert len(looks) == 1


def test_one_that_comes_back_is_swept(short_path: Path, looks: list[float]) -> None:
    url = f"unix://{short_path}/late"
    worker = threading.Thread(target=took, args=(url,), kwargs={"settled": 0, "patience": 30})
    worker.start()
    time.sleep(0.5)
    assert worker.is_alive()
    with pretended_engine(short_path / "late"):
        worker.join(10)
        assert not worker.is_alive()
    assert len(looks) == 1
