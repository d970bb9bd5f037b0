"""Several kernels that miss base images at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
from pretended_engine import PretendedEngine

from stagelab.bases import catalogue, ensure

ALPINE = catalogue()["alpine"].reference


class Slow(list[dict[str, Any]]):
    """What a registry says, slowly."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        time.sleep(0.2)
        return super().__iter__()


def test_one_pulls_and_the_others_wait_for_it(engine: PretendedEngine) -> None:
    engine.pulls[ALPINE] = Slow([{"status": "Pull complete"}])
    said: list[str] = []

    def take_part(_: int) -> str:
        client = docker.DockerClient(base_url=engine.url, version="1.41")
        try:
            bases = ensure(client, "alpine", stand_ins=False, progress=lambda *a: said.append(a[0]))
        finally:
            client.close()
        return bases["alpine"].origin

    with ThreadPoolExecutor(max_workers=6) as pool:
        origins = sorted(pool.map(take_part, range(6)))
    assert engine.pulled() == [ALPINE]
    assert origins == ["local"] * 5 + ["pulled"]
    assert said.count("Waiting for another kernel that gets the base images") > 0
