"""Builds on the real engine, with both builders."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from stagelab.bases import Base
from stagelab.builds import Build, DockerfileText, Step, build, loading
from stagelab.builds.context import Context
from stagelab.builds.events import Event, StepCached, StepCompleted, StepLog, StepStarted
from stagelab.containers import run
from stagelab.engine import ledger, tidy
from stagelab.engine.labels import labels, session
from stagelab.engine.ledger import RecordedBuild, RecordedImage
from stagelab.errors import BuildCancelled, BuildFailed, ContextError, OptionUnsupported
from tests.helpers import happens

BUILDERS = ["buildkit", "classic"]
both_builders = pytest.mark.parametrize("builder", BUILDERS)

TWO_STAGES = """\
ARG ALPINE=3.22
FROM alpine:${ALPINE} AS builder
WORKDIR /app
COPY . .
# the salt keeps other runs of this test out of the cache
RUN echo SALT && \\
    cp greeting.txt out.txt && \\
    echo "worked on it"

FROM alpine:${ALPINE} AS tests
RUN echo SALT > /tested

FROM alpine:${ALPINE}
WORKDIR /srv
COPY --from=builder /app/out.txt .
CMD ["cat", "out.txt"]
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert {"alpine", "debian"} <= set(bases)
    yield
    tidy()


@pytest.fixture
def salt() -> str:
    """Text that no earlier build has seen."""
    return secrets.token_hex(8)


