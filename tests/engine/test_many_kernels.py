"""Several kernels at once on one engine: the same tags, caches and clean-up, and no collision."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import nbformat
import pytest
from docker.errors import ImageNotFound

from benchmarks import learners, recording
from stagelab.bases import Base
from stagelab.builds import Build, build, sending
from stagelab.engine import buildcache, clean, ledger, tidy
from stagelab.engine.labels import session
from stagelab.engine.ledger import RecordedBuild
from stagelab.errors import BuildFailed
from stagelab.exercise.attempt import Attempt
from stagelab.exercise.tasks import TASKS

KERNELS = 6
ROUNDS = 2

IMPORTS = """\
import secrets
from pathlib import Path

from stagelab import build, compare, connect, run, tidy
"""

LESSON = """\
client = connect()
common = Path("../sample-apps/stamps").read_text().split()
text = '''FROM alpine:3.22 AS builder
ARG STAMP
RUN echo "$STAMP" > /made && sleep 0.2
FROM alpine:3.22
WORKDIR /work
COPY --from=builder /made /made
CMD ["cat", "/made"]
'''
clear = tidy  # under another name: what is gone is looked for here


def named(build_, stage):
    return {step.instruction.split()[0] for step in build_.steps if step.stage == stage}


wrong = []
for shared in common:
    own = secrets.token_hex(8)
    orders = (
        (shared, "stagelab/many:same", "buildkit"),
        (own, "stagelab/many:own", "buildkit"),
        (own, "stagelab/many:own", "classic"),
    )
    builds = [
        build(text, buildargs={"STAMP": stamp}, tag=tag, builder=builder, quiet=True)
        for stamp, tag, builder in orders
    ]
    if (said := [run(each).stdout.strip() for each in builds]) != [shared, own, own]:
        wrong.append(said)
    if compare(*builds[:2]).ratio("size") != 1.0:
        wrong.append("sizes differ")
    for each in builds:
        if client.images.get(each.image.id).id != each.image.id:
            wrong.append(each.image.id)
        if "RUN" not in named(each, "builder") or not {"WORKDIR", "COPY"} <= named(each, "stage-1"):
            wrong.append(each.steps)
    removed = clear()
    if removed.containers or len(removed.images) < len(builds):
        wrong.append(removed)
print(wrong)
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert "alpine" in bases
    yield
    tidy()


@pytest.fixture
def other(client: docker.DockerClient) -> Iterator[str]:
    """Another session than this process's, as another kernel has; all of it goes at the end."""
    name = f"test-other-{secrets.token_hex(4)}"
    yield name
    clean(client, session=name)


@contextmanager
def working_as(name: str) -> Iterator[None]:
    """Let this process be another kernel for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAGELAB_SESSION", name)
        session.cache_clear()
        yield
    session.cache_clear()


def small(client: docker.DockerClient, tag: str) -> Build:
    """An image of its own, quickly."""
    text = f"FROM alpine:3.22\nRUN echo {secrets.token_hex(8)} > /made\n"
    return build(text, tag=tag, client=client, quiet=True)


def notebook(path: Path) -> Path:
    """Write a lesson of three cells."""
    new: Any = nbformat.v4
    printed = new.new_output("stream", name="stdout", text="[]\n")
    tags = {"tags": ["nbval-check-output"]}
    cells = [
        new.new_code_cell(IMPORTS),
        new.new_code_cell(LESSON, metadata=tags, outputs=[printed]),
        new.new_code_cell("tidy()"),
    ]
    path.write_text(new.writes(new.new_notebook(cells=cells)))
    return path


def test_kernels_that_work_at_once_do_not_meet(
    client: docker.DockerClient, engine_url: str, tmp_path: Path
) -> None:
    apps = tmp_path / "apps"
    apps.mkdir()
    (apps / "stamps").write_text("\n".join(secrets.token_hex(8) for _ in range(ROUNDS)))
    lesson = notebook(tmp_path / "lesson.ipynb")
    there = [
        learners.enrol(lesson, apps, tmp_path / str(number), f"learner {number}")
        for number in range(KERNELS)
    ]
    mine = small(client, "stagelab/many:own")
    variables = {**os.environ, "DOCKER_HOST": engine_url}
    try:
        taken = learners.take(there, client, learners.environment_of(variables, tmp_path))
        assert taken.failed == ()
        assert [line for line in taken.collided if "was removed by another" not in line] == []
        assert len(taken.seconds) == KERNELS
        assert taken.peak >= taken.memory > KERNELS * 20e6
        assert len(recording.images(there[0].builds)) == 3 * ROUNDS
        assert client.images.get(mine.image.id)
    finally:
        for learner in there:
            clean(client, session=learner.session)
        client.api.remove_image(mine.image.id)


def test_an_image_that_another_kernel_removed_is_noticed(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    learner = learners.Learner("Ada", tmp_path, tmp_path / "builds", session())
    made = small(client, "stagelab/many:gone")
    (learner.builds / "1").mkdir(parents=True)
    (learner.builds / "1" / "image").write_text(str(made.image.id))
    assert learners._robbed(learner, client) == []
    assert any(str(made.image.id)[:19] in line for line in learners._left([learner], client))
    client.api.remove_image(made.image.id)
    assert len(learners._robbed(learner, client)) == 1


class Meanwhile:
    """The engine's images; after the first look at one, another kernel moves its name."""

    def __init__(self, client: docker.DockerClient, tag: str, to: str) -> None:
        self._images = client.images
        self._api = client.api
        self._move: tuple[str, str] | None = (tag, to)

    def get(self, name: str) -> Any:  # noqa: ANN401 - the SDK has no types
        found = self._images.get(name)
        if self._move is not None:
            tag, to = self._move
            self._move = None
            self._api.tag(to, *tag.split(":"))
        return found


