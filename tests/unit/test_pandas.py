"""Facts go into pandas as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from stagelab.comparison import compare
from stagelab.image import xray

from .image.archives import docker_archive, file, tar

if TYPE_CHECKING:
    from pathlib import Path

    from stagelab.image import XRay

STATUS = b"Package: tzdata\nVersion: 1\n\nPackage: a\nVersion: 2\n"
LAYERS = [
    tar([file("bin/sh", b"s" * 900, 0o755), file("bin/gcc", b"c" * 100, 0o755)]),
    tar([file("app", b"a" * 3000), file("var/lib/dpkg/status.d/x", STATUS)]),
]


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> XRay:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    path = tmp_path / "image.tar"
    path.write_bytes(docker_archive(LAYERS))
    return xray(path)


def test_the_rows_of_a_comparison(seen: XRay) -> None:
    found = compare(seen, seen, names=("before", "after"))
    frame = pd.DataFrame(found.to_records()).set_index("metric")
    assert list(frame.columns) == ["unit", "before", "after"]
    size = 4000 + len(STATUS)
    assert frame.loc["size"].to_dict() == {"unit": "bytes", "before": size, "after": size}
    assert frame.loc["fixes", "before"] is None
    assert list(frame.index) == [row.metric for row in found.rows]


def test_layers(seen: XRay) -> None:
    frame = pd.DataFrame(seen.layers)
    assert frame["size_bytes"].sum() == seen.size_bytes
    assert list(frame["instruction"]) == ["COPY 0", "COPY 1"]


def test_packages(seen: XRay) -> None:
    frame = pd.DataFrame(seen.packages)
    assert set(zip(frame["name"], frame["version"], strict=True)) == {("tzdata", "1"), ("a", "2")}


def test_findings(seen: XRay) -> None:
    frame = pd.DataFrame(seen.surface.findings)
    assert frame.groupby("kind").size()["compiler"] == 1
    assert list(frame["path"][:2]) == ["/bin/sh", "/bin/gcc"]
    assert set(frame.columns) >= {"kind", "path", "layer", "instruction", "why", "remedy"}
