"""The Dockerfiles of tests/data/dockerfiles, with what they mean."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from stagelab.builds import Dockerfile, StageGraph

FOLDER = Path(__file__).parents[2] / "data" / "dockerfiles"
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Case:
    """One Dockerfile; the fields are explained in expected.toml."""

    name: str
    stages: list[str]
    lines: str
    needed: list[int]
    builds: list[str]
    edges: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.Dockerfile"

    @property
    def text(self) -> str:
        return self.path.read_bytes().decode()


CASES = [
    Case(**{**fields, "name": name, "edges": tuple(fields.get("edges", ()))})
    for name, fields in EXPECTED.items()
]


def stage_facts(graph: StageGraph) -> list[str]:
    return [f"{stage.name} = {stage.base} @ {stage.line}" for stage in graph.stages]


def line_facts(file: Dockerfile) -> str:
    spans = [
        (i.keyword, f"{i.line}" if i.line == i.end_line else f"{i.line}-{i.end_line}")
        for i in file.instructions
    ]
    return " ".join(f"{keyword}:{span}" for keyword, span in spans)


def edge_facts(graph: StageGraph) -> tuple[str, ...]:
    found = []
    for edge in (*graph.edges, *graph.refused):
        origin = {
            "name": f"stage {edge.origin_index}",
            "index": f"index {edge.origin_index}",
            "image": f"image {edge.origin}",
            "nothing": f"refused {edge.origin}",
        }[edge.written]
        paths = "".join(f" {path}" for path in edge.paths)
        found.append(f"{edge.kind} {edge.line}: {origin} -> {edge.stage_index}{paths}")
    return tuple(found)
