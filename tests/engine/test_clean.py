"""`clean` removes what is the course's and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import ImageNotFound

from stagelab.bases import Base
from stagelab.builds import build
from stagelab.engine import buildcache, clean, ledger
from stagelab.engine.labels import labels, session
from stagelab.engine.ledger import RecordedBuild
from tests.engine.namespace import Machine, needs_root_on_linux

_SCENARIO = Path(__file__).with_name("clean_scenario.py")
_PLAY = f'mkdir "$STAGELAB_HOME/app"; "$PYTHON" -W error {_SCENARIO} "$STAGELAB_HOME/app"\n'
_OWN = '"$PYTHON" -m stagelab engine start >&2\n'
_PLAIN = """
O="$STAGELAB_HOME/other"; mkdir -p "$O"
setsid dockerd --host unix://$O/d.sock --data-root $O/data --exec-root $O/exec \\
    --pidfile $O/pid --iptables=false </dev/null >/dev/null 2>&1 &
for i in $(seq 300); do test -S $O/d.sock && break; sleep 0.1; done
export DOCKER_HOST=unix://$O/d.sock
"""

Facts = list[dict[str, Any]]


@pytest.fixture(scope="module", params=[_OWN, _PLAIN], ids=["own-engine", "other-engine"])
def facts(request: pytest.FixtureRequest) -> Iterator[Facts]:
    """What the scenario printed, on the course's own engine and on one that is not."""
    with tempfile.TemporaryDirectory(prefix="stagelab-") as folder:
        yield Machine(Path(folder)).run(str(request.param) + _PLAY)


@pytest.fixture
def my_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("STAGELAB_SESSION", "test-clean")
    session.cache_clear()
    yield "test-clean"
    session.cache_clear()


@needs_root_on_linux
def test_a_dry_run_tells_and_removes_nothing(facts: Facts) -> None:
    dry, done = facts[1], facts[2]["done"]
    assert dry["untouched"]
    for kind in ("containers", "volumes", "networks"):
        assert dry["dry"][kind] == done[kind] == ["ours"]
    assert set(dry["dry"]["images"]) == set(done["images"])
    assert {"stagelab/clean:buildkit", "stagelab/clean:classic", "alpine:3.22"} <= set(
        done["images"]
    )
    assert dry["dry"]["build_cache"] == done["build_cache"] > 0


@needs_root_on_linux
def test_decoys_and_what_a_user_built_on_our_base_stay(facts: Facts) -> None:
    before, after = facts[0]["before"], facts[2]["after"]
    tags = {tag for _, names in after["images"] for tag in names}
    decoys = {"decoy:1", "stagelab-decoy/x:1", "decoy-labelled:1"}
    users = {"mine/app:1", "mine/alias:1", "stagelab/used:1"}
    assert tags - {"<none>:<none>"} == decoys | users
    assert after["containers"] == sorted([*before["containers"], "/users-app", "/users-run"])
    assert after["volumes"] == before["volumes"]
    assert after["networks"] == before["networks"]
    kept = [name for name, _ in facts[2]["done"]["kept"]]
    assert {"mine/app:1", "users-app", "users-run"} <= set(kept)


@needs_root_on_linux
def test_at_the_end_the_engine_holds_what_it_held_before(facts: Facts) -> None:
    before, end = facts[0]["before"], facts[3]["end"]
    assert [i for i, _ in end["images"]] == [i for i, _ in before["images"]]
    assert {k: end[k] for k in ("containers", "volumes", "networks")} == {
        k: before[k] for k in ("containers", "volumes", "networks")
    }
    assert facts[2]["ledger"] == []
    again = facts[3]["again"]
    assert not any(again[k] for k in ("containers", "images", "volumes", "networks"))
    assert again["build_cache"] == 0


@needs_root_on_linux
def test_build_cache_of_others_stays_except_on_the_own_engine(facts: Facts) -> None:
    before, after = set(facts[0]["before"]["cache"]), set(facts[2]["after"]["cache"])
    assert before
    if facts[0]["own"]:
        assert not after
    else:
        assert before <= after


def test_a_session_removes_its_own_and_leaves_bases(
    client: docker.DockerClient, bases: dict[str, Base], my_session: str, tmp_path: Path
) -> None:
    volume = client.volumes.create("stagelab-test-clean-other", labels=labels() | {
        "org.stagelab.session": "test-clean-other"})  # fmt: skip
    try:
        made = build(
            tmp_path,
            dockerfile=f"FROM {bases['alpine'].reference}\nRUN echo {tmp_path.name} > /made\n",
            tag="stagelab/test-clean:1",
            client=client,
        )
        mine = [
            record
            for record in ledger.records(client)
            if isinstance(record, RecordedBuild) and record.session == my_session
        ]
        assert buildcache.ours(buildcache.cache_records(client), mine)
        cleaned = clean(client, session=my_session)
        assert cleaned.images == ("stagelab/test-clean:1",)
        with pytest.raises(ImageNotFound):
            client.images.get(made.image.id)
        assert not buildcache.ours(buildcache.cache_records(client), mine)
        assert client.images.get(bases["alpine"].reference).id == bases["alpine"].image_id
        assert client.volumes.get(volume.id)
    finally:
        volume.remove()


def test_steps_with_build_arguments_leave_no_cache(
    bases: dict[str, Base], client: docker.DockerClient, my_session: str, tmp_path: Path
) -> None:
    assert bases
    before = {record["ID"] for record in buildcache.cache_records(client)}
    lines = 'FROM alpine:3.22\nARG STAMP\nRUN echo "of ${STAMP}" > /one\nRUN echo two > /two\n'
    build(tmp_path, dockerfile=lines, buildargs={"STAMP": tmp_path.name}, quiet=True, client=client)
    assert {record["ID"] for record in buildcache.cache_records(client)} - before
    clean(client, session=my_session)
    assert not {record["ID"] for record in buildcache.cache_records(client)} - before
