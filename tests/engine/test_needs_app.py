"""The sample app go-needs: scratch meets none of its needs, its Dockerfile all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from stagelab.bases import Base
from stagelab.builds import build
from stagelab.containers import run, serve
from stagelab.engine import tidy
from stagelab.exercise.authority import PARTNER
from stagelab.image import xray

APP = Path(__file__).parents[2] / "sample-apps" / "go-needs"
NEEDS = ["tls", "zone", "user", "temp"]


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert {"golang"} <= set(bases)
    yield
    tidy()


def outcomes(text: str) -> dict[str, str]:
    """Give by need whether the program found it met."""
    return {line.split()[0]: line.split()[1] for line in text.splitlines()}


def test_has_what_an_app_has() -> None:
    for name in ("main.go", "go.mod", "Dockerfile", "bare.Dockerfile", ".dockerignore"):
        assert (APP / name).is_file(), name
    assert len((APP / "README.md").read_text("utf-8").splitlines()) == 10


def test_on_scratch_no_need_is_met() -> None:
    ran = run(build(APP, dockerfile="bare.Dockerfile"), tmp=False, read_only=False)
    assert ran.exit_code == 1
    assert outcomes(ran.stdout) == dict.fromkeys(NEEDS, "FAILED")


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_supplied_all_needs_are_met(builder: Literal["buildkit", "classic"]) -> None:
    authority = build(APP, target="ca", builder=builder)
    partner = {PARTNER: run(authority, "cat", "/ca/partner.pem").stdout}
    whole = build(APP, builder=builder)
    ran = run(whole, "check", env=partner, tmp=False, read_only=False)
    assert outcomes(ran.stdout) == dict.fromkeys(NEEDS, "met")
    assert ran.exit_code == 0
    with serve(whole, 8080, ready="/healthz", env=partner, tmp=False, read_only=False) as service:
        for need in NEEDS:
            assert service.get(f"/needs/{need}").status == 200
        assert service.get("/needs/nothing").status == 404
        assert service.health().status == "healthy"
        stopped = service.stop()
    assert (stopped.killed, stopped.exit_code) == (False, 0)
    seen = xray(whole)
    assert not seen.surface.user.root
    assert not seen.surface.shells
    assert not any(entry.path.endswith(".pem") for entry in seen.tree)
