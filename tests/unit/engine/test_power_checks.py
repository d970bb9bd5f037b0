from __future__ import annotations

import pytest

from stagelab.engine import power_checks


@pytest.mark.parametrize(("total", "ok"), [(8e9, True), (1.5e9, None), (0.5e9, False), (0, None)])
def test_memory(total: float, ok: bool | None) -> None:
    check = power_checks.memory({"MemTotal": int(total), "NCPU": 1})
    assert check.ok is ok
    assert bool(check.fix) is (ok is not True)


def test_limits_that_are_lacking_are_named() -> None:
    every = {"MemoryLimit": True, "PidsLimit": True, "CpuCfsQuota": True}
    assert power_checks.limits(every).ok
    check = power_checks.limits(every | {"PidsLimit": False})
    assert check.ok is None
    assert "processes" in check.found
    assert "memory," not in check.found


@pytest.mark.parametrize(
    ("told", "ok", "phrase"),
    [
        ("1970-01-01T00:16:40.123456789Z", True, "same time"),
        ("1970-01-01T01:16:38+01:00", True, "same time"),
        ("1970-01-01T00:15:00Z", None, "100 s behind"),
        ("1970-01-01T00:20:02Z", None, "200 s ahead"),
        ("1970-02-01T00:00:00Z", False, "ahead"),
        (None, None, "does not tell"),
    ],
)
def test_clock(told: str | None, ok: bool | None, phrase: str) -> None:
    check = power_checks.clock({"SystemTime": told}, (1000.0, 1002.0))
    assert check.ok is ok
    assert phrase in check.found


def test_a_proxy_that_the_engine_does_not_have_is_told_without_its_password() -> None:
    here = {"https_proxy": "http://ada:word@proxy:3128"}
    assert power_checks.proxy({}, {}).ok
    check = power_checks.proxy({"HttpProxy": ""}, here)
    assert check.ok is None
    assert "here: http://proxy:3128" in check.found
    both = power_checks.proxy({"HttpsProxy": "http://ada:word@other:1"}, here)
    assert both.ok
    assert "word" not in both.found
    assert "http://other:1" in both.found
