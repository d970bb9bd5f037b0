"""BuildKit's trace: vertices put together from what the stream said in any order."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.builds.trace import Trace, Vertex, _StatusResponse


def line(*vertexes: dict[str, Any], logs: tuple[tuple[str, bytes], ...] = ()) -> str:
    message = _StatusResponse()
    for fields in vertexes:
        vertex = message.vertexes.add()
        for name, value in fields.items():
            if name in {"started", "completed"}:
                moment = getattr(vertex, name)
                moment.seconds, moment.nanos = int(value), round(value % 1 * 1e9)
                moment.SetInParent()
            elif name == "inputs":
                vertex.inputs.extend(value)
            else:
                setattr(vertex, name, value)
    for digest, text in logs:
        log = message.logs.add()
        log.vertex, log.msg = digest, text
    return base64.b64encode(message.SerializeToString()).decode()


def fed(*lines: str) -> Trace:
    trace = Trace()
    for each in lines:
        trace.feed(each)
    return trace


def test_one_vertex_from_several_messages() -> None:
    trace = fed(
        line({"digest": "a", "name": "[1/2] FROM x", "inputs": ["i"]}),
        line({"digest": "a", "started": 10.25}),
        line({"digest": "a", "started": 10.25, "completed": 12.5, "error": "broke"}),
    )
    vertex = trace.vertices["a"]
    assert (vertex.name, vertex.inputs, vertex.error) == ("[1/2] FROM x", ("i",), "broke")
    assert (vertex.started, vertex.completed) == (10.25, 12.5)


def test_a_vertex_lasts_from_its_first_start_to_its_last_end() -> None:
    vertex = fed(
        line({"digest": "a", "started": 10.0, "completed": 10.5}),
        line({"digest": "a", "started": 12.0, "completed": 13.0}),
        line({"digest": "a", "started": 9.0}),
    ).vertices["a"]
    assert (vertex.started, vertex.completed) == (9.0, 13.0)


def test_a_moment_at_zero_is_a_moment_and_none_is_none() -> None:
    vertices = fed(line({"digest": "a", "started": 0.0}, {"digest": "b"})).vertices
    assert vertices["a"].started == 0.0
    assert vertices["b"].started is None
    assert vertices["b"].completed is None


MESSAGES = st.permutations(
    [
        {"digest": "a", "name": "n", "inputs": ["i", "j"]},
        {"digest": "a", "started": 5.0},
        {"digest": "a", "started": 3.0, "completed": 4.0},
        {"digest": "a", "completed": 9.0},
        {"digest": "a", "cached": True},
        {"digest": "a"},
    ]
)


@given(MESSAGES)
def test_the_order_of_messages_does_not_matter(messages: list[dict[str, Any]]) -> None:
    vertex = fed(*(line(message) for message in messages)).vertices["a"]
    assert vertex == Vertex("a", "n", ("i", "j"), cached=True, started=3.0, completed=9.0)


def test_logs_belong_to_vertices_even_before_these_are_known() -> None:
    trace = Trace()
    update = trace.feed(line(logs=(("a", b"one\n"), ("b", b"\xff"))))
    assert update.logs == (("a", "one\n"), ("b", "�"))
    trace.feed(line({"digest": "a", "name": "n"}, logs=(("a", b"two"),)))
    assert str(trace.vertices["a"].log) == "one\ntwo"
    assert list(trace.vertices) == ["a", "b"]


def test_an_update_names_the_vertices_that_it_touched() -> None:
    trace = fed(line({"digest": "a", "name": "n"}, {"digest": "b"}))
    (touched,) = trace.feed(line({"digest": "a", "started": 1.0})).vertices
    assert touched is trace.vertices["a"]


@pytest.mark.parametrize(
    ("vertex", "from_cache"),
    [
        (Vertex("a", cached=True, started=1.0, completed=9.0), True),
        (Vertex("a", started=1.0, completed=1.0001), True),
        (Vertex("a", started=1.0, completed=1.002), False),
        (Vertex("a", started=1.0, completed=1.0001, log=["x"]), False),
        (Vertex("a", started=1.0, completed=1.0001, error="x"), False),
        (Vertex("a", started=1.0), False),
        (Vertex("a"), False),
    ],
)
def test_what_counts_as_cached(vertex: Vertex, from_cache: bool) -> None:
    assert vertex.from_cache is from_cache
