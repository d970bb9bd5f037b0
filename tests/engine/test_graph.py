"""The Dockerfiles of tests/data/dockerfiles on the real engine: it does what they are said to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.bases import Base
from stagelab.builds import Build, Instruction, Step, build, parse, stages
from stagelab.engine import tidy
from stagelab.errors import BuildError, BuildFailed
from tests.unit.builds.corpus import CASES, Case, edge_facts, stage_facts

COUNTED = {"RUN", "COPY", "ADD", "WORKDIR"}


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert {"alpine", "debian"} <= set(bases)
    yield
    tidy()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context of all of them."""
    root = tmp_path_factory.mktemp("context")
    (root / "a.txt").write_text("a\n")
    (root / "b.txt").write_text("b\n")
    return root


def cases(builder: str) -> list[object]:
    return [pytest.param(case, id=case.name) for case in CASES if builder in case.builds]


def instructions(case: Case) -> dict[int, Instruction]:
    """Each instruction by its first line."""
    return {i.line: i for i in parse(case.text).instructions}


def work(built: Build, index: int) -> list[Step]:
    """The steps of a stage that do something; several stages share the FROM of one image."""
    steps = built.stages[index].steps
    return [step for step in steps if step.instruction.split()[0].upper() in COUNTED]


def work_lines(case: Case, index: int) -> set[int]:
    stage = parse(case.text).stages[index]
    return {i.line for i in stage.instructions if i.keyword in COUNTED}


@pytest.mark.parametrize("case", cases("buildkit"))
def test_buildkit_carries_out_the_needed_stages_and_no_others(case: Case, folder: Path) -> None:
    built = build(folder, dockerfile=case.path, builder="buildkit")
    graph = stages(built)
    assert stage_facts(graph) == case.stages
    assert edge_facts(graph) == case.edges
    assert [stage.index for stage in graph.needed] == case.needed
    for stage in graph.stages:
        lines = {step.line for step in work(built, stage.index) if step.line is not None}
        assert stage.needed or not work(built, stage.index)
        assert lines == (work_lines(case, stage.index) if stage.needed else set())
        assert (stage.state == "skipped") == (not stage.needed)
    check_lines(case, built)


@pytest.mark.parametrize("case", cases("classic"))
def test_the_classic_builder_carries_out_every_stage(case: Case, folder: Path) -> None:
    built = build(folder, dockerfile=case.path, builder="classic")
    graph = stages(built)
    assert stage_facts(graph) == case.stages
    assert edge_facts(graph) == case.edges
    assert [stage.index for stage in graph.needed] == case.needed
    for stage in graph.stages:
        lines = {step.line for step in work(built, stage.index)}
        assert lines == work_lines(case, stage.index)
        assert stage.state != "skipped"
    check_lines(case, built)


def check_lines(case: Case, built: Build) -> None:
    """Each step is where the parser has an instruction of its keyword."""
    known = instructions(case)
    placed = [step for step in built.steps if step.line is not None]
    assert placed
    for step in placed:
        assert step.line is not None
        assert step.instruction.split()[0].upper() == known[step.line].keyword


@pytest.mark.parametrize(
    ("case", "builder"),
    [
        pytest.param(case, builder, id=f"{case.name}-{builder}")
        for case in CASES
        for builder in case.refuses
    ],
)
def test_what_a_builder_refuses(case: Case, builder: str, folder: Path) -> None:
    with pytest.raises(BuildError):
        build(folder, dockerfile=case.path, builder=builder)  # type: ignore[arg-type]


def test_a_target_limits_what_is_needed(folder: Path) -> None:
    (case,) = [case for case in CASES if case.name == "unneeded_stages"]
    built = build(folder, dockerfile=case.path, target="Tests", builder="buildkit")
    graph = stages(built)
    assert (graph.target, graph.builder) == ("tests", "buildkit")
    assert [stage.name for stage in graph.needed] == ["builder", "tests"]
    assert [stage.name for stage in graph.skipped] == ["docs", "runtime"]
    assert graph == stages(built, target="docs"), "a build has its own target"
    seconds = [stage.seconds for stage in graph.stages]
    assert all(s is not None and s >= 0 for s in seconds)
    assert seconds[2:] == [0.0, 0.0]


def test_the_classic_builder_runs_what_nobody_needs(folder: Path) -> None:
    (case,) = [case for case in CASES if case.name == "unneeded_stages"]
    graph = stages(build(folder, dockerfile=case.path, builder="classic"))
    docs = graph.stage("docs")
    assert not docs.needed
    assert docs.state in {"ran", "cached"}
    assert docs.steps == 2
    assert graph.skipped == ()


def test_an_index_is_no_target(folder: Path) -> None:
    (case,) = [case for case in CASES if case.name == "unneeded_stages"]
    for builder in ("buildkit", "classic"):
        with pytest.raises(BuildFailed):
            build(folder, dockerfile=case.path, target="0", builder=builder)  # type: ignore[arg-type]