def test_a_name_that_moves_while_its_image_is_removed_stays_with_the_other(
    client: docker.DockerClient, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = "stagelab/many:moves"
    with working_as(other):
        theirs = small(client, "stagelab/many:theirs")
    mine = f"test-mine-{secrets.token_hex(4)}"
    with working_as(mine):
        made = small(client, tag)
    with monkeypatch.context() as patch:
        patch.setattr(docker.DockerClient, "images", Meanwhile(client, tag, theirs.image.id))
        cleaned = clean(client, session=mine)
    assert len(cleaned.images) == 1
    with pytest.raises(ImageNotFound):
        client.images.get(made.image.id)
    assert client.images.get(tag).id == theirs.image.id


def test_an_image_of_two_names_goes_with_both(client: docker.DockerClient, other: str) -> None:
    with working_as(other):
        made = small(client, "stagelab/many:first")
    client.api.tag(made.image.id, "stagelab/many", "second")
    cleaned = clean(client, session=other)
    assert set(cleaned.images) == {"stagelab/many:first", "stagelab/many:second"}
    with pytest.raises(ImageNotFound):
        client.images.get(made.image.id)


def test_many_ask_for_the_build_cache_at_once(engine_url: str, client: docker.DockerClient) -> None:
    small(client, "stagelab/many:cached")

    def ask(_: int) -> int:
        own = docker.DockerClient(base_url=engine_url)
        try:
            return len(buildcache.cache_records(own))
        finally:
            own.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert min(pool.map(ask, range(16))) > 0


def test_what_another_kernel_notes_during_a_clean_up_is_kept(
    client: docker.DockerClient, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = buildcache.cache_records

    def look_while_others_build(engine: docker.DockerClient) -> list[dict[str, Any]]:
        found = look(engine)
        with working_as(other):
            small(client, "stagelab/many:late")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(buildcache, "cache_records", look_while_others_build)
        clean(client, session=f"test-nobody-{secrets.token_hex(4)}")
    noted = [each for each in ledger.records(client) if each.session == other]
    assert noted
    left = [each for each in noted if isinstance(each, RecordedBuild)]
    assert buildcache.ours(buildcache.cache_records(client), left)
    clean(client, session=other)
    assert [each for each in ledger.records(client) if each.session == other] == []


def test_what_may_be_of_a_build_that_ran_meanwhile_is_left_to_it(
    client: docker.DockerClient, other: str
) -> None:
    mine = f"test-mine-{secrets.token_hex(4)}"
    with working_as(mine):
        small(client, "stagelab/many:mine")
    noted = [each for each in ledger.records(client) if each.session == mine]
    (built,) = (each for each in noted if isinstance(each, RecordedBuild))
    with working_as(other):  # a build of the same steps, at the same time
        ledger.record_build(client, built.started, built.completed, built.descriptions)
    made = buildcache.ours(buildcache.cache_records(client), [built])
    assert made
    assert clean(client, session=mine).build_cache == 0
    assert [each for each in ledger.records(client) if each.session == mine] == []
    assert clean(client, session=other).build_cache == len(made)
    here = {record["ID"] for record in buildcache.cache_records(client)}
    assert not here & {record["ID"] for record in made}


def test_a_check_without_cache_leaves_the_cache_mounts_of_others(
    client: docker.DockerClient,
) -> None:
    text = f"""\
FROM alpine:3.22
ARG STAMP
RUN --mount=type=cache,id={secrets.token_hex(8)},target=/count \\
    echo "found $(ls /count | wc -l)" && touch "/count/$STAMP"
"""

    def found(made: Build) -> str:
        return made.log.strip()

    def counting() -> Build:
        stamp = {"STAMP": secrets.token_hex(8)}
        return build(text, buildargs=stamp, client=client, quiet=True)

    attempt = Attempt(next(iter(TASKS.values())), text, client=client)
    assert found(counting()) == "found 0"
    assert found(attempt.variant(nocache=True)) == "found 0"
    assert found(counting()) == "found 1"


def test_a_classic_build_that_lost_a_cached_image_to_another_kernel_begins_anew(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"FROM alpine:3.22\nRUN echo {secrets.token_hex(8)} > /made\n"
    send = sending.classic
    begun = []

    def lose_one(*given: Any) -> Generator[dict[str, Any], None, None]:  # noqa: ANN401 - passed on
        begun.append(given)
        if len(begun) == 1:  # the engine's words when a step's image is gone
            yield {"error": f"No such image: sha256:{'0' * 64}"}
        else:
            yield from send(*given)

    monkeypatch.setattr(sending, "classic", lose_one)
    made = build(text, builder="classic", client=client, quiet=True)
    assert [step.instruction.split()[0] for step in made.steps] == ["FROM", "RUN"]
    assert len(begun) == 2
    begun.clear()
    with pytest.raises(BuildFailed):  # it does not go on for ever, and other words are believed
        build("FROM stagelab/many:none\nRUN true\n", builder="classic", client=client, quiet=True)
    assert len(begun) == 2
