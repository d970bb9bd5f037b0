from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import docker
import pytest
from pretended_engine import PretendedEngine

from stagelab.bases import cache as archive_cache
from stagelab.bases import (
    cached_archives,
    catalogue,
    ensure,
    ensure_stand_ins,
    kind_of,
    pull_official,
    survey,
)
from stagelab.bases.archive import ImageSettings, file, write_archive, write_layer
from stagelab.bases.bundle import _small_files
from stagelab.bases.catalog import CatalogueEntry
from stagelab.bases.standin import ca
from stagelab.bases.standin.making import KEY_LABEL, key_of
from stagelab.engine.labels import COURSE_LABEL, STAND_IN_LABEL
from stagelab.errors import BaseUnavailable, PullFailed

NAMES = ("golang", "alpine", "debian", "distroless")
OFFLINE = "dial tcp: lookup registry on 10.0.0.1:53: no such host"


def reference(name: str) -> str:
    return catalogue()[name].reference


def save(
    path: Path, tag: str, *, architecture: str = "amd64", labels: dict[str, str] | None = None
) -> Path:
    """Write a tiny image archive as docker save would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    layer = write_layer(
        path.with_suffix(".layer"), [file("hello", tag)], epoch=0, created_by="test"
    )
    settings = ImageSettings(architecture, labels or {})
    with path.open("wb") as out:
        write_archive(out, tag, [layer], settings, epoch=0)
    path.with_suffix(".layer").unlink()
    return path


def cache_stand_in(name: str, tmp_path: Path) -> Path:
    entry = catalogue()[name]
    key = key_of(entry.recipe, "amd64", ca.host_bundle())
    labels = {COURSE_LABEL: "1", STAND_IN_LABEL: name, KEY_LABEL: key}
    content = save(tmp_path / "made.tar", entry.reference, labels=labels).read_bytes()
    place = archive_cache.place(name, key)
    place.parent.mkdir(parents=True, exist_ok=True)
    with archive_cache.writing(place) as out:
        out.write(content)
    return place


def offline(engine: PretendedEngine) -> None:
    engine.words = OFFLINE
    engine.pulls = {reference(name): 500 for name in NAMES}


def test_what_is_there_stays_and_nothing_is_asked(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    ids = {name: engine.add(reference(name)) for name in NAMES}
    started = time.monotonic()
    found = ensure(fake_client)
    assert time.monotonic() - started < 0.2
    assert tuple(found) == NAMES
    for name, base in found.items():
        assert (base.origin, base.kind, base.image_id) == ("local", "official", ids[name])
        assert base.engine_size == 1234
    assert engine.asked == []


def test_missing_ones_are_pulled(fake_client: docker.DockerClient, engine: PretendedEngine) -> None:
    engine.add(reference("golang"))
    engine.pulls[reference("alpine")] = [{"status": "Pull complete"}]
    found = ensure(fake_client, "golang", "alpine", stand_ins=False)
    assert {name: base.origin for name, base in found.items()} == {
        "golang": "local",
        "alpine": "pulled",
    }
    assert engine.pulled() == [reference("alpine")]


def test_offline_each_registry_is_tried_once_and_the_error_says_what_to_do(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    offline(engine)
    with pytest.raises(BaseUnavailable) as caught:
        ensure(fake_client, stand_ins=False)
    assert engine.pulled() == [reference("golang"), reference("distroless")]
    error = caught.value
    for name in NAMES:
        assert reference(name) in error.cause
    assert "./course bases pull" in error.fix
    assert "STAGELAB_BUNDLE" in error.fix
    assert "./course bases stand-ins golang alpine debian distroless" in error.fix
    assert OFFLINE in error.detail


def test_a_full_disk_ends_the_search(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    engine.pulls[reference("alpine")] = [{"error": "write x: no space left on device"}]
    with pytest.raises(PullFailed, match="disk is full"):
        ensure(fake_client, "alpine", stand_ins=True)


def test_a_rate_limit_spares_the_same_registry(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    engine.words = "toomanyrequests: You have reached your pull rate limit"
    engine.pulls = {reference(name): 500 for name in NAMES}
    engine.pulls[reference("distroless")] = [{"status": "ok"}]
    with pytest.raises(BaseUnavailable, match="rate limit"):
        ensure(fake_client, stand_ins=False)
    assert engine.pulled() == [reference("golang"), reference("distroless")]


def test_stand_ins_are_for_the_own_engine_unless_asked_for(
    fake_client: docker.DockerClient,
    engine: PretendedEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offline(engine)
    cache_stand_in("alpine", tmp_path)
    monkeypatch.setattr("stagelab.bases.ensuring.is_own_engine", lambda _: False)
    with pytest.raises(BaseUnavailable):
        ensure(fake_client, "alpine")
    monkeypatch.setattr("stagelab.bases.ensuring.is_own_engine", lambda _: True)
    base = ensure(fake_client, "alpine")["alpine"]
    assert (base.kind, base.origin) == ("stand-in", "made")


def test_a_cached_stand_in_needs_no_network(
    fake_client: docker.DockerClient, engine: PretendedEngine, tmp_path: Path
) -> None:
    cache_stand_in("alpine", tmp_path)
    seen: list[str] = []
    base = ensure(
        fake_client, "alpine", stand_ins=True, progress=lambda text, *_: seen.append(text)
    )["alpine"]
    assert base.kind == "stand-in"
    assert engine.pulled() == []
    assert any(text.startswith("Loading") for text in seen)
    row = next(row for row in survey(fake_client) if row.name == "alpine")
    assert row.base is not None
    assert row.base.kind == "stand-in"
    assert row.archives == cached_archives()


def test_a_damaged_archive_is_made_again(
    fake_client: docker.DockerClient,
    engine: PretendedEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offline(engine)
    place = cache_stand_in("alpine", tmp_path)
    place.write_bytes(place.read_bytes()[:-600] + b"x" * 600)
    made: list[str] = []

    def make(entries: Sequence[CatalogueEntry], *_: object) -> dict[str, Path]:
        made.extend(entry.name for entry in entries)
        return {entry.name: cache_stand_in(entry.name, tmp_path) for entry in entries}

    monkeypatch.setattr("stagelab.bases.ensuring.make", make)
    assert ensure_stand_ins(fake_client, "alpine")["alpine"].kind == "stand-in"
    assert made == ["alpine"]
    assert engine.pulled() == []


def test_a_bundle_comes_before_the_registry(
    fake_client: docker.DockerClient,
    engine: PretendedEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save(tmp_path / "stick" / "a.tar", f"docker.io/library/{reference('alpine')}")
    (tmp_path / "stick" / "broken.tar").write_bytes(b"no tar")
    monkeypatch.setenv("STAGELAB_BUNDLE", str(tmp_path / "stick"))
    # an engine normalizes what an archive's tag says
    load = type(engine).load
    monkeypatch.setattr(
        engine,
        "load",
        lambda data: (
            load(engine, data),
            engine.images.update(
                {tag.removeprefix("docker.io/library/"): i for tag, i in engine.images.items()}
            ),
        ),
    )
    base = ensure(fake_client, "alpine", stand_ins=False)["alpine"]
    assert (base.kind, base.origin) == ("official", "bundle")
    assert engine.pulled() == []


def test_a_bundle_does_not_move_names_that_were_there(
    fake_client: docker.DockerClient,
    engine: PretendedEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alpine, golang = reference("alpine"), reference("golang")
    theirs = engine.add(alpine, seed="the learner's own")
    archive = save(tmp_path / "stick" / "both.tar", golang)
    monkeypatch.setenv("STAGELAB_BUNDLE", str(archive.parent))
    monkeypatch.setattr("stagelab.bases.bundle._small_files", _with_a_second_tag(archive, alpine))
    monkeypatch.setattr(
        engine, "load", lambda _: (engine.add(golang, seed="b"), engine.add(alpine, seed="b"))
    )
    assert ensure(fake_client, "golang", stand_ins=False)["golang"].origin == "bundle"
    assert fake_client.images.get(alpine).id == theirs


def _with_a_second_tag(archive: Path, tag: str) -> Callable[[Path], dict[str, bytes]]:
    small = _small_files(archive)
    manifest = json.loads(small["manifest.json"])
    manifest[0]["RepoTags"].append(tag)
    small["manifest.json"] = json.dumps(manifest).encode()
    return lambda _: small


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        ({"architecture": "arm64"}, "is for arm64, the engine is amd64"),
        ({"labels": {STAND_IN_LABEL: "alpine"}}, "holds stand-ins, which were not asked for"),
    ],
)
def test_a_bundle_that_does_not_fit_is_named(  # noqa: PLR0917  # fixtures
    fake_client: docker.DockerClient,
    engine: PretendedEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bundle: dict[str, Any],
    said: str,
) -> None:
    offline(engine)
    archive = save(tmp_path / "a.tar", reference("alpine"), **bundle)
    monkeypatch.setenv("STAGELAB_BUNDLE", str(archive.parent))
    with pytest.raises(BaseUnavailable) as caught:
        ensure(fake_client, "alpine", stand_ins=False)
    assert said in caught.value.detail


def test_a_bundle_folder_that_is_not_there_is_named(
    fake_client: docker.DockerClient, engine: PretendedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline(engine)
    monkeypatch.setenv("STAGELAB_BUNDLE", "/no/such/folder")
    with pytest.raises(BaseUnavailable) as caught:
        ensure(fake_client, "alpine", stand_ins=False)
    assert "/no/such/folder, which is no folder" in caught.value.detail


def test_pulling_takes_the_name_from_a_stand_in(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    old = engine.add(reference("alpine"), labels={STAND_IN_LABEL: "alpine"}, seed="stand-in")
    engine.pulls[reference("alpine")] = [{"status": "Pull complete"}]
    base = pull_official(fake_client, "alpine")["alpine"]
    assert (base.kind, base.origin) == ("official", "pulled")
    assert f"delete {old}" in engine.asked


def test_an_official_image_that_is_pulled_again_is_not_removed(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    engine.add(reference("alpine"), seed="older")
    engine.pulls[reference("alpine")] = [{"status": "Pull complete"}]
    pull_official(fake_client, "alpine")
    assert not [line for line in engine.asked if line.startswith("delete")]


def test_kinds(fake_client: docker.DockerClient, engine: PretendedEngine) -> None:
    engine.add(reference("alpine"), labels={STAND_IN_LABEL: "alpine"})
    engine.add(reference("golang"))
    engine.add("mine:1")
    assert kind_of(fake_client, reference("alpine")) == "stand-in"
    assert kind_of(fake_client, reference("golang")) == "official"
    assert kind_of(fake_client, f"docker.io/library/{reference('debian')}") == "official"
    assert kind_of(fake_client, "mine:1") == "other"
    assert kind_of(fake_client, "absent:1") == "other"
    assert kind_of(fake_client, "scratch") == "scratch"


def test_an_unknown_name_is_refused(fake_client: docker.DockerClient) -> None:
    with pytest.raises(BaseUnavailable, match="'ubuntu'") as caught:
        ensure(fake_client, "ubuntu")
    assert "golang, alpine, debian, distroless" in caught.value.fix


def test_rows_say_what_is_absent(fake_client: docker.DockerClient) -> None:
    rows = survey(fake_client)
    assert [row.name for row in rows] == list(NAMES)
    assert all(row.base is None and row.archives == () for row in rows)
    assert {row.role for row in rows} == {"builder", "runtime"}