@pytest.fixture
def folder(tmp_path: Path, salt: str) -> Path:
    """A little project with two stages that are needed and one that is not."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "greeting.txt").write_text(f"hello {salt}\n")
    (root / "Dockerfile").write_text(TWO_STAGES.replace("SALT", salt))
    (root / ".dockerignore").write_text("*\n!greeting.txt\n")
    return root


def step_of(built: Build, instruction: str) -> Step:
    (found,) = [step for step in built.steps if step.instruction.startswith(instruction)]
    return found


def cached(built: Build) -> list[bool]:
    """Of the steps that change files; the base is there anyway."""
    words = ("WORKDIR", "COPY", "RUN")
    return [step.cached for step in built.steps if step.instruction.startswith(words)]


# builds that succeed


@both_builders
def test_the_image_runs_and_the_facts_are_there(folder: Path, salt: str, builder: str) -> None:
    built = build(folder, builder=builder)
    assert run(built).stdout == f"hello {salt}\n"
    assert built.builder == builder
    assert (built.tag, built.target) == (None, None)
    assert built.context_bytes == len(f"hello {salt}\n")
    assert 0 < built.seconds < 60
    assert built.dockerfile == (folder / "Dockerfile").read_text()
    compiled = step_of(built, "RUN echo " + salt + " && ")
    assert (compiled.stage, compiled.line) == ("builder", 6)
    assert compiled.log == f"{salt}\nworked on it\n"
    assert "worked on it" in built.log
    assert not compiled.cached
    assert compiled.seconds > 0
    copied = step_of(built, "COPY --from=builder")
    assert (copied.stage, copied.line) == ("stage-2", 15)


@both_builders
def test_stages_that_nothing_needs(folder: Path, builder: str) -> None:
    built = build(folder, builder=builder)
    assert [(s.name, s.index, s.base, s.line) for s in built.stages] == [
        ("builder", 0, "alpine:3.22", 2),
        ("tests", 1, "alpine:3.22", 10),
        ("stage-2", 2, "alpine:3.22", 13),
    ]
    assert [stage.ran for stage in built.stages] == [True, builder == "classic", True]
    assert bool(built.stage("tests").steps) is (builder == "classic")
    bases_used = [(use.stage, use.reference) for use in built.bases]
    assert (("tests", "alpine:3.22") in bases_used) is (builder == "classic")
    assert ("builder", "alpine:3.22") in bases_used


@both_builders
def test_a_second_build_is_cached(folder: Path, builder: str) -> None:
    first = build(folder, builder=builder)
    assert not all(cached(first))
    again = build(folder, builder=builder)
    assert all(cached(again))
    assert again.image.id == first.image.id
    assert run(again).stdout == run(first).stdout


@both_builders
def test_without_the_cache_the_commands_run_again(folder: Path, builder: str) -> None:
    build(folder, builder=builder)
    again = build(folder, builder=builder, nocache=True)
    ran = [step for step in again.steps if step.instruction.startswith(("RUN", "COPY"))]
    assert ran
    assert not any(step.cached for step in ran)


@both_builders
def test_an_edited_file_runs_what_depends_on_it_again(
    folder: Path, salt: str, builder: str
) -> None:
    build(folder, builder=builder)
    (folder / "greeting.txt").write_text(f"good evening {salt}\n")
    edited = build(folder, builder=builder)
    assert run(edited).stdout == f"good evening {salt}\n"
    assert step_of(edited, "COPY . .").cached is False
    assert step_of(edited, "COPY --from=builder").cached is False


@both_builders
def test_a_new_time_alone_changes_nothing(folder: Path, builder: str) -> None:
    build(folder, builder=builder)
    os.utime(folder / "greeting.txt", (1, 1))
    assert all(cached(build(folder, builder=builder)))


@both_builders
def test_a_target(folder: Path, salt: str, builder: str) -> None:
    built = build(folder, builder=builder, target="builder")
    assert built.target == "builder"
    assert [stage.ran for stage in built.stages] == [True, False, False]
    assert {step.stage for step in built.steps} <= {None, "builder"}
    assert run(built, "cat", "/app/out.txt").stdout == f"hello {salt}\n"


@both_builders
def test_build_arguments(salt: str, tmp_path: Path, builder: str) -> None:
    text = "ARG V=1\nFROM alpine:3.$V\nARG WORD=none\nRUN echo $WORD > /word\nCMD cat /word\n"
    built = build(tmp_path, dockerfile=text, buildargs={"V": "22", "WORD": salt}, builder=builder)
    assert run(built).stdout == f"{salt}\n"
    assert built.stages[0].base == "alpine:3.22"


@both_builders
def test_tag_and_labels(client: docker.DockerClient, folder: Path, salt: str, builder: str) -> None:
    tag = f"stagelab/test-{salt}:one"
    built = build(folder, tag=tag, labels={"org.example.x": "a b=c"}, builder=builder)
    assert built.tag == tag
    assert client.images.get(tag).id == built.image.id
    assert labels().items() <= built.image.labels.items()
    assert built.image.labels["org.example.x"] == "a b=c"


def test_auto_takes_buildkit_where_it_is(folder: Path) -> None:
    assert build(folder).builder == "buildkit"


@both_builders
def test_a_dockerfile_as_text(tmp_path: Path, salt: str, builder: str) -> None:
    (tmp_path / "Dockerfile").write_text("the folder's own")
    text = f'FROM alpine:3.22\nCOPY . /x\nENV SALT={salt}\nCMD ["ls", "-A", "/x"]\n'
    assert run(build(tmp_path, dockerfile=text, builder=builder)).stdout == "Dockerfile\n"
    one_line = DockerfileText("FROM alpine:3.22")
    assert build(tmp_path, dockerfile=one_line, builder=builder).image.id


@both_builders
def test_stages_that_a_mount_or_an_index_needs(tmp_path: Path, salt: str, builder: str) -> None:
    mount = "RUN --mount=type=bind,from=one,target=/one cp /one/a /b\n"
    take = mount if builder == "buildkit" else "COPY --from=one /a /b\n"
    text = (
        f"FROM alpine:3.22 AS one\nRUN echo {salt} > /a\n"
        f"FROM alpine:3.22\nRUN echo unneeded\nFROM alpine:3.22 AS two\n{take}"
        "FROM scratch\nCOPY --from=2 /b /c\n"
    )
    built = build(tmp_path, dockerfile=text, builder=builder)
    assert [s.ran for s in built.stages] == [True, builder == "classic", True, True]
    assert built.bases[-1].kind == "scratch"


def test_a_stage_named_as_its_image(tmp_path: Path) -> None:
    text = "FROM alpine:3.22 AS alpine\nFROM alpine\nENV A=b\n"
    built = build(tmp_path, dockerfile=text)
    assert [(use.stage, use.reference) for use in built.bases] == [("alpine", "alpine:3.22")]


def test_builds_in_a_row_keep_stages_and_lines_apart(tmp_path: Path, salt: str) -> None:
    # The engine shares what such builds have in common, and its name with it.
    for name, before in (("one", ""), ("two", "\n"), ("three", "\n\n")):
        text = f"{before}FROM alpine:3.22 AS {name}\nRUN echo {salt}\nRUN echo {name}\n"
        built = build(tmp_path, dockerfile=text)
        first = len(before) + 1
        assert [(s.stage, s.line) for s in sorted(built.steps, key=lambda s: s.line or 0)] == [
            (name, first),
            (name, first + 1),
            (name, first + 2),
        ]


@both_builders
@pytest.mark.parametrize("name", ["", " AS many"])
def test_more_than_ten_steps(tmp_path: Path, salt: str, builder: str, name: str) -> None:
    runs = "".join(f"RUN echo {salt} {number}\n" for number in range(12))
    text = f"FROM alpine:3.22{name}\n{runs}"
    built = build(tmp_path, dockerfile=text, builder=builder)
    ordered = sorted(built.steps, key=lambda step: step.line or 0)
    assert [step.line for step in ordered] == list(range(1, 14))
    assert {step.stage for step in ordered} == {"many" if name else "stage-0"}


@both_builders
def test_events_tell_the_same_as_the_facts(folder: Path, builder: str) -> None:
    events: list[Event] = []
    built = build(folder, builder=builder, observe=events.append)
    started = {e.key: e for e in events if isinstance(e, StepStarted)}
    completed = [e for e in events if isinstance(e, StepCached | StepCompleted)]
    assert sorted(e.instruction for e in started.values()) == sorted(
        step.instruction for step in built.steps
    )
    assert sorted(e.key for e in completed) == sorted(started)
    assert sum(isinstance(e, StepCached) for e in completed) == sum(
        step.cached for step in built.steps
    )
    printed = "".join(e.text for e in events if isinstance(e, StepLog))
    assert sorted(printed.splitlines()) == sorted(built.log.splitlines())


# the Dockerfile itself


@both_builders
def test_an_ignored_dockerfile_is_not_copied(tmp_path: Path, salt: str, builder: str) -> None:
    (tmp_path / "file").write_text(salt)
    (tmp_path / "Dockerfile").write_text('FROM alpine:3.22\nCOPY . /x\nCMD ["ls", "-A", "/x"]\n')
    (tmp_path / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
    assert run(build(tmp_path, builder=builder)).stdout == "file\n"


@both_builders
def test_editing_an_ignored_dockerfile_leaves_the_copy_cached(
    tmp_path: Path, salt: str, builder: str
) -> None:
    (tmp_path / "file").write_text(salt)
    (tmp_path / ".dockerignore").write_text("Dockerfile\n")
    text = "FROM alpine:3.22\nCOPY . /x\n"
    (tmp_path / "Dockerfile").write_text(text)
    assert step_of(build(tmp_path, builder=builder), "COPY").cached is False
    (tmp_path / "Dockerfile").write_text(f"{text}RUN echo {salt}\n")
    edited = build(tmp_path, builder=builder)
    assert step_of(edited, "COPY").cached is True
    assert step_of(edited, "RUN").cached is False


# builds that fail


def failing(folder: Path, text: str, builder: str, **options: Any) -> BuildFailed:  # noqa: ANN401 - as build
    with pytest.raises(BuildFailed) as caught:
        build(folder, dockerfile=text, builder=builder, **options)
    return caught.value


@both_builders
def test_a_command_that_fails(tmp_path: Path, salt: str, builder: str) -> None:
    text = (
        f"FROM alpine:3.22 AS work\n\nRUN echo {salt} && \\\n  echo oh no >&2 && exit 42\nRUN b\n"
    )
    error = failing(tmp_path, text, builder)
    assert (error.stage, error.line) == ("work", 3)
    assert error.step is not None
    assert error.step.startswith(f"RUN echo {salt}")
    assert sorted(error.log.splitlines()) == sorted([salt, "oh no"])
    assert "exit code 42" in error.cause
    assert error.detail


@both_builders
def test_a_file_that_is_not_there(tmp_path: Path, builder: str) -> None:
    error = failing(tmp_path, "FROM alpine:3.22\nCOPY nowhere.txt /\n", builder)
    assert (error.stage, error.line, error.step) == ("stage-0", 2, "COPY nowhere.txt /")
    assert "not where it looks" in error.cause


@both_builders
def test_a_file_that_a_stage_does_not_have(tmp_path: Path, salt: str, builder: str) -> None:
    text = f"FROM alpine:3.22 AS a\nRUN echo {salt}\nFROM scratch\nCOPY --from=a /nowhere /\n"
    error = failing(tmp_path, text, builder)
    assert (error.stage, error.line) == ("stage-1", 4)
    assert "not where it looks" in error.cause


@both_builders
def test_a_mistyped_stage(tmp_path: Path, builder: str) -> None:
    text = "FROM alpine:3.22 AS builder\nFROM scratch\nCOPY --from=bulider /etc /\n"
    error = failing(tmp_path, text, builder)
    assert error.cause.startswith("Line 3: no stage is named 'bulider'")
    assert "--from=builder" in error.fix


@both_builders
def test_a_mistyped_target(folder: Path, builder: str) -> None:
    error = failing(folder, (folder / "Dockerfile").read_text(), builder, target="bulider")
    assert "no stage named 'bulider'" in error.cause
    assert "builder, tests" in error.fix


@both_builders
def test_an_unknown_instruction(tmp_path: Path, builder: str) -> None:
    error = failing(tmp_path, "FROM alpine:3.22\nCPOY a b\n", builder)
    assert (error.stage, error.line, error.step) == ("stage-0", 2, "CPOY a b")
    assert "COPY" in error.fix


@both_builders
def test_no_shell(tmp_path: Path, builder: str) -> None:
    error = failing(tmp_path, "FROM scratch\nCOPY . /\nRUN echo a\n", builder)
    assert error.line == 3
    assert "needs a shell" in error.cause


def test_a_parallel_stage_is_not_blamed(tmp_path: Path, salt: str) -> None:
    text = (
        f"FROM alpine:3.22 AS left\nRUN echo {salt} && sleep 20\n"
        f"FROM alpine:3.22 AS right\nRUN echo {salt} && sleep 0.3 && exit 7\n"
        "FROM scratch\nCOPY --from=left /etc /l\nCOPY --from=right /etc /r\n"
    )
    error = failing(tmp_path, text, "buildkit")
    assert (error.stage, error.line) == ("right", 4)
    assert "exit code 7" in error.cause


def test_a_mount_on_the_classic_builder(tmp_path: Path) -> None:
    text = "FROM alpine:3.22\nRUN --mount=type=cache,target=/c true\n"
    with pytest.raises(OptionUnsupported) as caught:
        build(tmp_path, dockerfile=text, builder="classic")
    assert 'builder="buildkit"' in caught.value.fix
    assert build(tmp_path, dockerfile=text, builder="buildkit").image.id


@both_builders
def test_a_file_that_goes_away_while_it_is_sent(
    folder: Path, builder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = loading.load

    def load(*args: Any) -> Context:  # noqa: ANN401 - as load
        looked = real(*args)
        (folder / "greeting.txt").unlink()
        return looked

    monkeypatch.setattr(loading, "load", load)
    began = time.monotonic()
    with pytest.raises(ContextError, match=r"greeting\.txt"):
        build(folder, builder=builder)
    assert time.monotonic() - began < 20, "nobody waits for the file"


# what is left behind


def test_a_buildkit_build_is_recorded(client: docker.DockerClient, folder: Path, salt: str) -> None:
    build(folder, builder="buildkit")
    (record,) = [
        r
        for r in ledger.records(client)
        if isinstance(r, RecordedBuild) and any(salt in d for d in r.descriptions)
    ]
    assert record.session == session()
    assert 0 < record.completed - record.started < 60
    assert abs(record.started - time.time()) < 120


def test_a_failed_build_is_recorded_too(
    client: docker.DockerClient, tmp_path: Path, salt: str
) -> None:
    failing(tmp_path, f"FROM alpine:3.22\nRUN echo {salt}\nRUN false\n", "buildkit")
    texts = [
        d for r in ledger.records(client) if isinstance(r, RecordedBuild) for d in r.descriptions
    ]
    assert any(salt in text for text in texts)


def test_the_classic_builders_images_are_recorded(
    client: docker.DockerClient, folder: Path
) -> None:
    built = build(folder, builder="classic", nocache=True)
    recorded = {
        r.image_id
        for r in ledger.records(client)
        if isinstance(r, RecordedImage) and r.session == session()
    }
    assert all(image.startswith("sha256:") and len(image) == 71 for image in recorded)
    base = {layer["Id"] for layer in client.images.get("alpine:3.22").history()}
    made = {layer["Id"] for layer in built.image.history()} - base - {"<missing>"}
    assert len(made) >= 4
    assert made <= recorded


@both_builders
def test_nothing_of_a_build_is_left_after_tidying(
    client: docker.DockerClient, tmp_path: Path, salt: str, builder: str
) -> None:
    def there() -> list[str]:
        images = [image["Id"] for image in client.api.images(all=True)]
        return [i for i in images if salt in str(client.api.inspect_image(i)["Config"])]

    text = (
        f"FROM alpine:3.22 AS a\nENV SALT={salt}\nRUN touch /x\n"
        f"FROM alpine:3.22\nENV SALT={salt}\nCOPY --from=a /x /x\n"
    )
    build(tmp_path, dockerfile=text, builder=builder)
    # On the classic builder: ENV (which both stages share), RUN, COPY, and two LABEL of ours.
    assert len(there()) == (5 if builder == "classic" else 1)
    tidy()
    assert there() == []


# builds that are interrupted

INTERRUPTED = """\
import sys
from stagelab.builds import build
from stagelab.builds.events import StepLog
from stagelab.errors import BuildCancelled

