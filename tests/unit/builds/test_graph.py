"""The graph of a Dockerfile's stages: what rests on what, and what a build did with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.builds import Build, DockerfileText, Stage, StageGraph, Step, parse, stages
from stagelab.builds.edges import base_stage, needed, stage_edges
from stagelab.errors import BuildFailed, ContextError
from tests.unit.builds.corpus import CASES, FOLDER, Case, edge_facts, stage_facts

corpus = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])

TWO = "FROM golang:1.27 AS builder\nRUN a\nFROM builder AS tests\nRUN b\nFROM scratch\n"
TWO += "COPY --from=builder /app/x /x\n"


def test_the_corpus_is_whole() -> None:
    there = {path.name.removesuffix(".Dockerfile") for path in FOLDER.glob("*.Dockerfile")}
    assert there == {case.name for case in CASES}
    assert len(CASES) >= 45


@corpus
def test_stages_edges_and_what_is_needed(case: Case) -> None:
    graph = stages(case.path)
    assert stage_facts(graph) == case.stages
    assert edge_facts(graph) == case.edges
    assert [stage.index for stage in graph.needed] == case.needed


@corpus
def test_a_path_its_folder_and_the_text_give_the_same(case: Case, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(case.path.read_bytes())
    graph = stages(case.path)
    assert stages(tmp_path) == stages(str(case.path)) == stages(DockerfileText(case.text)) == graph


def test_what_is_told_of_each_stage() -> None:
    graph = stages(TWO)
    builder, tests, last = graph.stages
    assert (builder.name, builder.named, builder.index, builder.line) == ("builder", True, 0, 1)
    assert (last.name, last.named, last.base, last.line) == ("stage-2", False, "scratch", 5)
    assert [s.needed for s in graph.stages] == [True, False, True]
    assert [s.is_target for s in graph.stages] == [False, False, True]
    assert [(s.state, s.steps, s.seconds) for s in graph.stages] == [(None, None, None)] * 3
    assert (graph.target, graph.builder, graph.images) == ("stage-2", None, ("golang:1.27",))
    assert graph.skipped == (tests,)
    assert graph.needed == (builder, last)
    assert [edge.paths for edge in graph.taken_by(last)] == [("/app/x",)]


def test_a_target_in_any_case() -> None:
    graph = stages(TWO, target="TESTS")
    assert graph.target == "tests"
    assert [stage.name for stage in graph.needed] == ["builder", "tests"]


@pytest.mark.parametrize("target", ["test", "2", "stage-2", "golang:1.27", ""])
def test_an_unknown_target_names_those_there(target: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        stages(TWO, target=target)
    assert repr(target) in caught.value.cause
    assert "builder, tests" in caught.value.fix


def test_an_unknown_target_where_no_stage_has_a_name() -> None:
    with pytest.raises(BuildFailed) as caught:
        stages("FROM a\n", target="x")
    assert "AS" in caught.value.fix


def test_build_arguments_choose_the_base() -> None:
    text = "ARG FLAVOUR=full\nFROM a AS full\nFROM b AS slim\nFROM $FLAVOUR\n"
    assert [s.name for s in stages(text).skipped] == ["slim"]
    assert [s.name for s in stages(text, buildargs={"FLAVOUR": "slim"}).skipped] == ["full"]


def test_build_arguments_go_before_those_that_are_set_by_themselves() -> None:
    text = "FROM a AS for-linux\nFROM b AS for-plan9\nFROM for-$TARGETOS\n"
    assert [s.name for s in stages(text).skipped] == ["for-plan9"]
    assert [s.name for s in stages(text, buildargs={"TARGETOS": "plan9"}).skipped] == ["for-linux"]


def test_stages_by_name() -> None:
    graph = stages("FROM a AS x\nFROM b AS x\nFROM c\n")
    assert graph.stage("X") is graph.stages[1]
    assert graph.stage("stage-2") is graph.stages[2]
    with pytest.raises(KeyError):
        graph.stage("y")


@pytest.mark.parametrize("name", ["none", "folder/none"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.Dockerfile").touch()
    with pytest.raises(ContextError) as caught:
        stages(tmp_path / name)
    assert str(tmp_path / name) in caught.value.cause
    assert caught.value.detail
    assert ("other.Dockerfile" in caught.value.fix) == ("/" not in name)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM \xff\n")
    with pytest.raises(ContextError) as caught:
        stages(tmp_path)
    assert "utf-8" in caught.value.detail


def test_a_text_without_stages() -> None:
    with pytest.raises(ContextError) as caught:
        stages("ARG A\n")
    assert "FROM" in caught.value.cause


def made(text: str, builder: str, *, target: str | None = None) -> Build:
    """A build of a text in which the first stage ran, the last was cached, others were skipped."""
    file = parse(text)
    steps = (
        Step(file.stages[0].name, "FROM x", 1, 10.0, 11.0, cached=True),
        Step(file.stages[0].name, "RUN a", 2, 20.0, 21.5),
        Step(file.stages[0].name, "RUN b", 3, 21.0, 23.0),
        Step(file.stages[-1].name, "COPY", 6, 23.0, 23.5, cached=True),
    )
    parts = tuple(
        Stage(
            s.name,
            s.index,
            s.base,
            s.line,
            tuple(x for x in steps if x.stage == s.name),
            ran=s.index in {0, len(file.stages) - 1},
        )
        for s in file.stages
    )
    return Build(None, builder, None, target, parts, steps, "", 0, 13.0, text, ())  # type: ignore[arg-type]


def test_what_a_build_did_with_each_stage() -> None:
    graph = stages(made(TWO, "buildkit"))
    assert [(s.state, s.steps, s.seconds) for s in graph.stages] == [
        ("ran", 3, 3.0),
        ("skipped", 0, 0.0),
        ("cached", 1, 0.0),
    ]
    assert graph.builder == "buildkit"
    assert [s.name for s in graph.skipped] == ["tests"]


def test_a_build_knows_its_target_and_what_its_arguments_came_to() -> None:
    text = "ARG BASE\nFROM a AS one\nFROM $BASE AS two\nFROM b AS three\n"
    build = made(text, "buildkit", target="two")
    two = dataclasses.replace(build.stages[1], base="one")
    build = dataclasses.replace(build, stages=(build.stages[0], two, build.stages[2]))
    graph = stages(build)
    assert graph.target == "two"
    assert [s.name for s in graph.needed] == ["one", "two"]


def test_the_classic_builder_takes_a_later_stage_for_an_image() -> None:
    text = "FROM a AS one\nCOPY --from=two /a /b\nCOPY --from=one /a /b\nFROM b AS two\n"
    assert [e.origin for e in stages(text).refused] == ["two", "one"]
    graph = stages(made(text, "classic"))
    assert graph.refused == ()
    assert graph.images == ("a", "two", "one", "b")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("COPY --from=one a b c/", ("a", "b")),
        ('COPY --from=one ["a b", "c", "d/"]', ("a b", "c")),
        ('COPY --from=one "a b" c/', ("a b",)),
        ("COPY --from=one [a b/", ("[a",)),
        ("COPY --from=one", ()),
        ("COPY --from=one 5", ()),
        ("RUN --mount=from=one,target=/x y", ()),
        ("RUN --mount=from=one,source=/,target=/x y", ()),
        ("RUN --mount=from=one,src=/s,target=/x y", ("/s",)),
        ("RUN --mount=type=cache,from=one,source=/s,target=/x y", ("/s",)),
    ],
)
def test_the_paths_that_are_taken(line: str, expected: tuple[str, ...]) -> None:
    graph = stages(f"FROM a AS one\nFROM b\n{line}\n")
    assert graph.edges[-1].origin == "one"
    assert graph.edges[-1].paths == expected


@pytest.mark.parametrize(
    "line",
    [
        "COPY a --from=one",
        "ADD --from=one a b",
        "RUN --from=one true",
        "RUN true --mount=from=one",
        "RUN --mount=type=tmpfs,from=one,target=/x true",
        "COPY --from= a b",
        "COPY --from=scratch / /",
        "ENTRYPOINT --from=one",
        "ONBUILD COPY --from=one a b",
    ],
)
def test_what_takes_nothing(line: str) -> None:
    graph = stages(f"FROM a AS one\nFROM b\n{line}\n")
    assert [edge.kind for edge in graph.edges] == ["FROM", "FROM"]
    assert graph.refused == ()


def test_a_number_that_is_too_long_to_be_an_index() -> None:
    assert stages(f"FROM a\nCOPY --from={'9' * 5000} a b\n").images[-1] == "9" * 5000


def test_the_rooms_beside_this_one_find_the_base_and_what_is_needed() -> None:
    file = parse("FROM a AS a\nFROM A\nFROM a:1\n")
    assert base_stage(file, file.stages[0]) is None
    assert base_stage(file, file.stages[1]) is file.stages[0]
    assert base_stage(file, file.stages[2]) is None
    assert needed(file) == {2}
    assert needed(file, file.stages[1]) == {0, 1}
    assert needed(parse("")) == frozenset()
    assert [e.written for s in file.stages for e in stage_edges(file, s)] == [
        "image",
        "name",
        "image",
    ]


NAMES = st.lists(
    st.from_regex(r"[a-z][a-z0-9._-]{0,8}", fullmatch=True).filter(lambda n: n != "scratch"),
    unique=True,
    min_size=1,
    max_size=7,
)
FILLERS = st.lists(
    st.sampled_from(["RUN true", "# COPY --from=0 a b", "", "RUN a \\\n\n# b\n  c", "ENV A=b"]),
    max_size=3,
)


@st.composite
def models(draw: st.DrawFn) -> tuple[str, list[str], list[tuple[str, int, int]]]:
    """A Dockerfile's text, its stages' names, and its edges as kind, origin and stage."""
    names = draw(NAMES)
    lines, edges = [], []
    for index, name in enumerate(names):
        base = draw(st.integers(-1, index - 1))
        lines.append(f"FROM {names[base] if base >= 0 else 'image:1'} AS {name}")
        edges += [("FROM", base, index)] if base >= 0 else []
        for origin in draw(st.lists(st.integers(0, index - 1), max_size=3)) if index else []:
            lines += draw(FILLERS)
            kind = draw(st.sampled_from(["COPY", "INDEX", "MOUNT"]))
            named = names[origin] if draw(st.booleans()) else names[origin].upper()
            lines.append(
                {
                    "COPY": f"COPY --from={named} /a /b",
                    "INDEX": f"COPY --from={origin} /a /b",
                    "MOUNT": f"RUN --mount=type=bind,from={named},target=/m true",
                }[kind]
            )
            edges.append(("RUN --mount" if kind == "MOUNT" else "COPY", origin, index))
    return "\n".join(lines) + "\n", names, edges


@given(models())
def test_a_file_made_from_a_graph_is_read_back_as_that_graph(
    model: tuple[str, list[str], list[tuple[str, int, int]]],
) -> None:
    text, names, edges = model
    graph: StageGraph = stages(text)
    assert [stage.name for stage in graph.stages] == names
    found = [e for e in graph.edges if e.origin_index is not None]
    assert [(e.kind, e.origin_index, e.stage_index) for e in found] == edges
    wanted = {len(names) - 1}
    for _, origin, stage in reversed(edges):
        wanted |= {origin} if stage in wanted else set()
    assert {stage.index for stage in graph.needed} == wanted
    lines = text.split("\n")
    assert all(lines[edge.line - 1].startswith(edge.kind) for edge in found)
