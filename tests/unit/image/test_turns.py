"""Kernels that look into the same image at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from stagelab.image import turns, xray

from .archives import docker_archive
from .test_cache import LAYERS, Answer, Api, Image

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class SlowApi(Api):
    """Takes its time, and notes how many ask at once."""

    def __init__(self) -> None:
        super().__init__(docker_archive(LAYERS))
        self.now = self.most = 0
        self._lock = threading.Lock()

    def get(self, url: str, params: dict[str, list[str]], **options: object) -> Answer:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.3)
        with self._lock:
            self.now -= 1
        return super().get(url, params, **options)


def test_who_waited_uses_what_others_have_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PLACES", 2)
    api = SlowApi()
    with ThreadPoolExecutor(5) as pool:
        seen = list(pool.map(lambda _: xray(Image(api)), range(5)))
    assert len({each.size_bytes for each in seen}) == 1
    assert api.most <= 2
    assert 1 <= api.saves <= 2


def test_who_may_not_write_reads_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "file"))
    with turns.turn() as waited:
        assert not waited
    assert xray(Image(SlowApi())).files > 0