def observe(event):
    if isinstance(event, StepLog):
        print("running", flush=True)

try:
    build(sys.argv[1], builder=sys.argv[2], observe=observe)
except BuildCancelled as error:
    print("cancelled:", error.cause, flush=True)
    sys.exit(3)
"""


def commands_of_all_processes() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def is_running(marker: str) -> bool:
    return any(f"sleep {marker}" in command for command in commands_of_all_processes())


@pytest.fixture
def child(tmp_path: Path, engine_url: str) -> Iterator[Callable[[str, str], Any]]:
    """Starts a process that builds something endless."""
    started: list[subprocess.Popen[str]] = []

    def start(marker: str, builder: str) -> subprocess.Popen[str]:
        text = f"FROM alpine:3.22\nRUN echo begun && sleep {marker}\n"
        (tmp_path / "Dockerfile").write_text(text)
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, str(tmp_path), builder],
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "STAGELAB_SESSION": session(),
                "DOCKER_HOST": engine_url,
            },
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def begun(process: subprocess.Popen[str], marker: str) -> bool:
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return happens(lambda: is_running(marker))


@pytest.fixture
def marker() -> str:
    """Seconds to sleep that no other process sleeps."""
    return f"300.{secrets.randbelow(10**8):08}"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for the engine's processes")
@both_builders
def test_an_interrupt_stops_the_build_on_the_engine(
    client: docker.DockerClient, child: Callable[[str, str], Any], marker: str, builder: str
) -> None:
    process = child(marker, builder)
    assert begun(process, marker)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=15)
    assert process.returncode == 3
    assert output.startswith("cancelled: You stopped the build")
    assert happens(lambda: not is_running(marker))
    assert happens(lambda: not containers_with(client, marker))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for the engine's processes")
@both_builders
def test_a_killed_client_stops_the_build_on_the_engine(
    client: docker.DockerClient, child: Callable[[str, str], Any], marker: str, builder: str
) -> None:
    process = child(marker, builder)
    assert begun(process, marker)
    process.kill()
    process.wait()
    assert happens(lambda: not is_running(marker))
    assert happens(lambda: not containers_with(client, marker))


def containers_with(client: docker.DockerClient, marker: str) -> list[str]:
    return [c["Id"] for c in client.api.containers(all=True) if marker in json.dumps(c)]


def test_an_interrupt_while_events_are_observed(folder: Path) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, StepStarted) and event.instruction.startswith("COPY"):
            raise KeyboardInterrupt

    with pytest.raises(BuildCancelled):
        build(folder, observe=interrupt)
    assert build(folder).image.id, "the next build is none the worse"
